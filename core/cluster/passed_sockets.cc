#include "core/cluster/passed_sockets.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <optional>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace cluster {
namespace {

constexpr int kFirstFd = 3;  // SD_LISTEN_FDS_START
constexpr int kMost = 1024;

// The value of a variable, which is then gone.
std::optional<std::string> TakeVariable(const char* name) {
  const char* value = getenv(name);
  if (value == nullptr) return std::nullopt;
  std::string taken = value;
  unsetenv(name);
  return taken;
}

absl::Status Nonsense(const char* name,
                      const std::string& value,
                      const std::string& why) {
  return absl::InvalidArgumentError(absl::StrCat(name, "=", value, ": ", why));
}

}  // namespace

absl::StatusOr<std::vector<PassedSocket>> TakePassedSockets() {
  const std::optional<std::string> count_text = TakeVariable("LISTEN_FDS");
  const std::optional<std::string> pid_text = TakeVariable("LISTEN_PID");
  const std::optional<std::string> names_text = TakeVariable("LISTEN_FDNAMES");
  std::vector<PassedSocket> passed;
  if (!count_text || !pid_text) return passed;
  int pid = 0;
  if (!absl::SimpleAtoi(*pid_text, &pid)) {
    return Nonsense("LISTEN_PID", *pid_text, "must be a number");
  }
  // A parent's, which did not clean up.
  if (pid != getpid()) return passed;
  int count = 0;
  if (!absl::SimpleAtoi(*count_text, &count) || count < 0 || count > kMost) {
    return Nonsense("LISTEN_FDS",
                    *count_text,
                    absl::StrCat("must be a number from 0 to ", kMost));
  }
  std::vector<std::string> names(count, "unknown");
  if (names_text.has_value()) {
    names = absl::StrSplit(*names_text, ':');
    if (names.size() != static_cast<size_t>(count)) {
      return Nonsense("LISTEN_FDNAMES",
                      *names_text,
                      absl::StrCat("must have ", count, " names"));
    }
  }
  for (int i = 0; i < count; ++i) {
    const int fd = kFirstFd + i;
    const int flags = fcntl(fd, F_GETFD);
    if (flags < 0 || fcntl(fd, F_SETFD, flags | FD_CLOEXEC) != 0) {
      return Nonsense(
          "LISTEN_FDS", *count_text, absl::StrCat(fd, " is not open"));
    }
    passed.push_back({.fd = fd, .name = names[i]});
  }
  return passed;
}

absl::StatusOr<std::vector<std::string>> NamePassedSockets(
    const std::vector<std::string>& addresses,
    const std::vector<PassedSocket>& passed) {
  std::vector<std::string> named;
  for (const std::string& address : addresses) {
    absl::string_view name = address;
    const bool of_name = absl::ConsumePrefix(&name, "systemd:");
    if (!of_name && address != "systemd") {
      named.push_back(address);
      continue;
    }
    const size_t before = named.size();
    for (const PassedSocket& socket : passed) {
      if (of_name && socket.name != name) continue;
      named.push_back(absl::StrCat("fd:", socket.fd));
    }
    if (named.size() > before) continue;
    if (passed.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(address,
                       ": systemd passed no sockets; start it by a socket "
                       "unit (LISTEN_FDS is not set for this process)"));
    }
    return absl::InvalidArgumentError(absl::StrCat(
        address,
        ": systemd passed no socket of that name, but: ",
        absl::StrJoin(passed, ", ", [](std::string* out, const auto& socket) {
          absl::StrAppend(out, socket.name);
        })));
  }
  return named;
}

}  // namespace cluster
