// Worker and CLUSTER_PLUGIN: a plugin in C++.
//
// Derive from Worker and name the class in CLUSTER_PLUGIN, once, at global
// scope. The host makes one object in each worker process and calls it on the
// process's main thread. Header-only: nothing but the standard library.
//
// What a function throws is logged and fails what it was for: create and start
// fail with the exception's text, OnConnection loses that connection, and so
// does a watch that was made for one. With PluginOptions::on_exception it ends
// the worker instead.
//
//   class Hello : public cluster::sdk::Worker {
//    public:
//     using Worker::Worker;
//     void OnConnection(cluster::sdk::Connection connection) override {
//       ::send(connection.fd(), "hello\n", 6, MSG_NOSIGNAL);
//     }
//   };
//   CLUSTER_PLUGIN(Hello, {.name = "hello", .version = "1.0"});
//
// What else there is:
//   host.h           Host: log, settings, watches, timers, messages
//   connection.h     Connection, RequestScope
//   metrics.h        Counter, Gauge, Histogram
//   listeners.h      Listeners: serve more addresses
//   acceptor.h       Acceptor: take connections when the plugin likes
//   datagram.h       DatagramSocket
//   asio.h           AsioWorker: a plugin on Boost.Asio
//   lambda_worker.h  a plugin of lambdas, without a class
// Each of these that needs the host is made from host().
#ifndef PLUGINS_SDK_WORKER_H_
#define PLUGINS_SDK_WORKER_H_

#include <chrono>
#include <cstdint>
#include <optional>

#include "plugins/sdk/connection.h"
#include "plugins/sdk/host.h"
#include "plugins/sdk/plugin_entry.h"
#include "plugins/sdk/plugin_note.h"
#include "plugins/sdk/plugin_options.h"
#include "plugins/sdk/result.h"

namespace cluster::sdk {

// What is known when draining starts.
struct Drain {
  // After this long the worker ends anyway; none: it waits.
  std::optional<std::chrono::milliseconds> deadline;
  uint64_t open = 0;  // connections
};

class Worker {
 public:
  // Called in state `created`. Throw, or fail in OnStart, to refuse.
  explicit Worker(Host host) : host_(host) {}
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  virtual ~Worker() = default;

  // Gets ready to serve; connections may follow at once. The code of a failure
  // decides whether another worker is started: 1-99 yes, others no.
  virtual Status OnStart() { return Status(); }

  // Takes one connection. Keep it, or it closes.
  virtual void OnConnection(Connection connection) = 0;

  // Finish what runs and close what is idle. The worker ends when its last
  // connection is closed; where none is open, this is not called.
  virtual void OnDrain([[maybe_unused]] const Drain& drain) {}

  // The last call but the destructor. End watches and timers, close
  // connections.
  virtual void OnStop() {}

 protected:
  const Host& host() const { return host_; }

 private:
  const Host host_;
};

}  // namespace cluster::sdk

// Defines the one symbol of a plugin and its ELF note. The second argument is
// the initialiser of a cluster::sdk::PluginOptions. A text that does not fit
// the note does not compile.
#define CLUSTER_PLUGIN(WorkerType, ...)                             \
  namespace {                                                       \
  constexpr ::cluster::sdk::PluginOptions cluster_plugin_options_ = \
      __VA_ARGS__;                                                  \
  constinit const cluster_plugin_note cluster_plugin_note_          \
      CLUSTER_IN_NOTE_SECTION_ =                                    \
          ::cluster::sdk::internal::MakeNote<WorkerType>(           \
              cluster_plugin_options_);                             \
  }                                                                 \
  constinit const cluster_plugin_entry_t cluster_plugin_entry =     \
      ::cluster::sdk::internal::MakeEntry<WorkerType,               \
                                          cluster_plugin_options_>()

#endif  // PLUGINS_SDK_WORKER_H_
