// WorkerTable: the workers of a primary that live, by their ids.
//
// Thread safety: the io_context's thread. Lifetime: `io` must outlive it.
//
//   const uint32_t id = workers.TakeId();
//   workers.Add(std::move(worker));
//   workers.ForEach([](WorkerProcess& worker) { ... });
#ifndef CORE_PRIMARY_WORKERS_WORKER_TABLE_H_
#define CORE_PRIMARY_WORKERS_WORKER_TABLE_H_

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/container/btree_map.h"
#include "absl/functional/function_ref.h"
#include "core/primary/workers/worker_process.h"

namespace cluster {

class WorkerTable {
 public:
  explicit WorkerTable(boost::asio::io_context& io) : io_(io) {}

  // Uses up an id: 1, 2, 3, ... None is ever used twice.
  uint32_t TakeId() { return next_id_++; }
  // That of the last call; 0 if there was none.
  uint32_t newest_id() const { return next_id_ - 1; }

  // Returns it. REQUIRES: there is none of its id.
  WorkerProcess& Add(std::unique_ptr<WorkerProcess> worker);
  // Destroys it a turn of the loop later, as its callbacks may be on the stack.
  // REQUIRES: it is there.
  void Remove(const WorkerProcess& worker);

  // Null if there is none (any more).
  WorkerProcess* Find(uint32_t id) const;
  // In the order of their ids. `visit` may not add or remove any.
  void ForEach(absl::FunctionRef<void(WorkerProcess&)> visit) const;
  size_t size() const { return workers_.size(); }
  bool empty() const { return workers_.empty(); }

 private:
  boost::asio::io_context& io_;
  uint32_t next_id_ = 1;
  absl::btree_map<uint32_t, std::unique_ptr<WorkerProcess>> workers_;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_WORKERS_WORKER_TABLE_H_
