// HttpSession: one HTTP/1.x connection, from its first byte to its end.
//
// `Stream` is the connection: `socket()` returns an Asio stream socket, Close()
// ends it whatever waits on it, and so does the destructor. That is all that
// differs between the plugin and a program that accepts by itself.
//
// Requests are answered in the order they came; the answers to all that arrived
// together leave in one write. Nothing is read while an answer waits to be
// sent. Nothing is allocated for a request.
//
// Thread safety: none; everything runs in the socket's io_context.
// Lifetime: exactly one operation is pending at any time, and owns the session;
// when it is not renewed, the session ends. The server must outlive it.
//
//   HttpSession<Stream>::Start(server, std::move(stream));
#ifndef PLUGINS_HELLO_HTTP_HTTP_SESSION_H_
#define PLUGINS_HELLO_HTTP_HTTP_SESSION_H_

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "plugins/hello_http/request_parser.h"
#include "plugins/hello_http/responses.h"
#include "plugins/hello_http/session_list.h"

namespace cluster::hello_http {

template <typename Stream>
class HttpSession final : public Session {
 public:
  // Serves `stream` until its end. `responses` and `sessions` outlive it.
  static void Start(const Responses& responses,
                    SessionList& sessions,
                    Stream stream) {
    std::unique_ptr<HttpSession> self(
        new HttpSession(responses, sessions, std::move(stream)));
    auto& socket = self->stream_.socket();
    Error error;
    // A Unix socket has no such option, and no need of it.
    socket.set_option(boost::asio::ip::tcp::no_delay(true), error);
    // So that write_some returns in place of waiting.
    socket.non_blocking(true, error);
    if (!error) Read(std::move(self));
  }

  ~HttpSession() override = default;

  void Close() override { stream_.Close(); }

  // A request that has arrived but is not read yet counts as running.
  bool idle() override {
    if (busy_ || lingering_ || parser_->got_some()) return false;
    Error error;
    return stream_.socket().available(error) == 0;
  }

  bool lingering() const override { return lingering_; }

 private:
  using Self = std::unique_ptr<HttpSession>;
  using Error = boost::system::error_code;

  static constexpr size_t kFirstReadBytes = 2 << 10;
  static constexpr size_t kMaxReadBytes = 16 << 10;
  static constexpr size_t kMaxUnsentBytes = 64 << 10;
  static constexpr size_t kMaxLingerBytes = 64 << 10;

  HttpSession(const Responses& responses, SessionList& sessions, Stream stream)
      : Session(sessions),
        responses_(responses),
        sessions_(sessions),
        stream_(std::move(stream)),
        buffer_(kMaxReadBytes) {
    buffer_.reserve(kFirstReadBytes);
    parser_.emplace();
  }

  static void Read(Self self) {
    HttpSession& session = *self;
    const auto room = session.buffer_.prepare(session.ReadSize());
    session.stream_.socket().async_read_some(
        room, [self = std::move(self)](Error error, size_t size) mutable {
          HttpSession& session = *self;
          if (error) return;  // the peer's end, or ours
          session.buffer_.commit(size);
          Serve(std::move(self));
        });
  }

  // What is left of the buffer; more room only when a header fills it.
  size_t ReadSize() const {
    const size_t room = buffer_.capacity() - buffer_.size();
    if (room > 0) return room;
    return std::min(buffer_.size(), kMaxReadBytes - buffer_.size());
  }

  // Answers what has arrived, then waits for more. A write is tried at once,
  // which nearly always does, and saves a turn of the loop. The connection's
  // end goes with the last one: two segments less.
  static void Serve(Self self) {
    HttpSession& session = *self;
    for (;;) {
      session.ParseAll();
      session.busy_ = !session.out_.empty();
      if (!session.busy_) return Read(std::move(self));
      Error error;
      const size_t size =
          session.stream_.socket().send(boost::asio::buffer(session.out_),
                                        session.ending_ ? MSG_MORE : 0,
                                        error);
      if (error && error != boost::asio::error::would_block) return;
      if (size < session.out_.size()) return WriteRest(std::move(self), size);
      session.out_.clear();
      if (session.ending_) return End(std::move(self));
    }
  }

  // Appends the answers to what is in the buffer, up to a limit.
  void ParseAll() {
    while (buffer_.size() > 0 && !ending_ && out_.size() < kMaxUnsentBytes) {
      Error error;
      buffer_.consume(parser_->put(buffer_.data(), error));
      if (error == boost::beast::http::error::need_more) {
        if (buffer_.size() < kMaxReadBytes) return;
        error = boost::beast::http::error::bad_chunk_extension;
      }
      if (error) {
        Refuse(error);
      } else if (parser_->is_done()) {
        Answer();
      }
    }
  }

  void Answer() {
    const bool keep = parser_->keep_alive();
    Ending ending = parser_->is_http11() ? Ending::kKeep : Ending::kKeep10;
    if (!keep || sessions_.draining()) {
      ending = Ending::kClose;
      ending_ = true;
      more_may_come_ = keep;
    }
    out_ += responses_.Get(parser_->route(), ending, parser_->is_head());
    parser_.emplace();
    sessions_.Touch(*this);
  }

  void Refuse(Error error) {
    ending_ = true;
    more_may_come_ = true;
    out_ += responses_.Refusal(RequestParser::StatusFor(error));
    sessions_.Touch(*this);
  }

  static void WriteRest(Self self, size_t sent) {
    HttpSession& session = *self;
    const auto rest = boost::asio::buffer(session.out_) + sent;
    boost::asio::async_write(
        session.stream_.socket(),
        rest,
        [self = std::move(self)](Error error, size_t) mutable {
          if (error) return;
          HttpSession& session = *self;
          session.out_.clear();
          if (session.ending_) return End(std::move(self));
          Serve(std::move(self));
        });
  }

  // The last answer is sent.
  static void End(Self self) {
    HttpSession& session = *self;
    if (!session.more_may_come_) return;
    session.lingering_ = true;
    Error ignored;  // it is gone already
    session.stream_.socket().shutdown(boost::asio::socket_base::shutdown_send,
                                      ignored);
    Linger(std::move(self));
  }

  // RFC 9112, 9.6: bytes left unread at close(2) become a reset, which may
  // destroy the answer before the peer has read it. So its end is awaited, for
  // some bytes and some time (SessionList's limit).
  static void Linger(Self self) {
    HttpSession& session = *self;
    session.buffer_.clear();
    const auto room = session.buffer_.prepare(session.buffer_.capacity());
    session.stream_.socket().async_read_some(
        room, [self = std::move(self)](Error error, size_t size) mutable {
          HttpSession& session = *self;
          session.lingered_bytes_ += size;
          if (error || session.lingered_bytes_ > kMaxLingerBytes) return;
          Linger(std::move(self));
        });
  }

  const Responses& responses_;
  SessionList& sessions_;
  Stream stream_;
  boost::beast::flat_buffer buffer_;
  std::optional<RequestParser> parser_;
  std::string out_;
  size_t lingered_bytes_ = 0;
  bool busy_ = false;           // answers are made or sent
  bool ending_ = false;         // the last answer is in out_, or sent
  bool more_may_come_ = false;  // though it is not wanted
  bool lingering_ = false;      // waiting for the peer's end
};

}  // namespace cluster::hello_http

#endif  // PLUGINS_HELLO_HTTP_HTTP_SESSION_H_
