#include "plugins/resp_kv/session.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "plugins/resp_kv/reply.h"

namespace cluster::resp_kv {

Session::Session(Owner& owner,
                 Dispatcher& dispatcher,
                 uint64_t max_output_bytes,
                 sdk::Connection connection)
    : owner_(owner),
      dispatcher_(dispatcher),
      max_output_bytes_(max_output_bytes),
      connection_(std::move(connection)),
      answers_([this] {
        // Serve() takes by itself what comes while it runs.
        if (serving_ || std::exchange(flush_due_, true)) return;
        owner_.OnAnswers(*this);
      }) {
  client_.id = connection_.id();
}

sdk::Status Session::Start(const sdk::Host& host) {
  const int on = 1;  // fails on a Unix socket, which has no need of it
  setsockopt(connection_.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  events_ = CLUSTER_READABLE;
  auto watch = host.StartWatch(
      connection_,
      events_,
      [this](uint32_t events) { OnReady(events); },
      [this] { End(); });
  if (!watch.ok()) return watch.status();
  watch_ = *std::move(watch);
  return sdk::Status();
}

void Session::OnReady(uint32_t events) {
  const bool reads = (events_ & CLUSTER_READABLE) != 0;
  if ((events & CLUSTER_HANGUP) != 0 && !reads) return End();
  if (reads && (events & ~CLUSTER_WRITABLE) != 0 && !Read()) return End();
  Serve();
}

void Session::Flush() {
  flush_due_ = false;
  if (!ended_) Serve();
}

void Session::Drain(bool at_once) {
  draining_ = true;
  if (at_once) fresh_ = false;
  Flush();
}

// Returns false if the connection is broken.
bool Session::Read() {
  std::array<char, kReadBytes> bytes;
  const ssize_t n = recv(connection_.fd(), bytes.data(), bytes.size(), 0);
  if (n > 0) {
    parser_.Feed(std::string_view(bytes.data(), static_cast<size_t>(n)));
    starved_ = false;
  } else if (n == 0) {
    peer_done_ = true;
  } else if (errno != EAGAIN && errno != EINTR) {
    return false;
  }
  return true;
}

// Answers and sends for as long as either makes room for the other.
bool Session::ServeAll() {
  do {
    ServeBuffered();
    answers_.TakeReady(kMaxUnsentBytes + sent_, &output_);
    if (unsent() + answers_.reply_bytes() > max_output_bytes_) return false;
    if (!Send()) return false;
  } while ((answers_.ready() && unsent() < kMaxUnsentBytes) ||
           (!starved_ && HasRoom()));
  return true;
}

void Session::Serve() {
  serving_ = true;
  const bool well = ServeAll();
  serving_ = false;
  if (!well) return End();
  const bool finished = (client_.leaving || (peer_done_ && starved_)) &&
                        answers_.empty() && unsent() == 0;
  if (finished || (draining_ && IsIdle())) return End();
  Watch();
}

void Session::ServeBuffered() {
  std::vector<std::string_view> request;
  while (HasRoom() && !starved_ && !client_.leaving) {
    switch (parser_.Next(&request)) {
      case RequestParser::Outcome::kNeedMore:
        starved_ = true;
        break;
      case RequestParser::Outcome::kRequest:
        fresh_ = false;
        dispatcher_.Dispatch(request, client_, answers_, &output_);
        break;
      case RequestParser::Outcome::kError: {
        std::string reply;
        AppendError("ERR " + parser_.error(), &reply);
        answers_.Add(&GatherOne, 1, 0)->Fill(0, reply);
        client_.leaving = true;
        break;
      }
    }
  }
  if (client_.leaving) starved_ = true;
}

// Returns false if the connection is broken.
bool Session::Send() {
  while (unsent() > 0) {
    const ssize_t n =
        send(connection_.fd(), output_.data() + sent_, unsent(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno == EAGAIN;
    sent_ += static_cast<size_t>(n);
  }
  output_.clear();
  if (output_.capacity() > kMaxUnsentBytes) output_ = std::string();
  sent_ = 0;
  return true;
}

bool Session::HasRoom() const {
  return unsent() < kMaxUnsentBytes && answers_.size() < kMaxUnanswered &&
         answers_.request_bytes() < kMaxRequestBytes;
}

// A request that has arrived but is not read yet counts as running.
bool Session::IsIdle() const {
  if (fresh_ || !answers_.empty() || unsent() > 0) return false;
  if (parser_.buffered_bytes() > 0) return false;
  int waiting = 0;
  return ioctl(connection_.fd(), FIONREAD, &waiting) != 0 || waiting == 0;
}

void Session::Watch() {
  const bool reads = starved_ && !peer_done_ && !client_.leaving && HasRoom();
  const uint32_t events =
      (reads ? CLUSTER_READABLE : 0u) | (unsent() > 0 ? CLUSTER_WRITABLE : 0u);
  if (events == events_) return;
  events_ = events;
  if (!watch_.Modify(events).ok()) End();
}

void Session::End() {
  if (ended_) return;
  ended_ = true;
  watch_.Stop();
  connection_.Close();
  owner_.OnEnd(*this);
}

}  // namespace cluster::resp_kv
