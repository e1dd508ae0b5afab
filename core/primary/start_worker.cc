#include "core/primary/start_worker.h"

#include <fcntl.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/errno_status.h"
#include "core/base/monotonic_clock.h"
#include "core/base/status_macros.h"
#include "core/base/unique_fd.h"
#include "core/control/environment.h"
#include "core/control/messages.h"
#include "core/supervisor/spawner.h"

namespace cluster {
namespace {

absl::StatusOr<UniqueFd> Copy(int fd) {
  UniqueFd copy(fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!copy) return ErrnoStatus("fcntl", "copy of a descriptor");
  return copy;
}

int32_t CpuOf(const Slot& slot, const PrimaryOptions& options) {
  const std::vector<int>& cpus = options.listeners.steer.cpus;
  return slot.index() < cpus.size() ? cpus[slot.index()] : kAnyCpu;
}

}  // namespace

absl::StatusOr<std::unique_ptr<WorkerProcess>> StartWorker(
    boost::asio::io_context& io,
    uint32_t id,
    Slot& slot,
    const PrimaryOptions& options,
    ListenerGroup& group,
    WorkerOwner& owner) {
  const int64_t fork_ns = MonotonicNs();
  std::vector<UniqueFd> fds(2);
  ASSIGN_OR_RETURN(fds[0], Copy(options.plugin_file.get()));
  ASSIGN_OR_RETURN(fds[1], Copy(slot.memory().fd()));
  std::vector<ListenerFacts> listeners;
  for (uint32_t i = 0; i < group.listener_count(); ++i) {
    const Listener& listener = *group.listener(i);
    listeners.push_back(listener.facts);
    if (!listener.datagram()) continue;
    ASSIGN_OR_RETURN(std::vector<UniqueFd> socket, group.AcceptorFor(slot, i));
    fds.push_back(std::move(socket.front()));
  }
  ASSIGN_OR_RETURN(
      ChildProcess child,
      Spawn({.title =
                 absl::StrCat("cluster: worker ", id, " ", options.plugin_name),
             .environment = {{kChannelFdVariable, "3"},
                             {kWorkerIdVariable, absl::StrCat(id)}},
             .capture_output = options.capture_output,
             .wrap = options.wrap}));
  ASSIGN_OR_RETURN(
      std::unique_ptr<WorkerProcess> worker,
      WorkerProcess::Create(io, id, slot, std::move(child), fork_ns, owner));
  worker->plugin =
      options.plugin_path.substr(options.plugin_path.rfind('/') + 1);
  for (const ListenerFacts& facts : listeners) {
    // Their sockets come along.
    if (facts.kind == ListenerKind::kDatagram) {
      worker->asked_for.set(facts.listener);
    }
  }
  worker->Send(
      FrameType::kStart,
      Start{.worker_id = id,
            .worker_count = options.workers,
            .slot = slot.index(),
            .generation = slot.NextGeneration(),
            .cpu = CpuOf(slot, options),
            .listener_count = static_cast<uint32_t>(group.listener_count()),
            .listeners = std::move(listeners),
            .drain_on_sigterm = true,
            .plugin_path = options.plugin_path,
            .config = options.config,
            .arguments = options.arguments,
            .allow_draft = options.allow_draft},
      std::move(fds));
  return worker;
}

}  // namespace cluster
