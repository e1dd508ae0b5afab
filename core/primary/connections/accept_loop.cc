#include "core/primary/connections/accept_loop.h"

#include <sys/socket.h>

#include <cerrno>
#include <chrono>

#include "core/base/errno_status.h"
#include "core/base/monotonic_clock.h"
#include "core/control/socket_address.h"
#include "ipc/accept_error.h"

namespace cluster {
namespace {

// A round ends here, so that one busy listener does not starve the rest.
constexpr size_t kMaxAcceptsPerRound = 512;
// Rounds in which a listener that closes takes what the kernel holds; more than
// a backlog, and an end where clients keep coming.
constexpr size_t kMaxClosingRounds = 128;
// Out of descriptors, or of watches: those that wait in the backlog are asked
// for again after this.
constexpr int64_t kPauseNs = 10'000'000;

// Trouble that lasts is told once in this time.
constexpr int64_t kTellNs = 1'000'000'000;

}  // namespace

AcceptLoop::AcceptLoop(boost::asio::io_context& io,
                       UniqueFd listener,
                       Dispatcher& dispatcher,
                       Ledger& ledger,
                       uint64_t& next_id,
                       Gathering gathering,
                       std::function<void()> after_round)
    : io_(io),
      listener_(std::move(listener)),
      dispatcher_(dispatcher),
      ledger_(ledger),
      next_id_(next_id),
      gathering_(gathering),
      after_round_(std::move(after_round)),
      alarm_(io) {}

void AcceptLoop::Start() { Wait(State::kReadable); }

void AcceptLoop::Wait(State state) {
  state_ = state;
  if (state != State::kReadable) {
    // Out of epoll: otherwise each connection that arrives would wake the
    // thread for nothing.
    watch_.reset();
    return;
  }
  if (watch_ == nullptr) {
    auto watch = FdWatch::Create(io_, listener_.get());
    if (!watch.ok()) {
      TellTrouble(watch.status());
      return After(kPauseNs, State::kPaused);
    }
    watch_ = *std::move(watch);
  }
  watch_->OnReadable([this] { OnReadable(); });
}

void AcceptLoop::After(int64_t delay_ns, State state) {
  Wait(state);
  alarm_.Set(std::chrono::nanoseconds(delay_ns), [this] { Round(); });
}

void AcceptLoop::OnReadable() {
  if (gathering_.delay_ns() > 0) {
    After(gathering_.delay_ns(), State::kGathering);
  } else {
    Round();
  }
}

void AcceptLoop::Round() {
  const int64_t now_ns = MonotonicNs();
  dispatcher_.Begin(now_ns);
  int error = 0;
  const size_t accepted = AcceptAll(now_ns, &error);
  dispatcher_.End();
  gathering_.Record(
      now_ns, accepted, gathering_.WantsCpuTime(now_ns) ? ThreadCpuNs() : 0);
  if (error != 0 && error != EAGAIN) {
    TellTrouble(ErrnoStatus(error, "accept4"));
    After(kPauseNs, State::kPaused);
  } else if (error == 0 && !dispatcher_.has_room()) {
    Wait(State::kNoRoom);
  } else if (gathering_.expects_more()) {
    After(gathering_.Wait(MonotonicNs()), State::kGathering);
  } else if (state_ != State::kReadable) {
    Wait(State::kReadable);
  }
  after_round_();
}

void AcceptLoop::TellTrouble(const absl::Status& status) {
  const int64_t now_ns = MonotonicNs();
  if (!on_trouble_ || now_ns - trouble_told_ns_ < kTellNs) return;
  trouble_told_ns_ = now_ns;
  on_trouble_(status);
}

size_t AcceptLoop::AcceptAll(int64_t now_ns, int* error) {
  size_t accepted = 0;
  int failed = 0;
  for (size_t i = 0; i < kMaxAcceptsPerRound && dispatcher_.has_room(); ++i) {
    sockaddr_storage peer;
    socklen_t length = sizeof(peer);
    UniqueFd fd(accept4(listener_.get(),
                        reinterpret_cast<sockaddr*>(&peer),
                        &length,
                        SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) {
      if (IsOfTheConnection(errno)) {
        failed = errno;
        continue;
      }
      *error = errno;
      return accepted;
    }
    ++accepted;
    ledger_.Accepted(1);
    dispatcher_.Dispatch({.fd = std::move(fd),
                          .id = next_id_++,
                          .accepted_ns = now_ns,
                          .peer = ToSocketAddress(peer, length)});
  }
  // All of so many: no connection's fault.
  if (accepted == 0) *error = failed;
  return accepted;
}

void AcceptLoop::Resume() {
  if (state_ == State::kNoRoom) Round();
}

void AcceptLoop::Close() {
  if (state_ == State::kStopped) return;
  int error = 0;
  for (size_t round = 0;
       error == 0 && dispatcher_.has_room() && round < kMaxClosingRounds;
       ++round) {
    const int64_t now_ns = MonotonicNs();
    dispatcher_.Begin(now_ns);
    AcceptAll(now_ns, &error);
    dispatcher_.End();
  }
  // What is left there is reset.
  if (error != 0 && error != EAGAIN) TellTrouble(ErrnoStatus(error, "accept4"));
  watch_.reset();
  alarm_.Cancel();
  listener_.Reset();
  state_ = State::kStopped;
}

}  // namespace cluster
