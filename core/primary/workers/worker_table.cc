#include "core/primary/workers/worker_table.h"

#include <boost/asio/post.hpp>
#include <utility>

namespace cluster {

WorkerProcess& WorkerTable::Add(std::unique_ptr<WorkerProcess> worker) {
  const uint32_t id = worker->id();
  return *workers_.emplace(id, std::move(worker)).first->second;
}

void WorkerTable::Remove(const WorkerProcess& worker) {
  const auto found = workers_.find(worker.id());
  // Shared, since Asio copies its handlers.
  boost::asio::post(
      io_,
      [gone = std::shared_ptr<WorkerProcess>(std::move(found->second))] {});
  workers_.erase(found);
}

WorkerProcess* WorkerTable::Find(uint32_t id) const {
  const auto found = workers_.find(id);
  return found == workers_.end() ? nullptr : found->second.get();
}

void WorkerTable::ForEach(absl::FunctionRef<void(WorkerProcess&)> visit) const {
  for (const auto& [id, worker] : workers_) visit(*worker);
}

}  // namespace cluster
