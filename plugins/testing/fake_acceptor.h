// FakeAcceptor: cluster.acceptor/1 of a FakeHost. Connections that the plugin
// takes itself, or whose listener it has paused, wait here.
//
// A host gives what waits at a paused listener to other workers. There are none
// here: it waits until the plugin resumes or ends.
//
// Thread safety: the host's loop thread.
//
//   host.listeners().AddStream();
//   host.Run(plugin.table, [&] {
//     Client client(host.Connect());  // which the plugin takes
//   });
#ifndef PLUGINS_TESTING_FAKE_ACCEPTOR_H_
#define PLUGINS_TESTING_FAKE_ACCEPTOR_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>

#include "core/base/unique_fd.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {

class FakeHost;

class FakeAcceptor {
 public:
  explicit FakeAcceptor(FakeHost& host) : host_(host) {}

  static const cluster_acceptor_v1& table();

  // Keeps `connection`, and its descriptor, if the plugin is not to be given
  // it now. Returns whether it did.
  bool Keep(const cluster_connection& connection);

  // Connections that the plugin could take now.
  size_t waiting() const;

  // The worker has ended: what waits is not its any more.
  void Clear() { listeners_.clear(); }

 private:
  struct Waiting {
    UniqueFd fd;
    cluster_connection connection;
  };
  struct Listener {
    bool paused = false;
    UniqueFd pollable;  // an eventfd; once it is taken over
    bool readable = false;
    std::deque<Waiting> waiting;
  };
  struct Calls;
  friend struct Calls;

  static FakeAcceptor& Of(const cluster_host* host);
  static void ShowWhetherReadable(Listener& listener);
  cluster_status SetPaused(uint32_t number, bool paused);
  // Gives what waits at a listener that is not taken over.
  void GiveWaiting(uint32_t number);

  FakeHost& host_;
  std::map<uint32_t, Listener> listeners_;  // by number
};

}  // namespace cluster

#endif  // PLUGINS_TESTING_FAKE_ACCEPTOR_H_
