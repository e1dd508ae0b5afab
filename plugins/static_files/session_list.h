// SessionList: the open connections of a worker, and when they have to go.
//
// Time is counted in seconds by one timer, which runs while there are sessions:
// no clock is read and no timer set for a request. Draining closes what is
// idle; a connection that has not sent anything yet may have its first request
// on the way, and gets a second more.
//
// Thread safety: loop thread only.
// Lifetime: ends before the worker; what is still open is closed.
//
//   SessionList sessions(host, responder, options);
//   sessions.Add(std::move(connection));
#ifndef PLUGINS_STATIC_FILES_SESSION_LIST_H_
#define PLUGINS_STATIC_FILES_SESSION_LIST_H_

#include <cstddef>
#include <list>

#include "plugins/sdk/connection.h"
#include "plugins/sdk/host.h"
#include "plugins/sdk/loop.h"
#include "plugins/static_files/options.h"
#include "plugins/static_files/responder.h"
#include "plugins/static_files/session.h"

namespace cluster::static_files {

class SessionList {
 public:
  // `responder` outlives the list.
  SessionList(sdk::Host host, Responder& responder, const Options& options);
  SessionList(const SessionList&) = delete;
  SessionList& operator=(const SessionList&) = delete;

  // Serves `connection` until its end.
  void Add(sdk::Connection connection);

  // From now on each session ends with its next answer; idle ones end now.
  void Drain();

  // Lets a second pass. Called by the timer, and by tests.
  void OnSecond();

  size_t size() const { return all_.size(); }

 private:
  void EndOverdue();
  void StartTimer();

  const sdk::Host host_;
  SessionContext context_;
  std::list<Session> all_;
  sdk::Timer timer_;
  bool timing_ = false;
};

}  // namespace cluster::static_files

#endif  // PLUGINS_STATIC_FILES_SESSION_LIST_H_
