#include "plugins/static_files/session.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace cluster::static_files {
namespace {

constexpr int kRequestTimeout = 408;

bool HasUnread(int fd) {
  int size = 0;
  return ioctl(fd, FIONREAD, &size) == 0 && size > 0;
}

// What is sent waits for more, so that the connection's end goes with the last
// bytes: two segments less. A Unix socket has no such option.
void Cork(int socket) {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_CORK, &on, sizeof(on));
}

}  // namespace

Session::Session(const SessionContext& context, sdk::Connection connection)
    : context_(context),
      connection_(std::move(connection)),
      since_s_(context.now_s) {
  // The end of a file shall not wait for an acknowledgement. A Unix socket has
  // no such option, and no need of it.
  const int on = 1;
  setsockopt(connection_.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

sdk::Status Session::Start(const sdk::Host& host,
                           sdk::Watch::Ready ready,
                           std::function<void()> lost) {
  sdk::Result<sdk::Watch> watch =
      host.StartWatch(connection_, events_, std::move(ready), std::move(lost));
  if (!watch.ok()) return watch.status();
  watch_ = *std::move(watch);
  return {};
}

bool Session::OnReady() {
  if (state_ == State::kLingering) return Linger();
  // Waiting to write is also how a session lets others go first.
  return events_ == CLUSTER_WRITABLE ? Serve() : Read();
}

bool Session::OnSecond() {
  if (context_.draining && !fresh_ && idle()) return false;
  if (!overdue()) return true;
  if (state_ != State::kReading || !reader_.started()) return false;
  more_may_come_ = true;
  StartSending(context_.responder.Refuse(kRequestTimeout));
  return Serve();
}

bool Session::Read() {
  char bytes[kReadBytes];
  const ssize_t size = recv(connection_.fd(), bytes, sizeof(bytes), 0);
  if (size < 0) return errno == EAGAIN || errno == EINTR;
  if (size == 0) return false;
  unread_.append(bytes, size);
  return Serve();
}

bool Session::Serve() {
  for (int i = 0; i < kRequestsPerTurn; ++i) {
    if (state_ == State::kReading && !Prepare()) {
      return WaitFor(CLUSTER_READABLE);
    }
    const uint64_t sent_before = out_.sent_bytes();
    const Transmission::State sent = out_.Send(connection_.fd());
    if (sent == Transmission::State::kFailed) return false;
    if (out_.sent_bytes() > sent_before) since_s_ = context_.now_s;
    if (sent == Transmission::State::kMore) return WaitFor(CLUSTER_WRITABLE);
    if (out_.ends_connection()) return End();
    state_ = State::kReading;
    // Draining started after the answer's head was sent.
    if (context_.draining && idle()) return false;
  }
  return WaitFor(CLUSTER_WRITABLE);
}

bool Session::Prepare() {
  const bool started_before = reader_.started();
  size_t used = 0;
  const RequestReader::State state = reader_.Read(unread_, &used);
  unread_.erase(0, used);
  switch (state) {
    case RequestReader::State::kNeedsMore:
      if (!started_before && reader_.started()) since_s_ = context_.now_s;
      return false;
    case RequestReader::State::kRefused:
      more_may_come_ = true;
      StartSending(context_.responder.Refuse(reader_.refusal()));
      return true;
    case RequestReader::State::kComplete:
      break;
  }
  const Request& request = reader_.request();
  more_may_come_ = request.keep_alive || request.has_unread_body;
  StartSending(context_.responder.Answer(request, context_.draining));
  reader_.Reset();
  return true;
}

void Session::StartSending(Response response) {
  state_ = State::kSending;
  since_s_ = context_.now_s;
  fresh_ = false;
  out_ = Transmission(std::move(response));
  if (out_.ends_connection()) Cork(connection_.fd());
}

// The last answer is sent. RFC 9112, 9.6: bytes left unread at close(2) become
// a reset, which may destroy the answer before the peer has read it. So its end
// is awaited, for some bytes and some time.
bool Session::End() {
  if (!more_may_come_ && !HasUnread(connection_.fd())) return false;
  state_ = State::kLingering;
  since_s_ = context_.now_s;
  unread_ = std::string();
  shutdown(connection_.fd(), SHUT_WR);
  return WaitFor(CLUSTER_READABLE);
}

bool Session::Linger() {
  char bytes[kReadBytes];
  const ssize_t size = recv(connection_.fd(), bytes, sizeof(bytes), 0);
  if (size < 0) return errno == EAGAIN || errno == EINTR;
  lingered_bytes_ += size;
  return size > 0 && lingered_bytes_ <= kMaxLingerBytes;
}

bool Session::WaitFor(uint32_t events) {
  if (events == events_) return true;
  events_ = events;
  return watch_.Modify(events).ok();
}

// A request that has arrived and is not read yet counts as running.
bool Session::idle() const {
  return state_ == State::kReading && unread_.empty() && !reader_.started() &&
         !HasUnread(connection_.fd());
}

// The first second counted may be shorter than a second: hence more than.
bool Session::overdue() const {
  const uint64_t age_s = context_.now_s - since_s_;
  switch (state_) {
    case State::kLingering:
      return age_s > kLingerSeconds;
    case State::kSending:
      return age_s > context_.send_timeout_s;
    case State::kReading:
      break;
  }
  if (context_.draining && age_s > kFirstRequestSeconds && idle()) return true;
  return age_s > (fresh_ || reader_.started() ? context_.header_timeout_s
                                              : context_.keepalive_timeout_s);
}

}  // namespace cluster::static_files
