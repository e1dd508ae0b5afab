#include "plugins/dns/tcp_session.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "plugins/dns/wire_numbers.h"

namespace cluster::dns {
namespace {

constexpr size_t kLengthBytes = 2;
constexpr size_t kReadBytes = 16 << 10;
// Answers that a client has not read beyond this stop its questions.
constexpr size_t kMaxUnsentBytes = 64 << 10;

}  // namespace

sdk::Status TcpSession::Start(const sdk::Host& host,
                              std::function<void()> ended) {
  ended_ = std::move(ended);
  auto watch = host.StartWatch(
      connection_, events_, [this](uint32_t e) { OnReady(e); }, ended_);
  if (!watch.ok()) return watch.status();
  watch_ = *std::move(watch);
  return {};
}

bool TcpSession::Drain() {
  reads_ = false;
  if (unsent() == 0) return true;
  UpdateWatch();
  return false;
}

bool TcpSession::IsIdle() { return !std::exchange(active_, false); }

void TcpSession::OnReady(uint32_t events) {
  active_ = true;
  bool fine = (events & CLUSTER_HANGUP) == 0;
  if (fine && reads_ && unsent() < kMaxUnsentBytes) fine = Read();
  fine = fine && AnswerAll() && Write();
  if (fine && (reads_ || unsent() > 0)) return UpdateWatch();
  // A copy: the call destroys this session.
  const std::function<void()> ended = ended_;
  ended();
}

bool TcpSession::Read() {
  const size_t before = in_.size();
  in_.resize(before + kReadBytes);
  const ssize_t count =
      recv(connection_.fd(), in_.data() + before, kReadBytes, MSG_DONTWAIT);
  const int error = errno;
  in_.resize(before + static_cast<size_t>(count > 0 ? count : 0));
  if (count == 0) reads_ = false;
  return count >= 0 || error == EAGAIN || error == EINTR;
}

bool TcpSession::AnswerAll() {
  size_t at = 0;
  while (in_.size() - at >= kLengthBytes && unsent() < kMaxUnsentBytes) {
    const size_t length = LoadUint16(in_, at);
    if (in_.size() - at - kLengthBytes < length) break;
    const std::string_view message =
        std::string_view(in_).substr(at + kLengthBytes, length);
    const size_t start = out_.size();
    out_.append(kLengthBytes, '\0');
    if (!responder_.Answer(message, Responder::Transport::kTcp, &out_)) {
      return false;
    }
    StoreUint16(static_cast<uint16_t>(out_.size() - start - kLengthBytes),
                start,
                &out_);
    at += kLengthBytes + length;
  }
  in_.erase(0, at);
  return true;
}

bool TcpSession::Write() {
  while (unsent() > 0) {
    const ssize_t count = send(connection_.fd(),
                               out_.data() + sent_,
                               unsent(),
                               MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    sent_ += static_cast<size_t>(count);
    if (unsent() > 0) continue;
    out_.clear();
    sent_ = 0;
    // Questions that had to wait for room.
    if (!AnswerAll()) return false;
  }
  return true;
}

void TcpSession::UpdateWatch() {
  const bool reads = reads_ && unsent() < kMaxUnsentBytes;
  const uint32_t events =
      (reads ? CLUSTER_READABLE : 0u) | (unsent() > 0 ? CLUSTER_WRITABLE : 0u);
  if (events == events_) return;
  events_ = events;
  static_cast<void>(watch_.Modify(events));
}

}  // namespace cluster::dns
