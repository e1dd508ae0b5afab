#include "tools/plugin_check/probe/stage.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/plugin_check/probe/connection_table.h"
#include "tools/plugin_check/probe/finding.h"
#include "tools/plugin_check/probe/loop_tables.h"
#include "tools/plugin_check/probe/reporter.h"

namespace cluster {
namespace {

using std::chrono::milliseconds;

constexpr absl::string_view kRequest = "GET / HTTP/1.1\r\nHost: probe\r\n\r\n";
constexpr size_t kFloodBytes = 4 << 20;
constexpr milliseconds kQuiet{50};
constexpr milliseconds kSilentAnswerWait{10};
constexpr int kTick = 1;  // ms

bool WaitFor(int fd, short events, milliseconds limit) {
  pollfd ready = {fd, events, 0};
  return poll(&ready, 1, static_cast<int>(limit.count())) > 0;
}

void MakeNonBlocking(int fd) { fcntl(fd, F_SETFL, O_NONBLOCK); }

UniqueFd ListenOnLoopback() {
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) !=
          0 ||
      listen(fd.get(), 16) != 0) {
    return UniqueFd();
  }
  return fd;
}

UniqueFd ConnectTo(int listener) {
  sockaddr_in address = {};
  socklen_t size = sizeof(address);
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0) {
    return UniqueFd();
  }
  return fd;
}

}  // namespace

Stage::Stage(ProbeHost& host, milliseconds patience)
    : host_(host), patience_(patience), listener_(ListenOnLoopback()) {}

UniqueFd Stage::Connect() {
  UniqueFd peer = host_.fake().Connect();
  MakeNonBlocking(peer.get());
  return peer;
}

// Where there is no loopback interface a Unix socket has to do.
UniqueFd Stage::ConnectTcp() {
  UniqueFd peer = listener_ ? ConnectTo(listener_.get()) : UniqueFd();
  if (!peer) return Connect();
  MakeNonBlocking(peer.get());
  host_.fake().Give(
      UniqueFd(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)),
      CLUSTER_FAMILY_IPV4);
  return peer;
}

void Stage::GiveAbandoned() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0) {
    UniqueFd(ends[0]).Reset();
    host_.fake().Give(UniqueFd(ends[1]));
  }
  UniqueFd peer = listener_ ? ConnectTo(listener_.get()) : UniqueFd();
  if (!peer) return;
  UniqueFd accepted(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  peer.Reset();
  host_.fake().Give(std::move(accepted), CLUSTER_FAMILY_IPV4);
}

void Stage::Talk(int fd) {
  [[maybe_unused]] const ssize_t sent =
      send(fd, kRequest.data(), kRequest.size(), MSG_NOSIGNAL);
  if (WaitFor(fd, POLLIN, answer_wait_)) {
    // What is left unread at the end would be a reset.
    char answer[16 << 10];
    [[maybe_unused]] const ssize_t n = recv(fd, answer, sizeof(answer), 0);
    return;
  }
  // It is of those that do not answer this; the next does not wait.
  answer_wait_ = kSilentAnswerWait;
}

void Stage::Flood(int fd) {
  std::string requests;
  while (requests.size() < (64 << 10)) absl::StrAppend(&requests, kRequest);
  for (size_t sent = 0; sent < kFloodBytes;) {
    const ssize_t n = send(fd, requests.data(), requests.size(), MSG_NOSIGNAL);
    if (n > 0) sent += n;
    if (n < 0 && errno != EAGAIN) break;
    if (n < 0 && !WaitFor(fd, POLLOUT, kQuiet)) break;
  }
  ReadAll(fd);
}

bool Stage::ReadAll(int fd) {
  char bytes[16 << 10];
  while (WaitFor(fd, POLLIN, kQuiet)) {
    const ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
    if (n == 0 || (n < 0 && errno != EAGAIN)) return true;
  }
  return false;
}

void Stage::ResetPeer(UniqueFd fd) {
  const linger at_once = {1, 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

bool Stage::Await(milliseconds limit, std::function<bool()> holds) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (;;) {
    bool held = false;
    host_.fake().OnLoop([&] { held = holds(); });
    if (held || host_.loop_ended_early()) return true;
    if (std::chrono::steady_clock::now() > deadline) return false;
    poll(nullptr, 0, kTick);
  }
}

bool Stage::AwaitEnded(absl::string_view when) {
  size_t waiting = 0;
  if (Await(patience_, [&] {
        waiting = host_.fake().acceptor().waiting();
        return waiting == 0 && OpenConnections() == 0;
      })) {
    return true;
  }
  if (waiting > 0) {
    Reporter::Get().Found(
        Finding::kConnectionOpen,
        absl::StrCat(waiting,
                     " connections had not been taken from a listener that "
                     "was taken over ",
                     patience_.count(),
                     " ms ",
                     when));
    return false;
  }
  Reporter::Get().Found(Finding::kConnectionOpen,
                        absl::StrCat(OpenConnections(),
                                     " of ",
                                     GivenConnections(),
                                     " connections were open ",
                                     patience_.count(),
                                     " ms ",
                                     when));
  return false;
}

Held Stage::Look() {
  Held held;
  host_.fake().OnLoop([&] {
    held.process = ProcessSnapshot::Take();
    held.watches = LiveWatches();
    held.timers = LiveTimers();
  });
  return held;
}

}  // namespace cluster
