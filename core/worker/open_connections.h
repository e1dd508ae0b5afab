// OpenConnections: the connections that the plugin has and has not ended, since
// when, and the requests that run on each.
//
// It is why a connection that is ended twice, or never was, does no harm to
// another that has its descriptor's number by now.
//
// Thread safety: any thread.
//
//   open.Opened(connection.id, MonotonicNs());
//   if (!open.Closed(id, MonotonicNs())) return Complain();
#ifndef CORE_WORKER_OPEN_CONNECTIONS_H_
#define CORE_WORKER_OPEN_CONNECTIONS_H_

#include <atomic>
#include <cstdint>
#include <mutex>

#include "absl/container/flat_hash_map.h"

namespace cluster {

class OpenConnections {
 public:
  // Keeps the sum of running requests in `requests` from now on, and adds the
  // time that each connection was open to `lasted_ns`. Both outlive this.
  // REQUIRES: no connection was opened.
  void SumIn(std::atomic<int64_t>* requests, std::atomic<uint64_t>* lasted_ns) {
    requests_ = requests;
    lasted_ns_ = lasted_ns;
  }

  // The plugin is about to get it. Times are CLOCK_MONOTONIC.
  void Opened(uint64_t id, int64_t now_ns);

  bool IsOpen(uint64_t id);

  // It has ended, and with it its requests. False: it was not open.
  bool Closed(uint64_t id, int64_t now_ns);

  enum class Change { kDone, kNotOpen, kBelowZero };
  // `change` more requests run on the connection. kBelowZero: fewer than none
  // would; it then has none.
  Change AddRequests(uint64_t id, int32_t change);

 private:
  std::mutex mutex_;
  struct Open {
    int64_t since_ns;
    int64_t requests = 0;
  };
  absl::flat_hash_map<uint64_t, Open> open_by_id_;  // by mutex_
  std::atomic<int64_t>* requests_ = nullptr;
  std::atomic<uint64_t>* lasted_ns_ = nullptr;
};

}  // namespace cluster

#endif  // CORE_WORKER_OPEN_CONNECTIONS_H_
