// SessionList: the open connections of a server, and when they have to go.
//
// A session that has not completed a request for 60 s is closed, one that waits
// for its peer's end after 2 s. Draining closes what is idle. A connection that
// has not sent anything yet may have its first request on the way: it gets a
// second more.
//
// Time is counted in seconds by one timer, which runs while there are sessions:
// no clock is read and no timer set for a request.
//
// Thread safety: none; everything runs in the io_context.
// Lifetime: sessions may outlive the list (pending in the io_context); closed.
//
//   SessionList sessions(io_context);
//   HttpSession<Stream>::Start(responses, sessions, std::move(stream));
//   sessions.Drain();
#ifndef PLUGINS_HELLO_HTTP_SESSION_LIST_H_
#define PLUGINS_HELLO_HTTP_SESSION_LIST_H_

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <list>

namespace cluster::hello_http {

class SessionList;

// What the list knows of a session. Constructing one adds it.
class Session {
 public:
  explicit Session(SessionList& sessions);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  virtual ~Session();

  // Closes the connection; the object goes when its operation has returned.
  virtual void Close() = 0;
  // Nothing has arrived and nothing is being sent.
  virtual bool idle() = 0;
  // All is sent, and the peer's end awaited.
  virtual bool lingering() const = 0;

 private:
  friend class SessionList;

  SessionList* sessions_;  // NULL once the list is gone
  std::list<Session*>::iterator at_;
  uint64_t touched_s_ = 0;
  bool fresh_ = true;  // no request yet
};

class SessionList {
 public:
  static constexpr uint64_t kIdleSeconds = 60;
  static constexpr uint64_t kLingerSeconds = 2;
  static constexpr uint64_t kFirstRequestSeconds = 1;

  explicit SessionList(boost::asio::io_context& io_context);
  SessionList(const SessionList&) = delete;
  SessionList& operator=(const SessionList&) = delete;
  ~SessionList();

  // From now on each session ends with its next answer; idle ones end now.
  void Drain();
  void CloseAll();

  bool draining() const { return draining_; }
  size_t size() const { return all_.size(); }

  // Says that the session has completed a request.
  void Touch(Session& session) {
    session.touched_s_ = now_s_;
    session.fresh_ = false;
  }

  // Closes what is overdue, a second after the last time. Called by the timer,
  // and by tests.
  void OnSecond();

 private:
  friend class Session;

  void Add(Session& session);
  void Remove(Session& session);
  bool overdue(Session& session) const;
  void StartTimer();

  std::list<Session*> all_;
  boost::asio::steady_timer timer_;
  uint64_t now_s_ = 0;
  bool draining_ = false;
  bool timing_ = false;
};

}  // namespace cluster::hello_http

#endif  // PLUGINS_HELLO_HTTP_SESSION_LIST_H_
