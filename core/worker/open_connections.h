// OpenConnections: the connections that the plugin has and has not ended, and
// the requests that run on each.
//
// It is why a connection that is ended twice, or never was, does no harm to
// another that has its descriptor's number by now.
//
// Thread safety: any thread.
//
//   open.Opened(connection.id);
//   if (!open.Closed(id)) return Complain();
#ifndef CORE_WORKER_OPEN_CONNECTIONS_H_
#define CORE_WORKER_OPEN_CONNECTIONS_H_

#include <atomic>
#include <cstdint>
#include <mutex>

#include "absl/container/flat_hash_map.h"

namespace cluster {

class OpenConnections {
 public:
  // Keeps the sum of running requests in `requests` from now on, which outlives
  // this. REQUIRES: no connection was opened.
  void SumRequestsIn(std::atomic<int64_t>* requests) { requests_ = requests; }

  // The plugin is about to get it.
  void Opened(uint64_t id);

  // It has ended, and with it its requests. False: it was not open.
  bool Closed(uint64_t id);

  enum class Change { kDone, kNotOpen, kBelowZero };
  // `change` more requests run on the connection. kBelowZero: fewer than none
  // would; it then has none.
  Change AddRequests(uint64_t id, int32_t change);

 private:
  std::mutex mutex_;
  absl::flat_hash_map<uint64_t, int64_t> requests_by_id_;  // by mutex_
  std::atomic<int64_t>* requests_ = nullptr;
};

}  // namespace cluster

#endif  // CORE_WORKER_OPEN_CONNECTIONS_H_
