#include "tools/plugin_check/probe/process_snapshot.h"

#include <dirent.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace cluster {
namespace {

std::vector<int> NumbersIn(const char* path) {
  std::vector<int> numbers;
  DIR* folder = opendir(path);
  if (folder == nullptr) return numbers;
  while (const dirent* entry = readdir(folder)) {
    if (entry->d_name[0] == '.') continue;
    const int number = std::atoi(entry->d_name);
    if (number != dirfd(folder)) numbers.push_back(number);
  }
  closedir(folder);
  return numbers;
}

std::string TargetOf(int fd) {
  char target[128] = "";
  const std::string path = absl::StrCat("/proc/self/fd/", fd);
  const ssize_t size = readlink(path.c_str(), target, sizeof(target) - 1);
  return size > 0 ? std::string(target, size) : std::string("closed");
}

std::string SignalName(int signal) {
  const char* name = sigabbrev_np(signal);
  return name != nullptr ? absl::StrCat("SIG", name)
                         : absl::StrCat("signal ", signal);
}

}  // namespace

ProcessSnapshot ProcessSnapshot::Take() {
  ProcessSnapshot taken;
  for (const int fd : NumbersIn("/proc/self/fd")) {
    taken.descriptors[fd] = TargetOf(fd);
  }
  taken.threads = NumbersIn("/proc/self/task").size();
  return taken;
}

std::vector<std::string> NewDescriptors(const ProcessSnapshot& before,
                                        const ProcessSnapshot& after) {
  std::vector<std::string> fresh;
  for (const auto& [fd, target] : after.descriptors) {
    const auto at = before.descriptors.find(fd);
    if (at != before.descriptors.end() && at->second == target) continue;
    fresh.push_back(absl::StrCat("descriptor ", fd, " (", target, ")"));
  }
  return fresh;
}

SignalSnapshot SignalSnapshot::Take() {
  SignalSnapshot taken;
  sigset_t blocked;
  sigemptyset(&blocked);
  pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
  for (int signal = 1; signal < NSIG; ++signal) {
    struct sigaction action = {};
    if (sigaction(signal, nullptr, &action) != 0) continue;
    taken.handlers[signal] = reinterpret_cast<const void*>(action.sa_handler);
    if (sigismember(&blocked, signal) == 1) taken.blocked.push_back(signal);
  }
  return taken;
}

std::vector<std::string> ChangedSignals(const SignalSnapshot& before,
                                        const SignalSnapshot& after) {
  std::vector<std::string> changes;
  for (const auto& [signal, handler] : after.handlers) {
    const auto at = before.handlers.find(signal);
    if (at != before.handlers.end() && at->second == handler) continue;
    changes.push_back(absl::StrCat(SignalName(signal), " has another handler"));
  }
  const auto blocked_in = [](const SignalSnapshot& snapshot, int signal) {
    return std::count(snapshot.blocked.begin(), snapshot.blocked.end(), signal);
  };
  for (int signal = 1; signal < NSIG; ++signal) {
    if (blocked_in(before, signal) == blocked_in(after, signal)) continue;
    changes.push_back(absl::StrCat(
        SignalName(signal),
        blocked_in(after, signal) > 0 ? " is blocked" : " is not blocked"));
  }
  return changes;
}

}  // namespace cluster
