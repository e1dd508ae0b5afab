#include "core/primary/workers/start_worker.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/duplicate_fd.h"
#include "core/base/monotonic_clock.h"
#include "core/base/status_macros.h"
#include "core/base/unique_fd.h"
#include "core/control/environment.h"
#include "core/control/messages.h"
#include "core/supervisor/spawner.h"
#include "core/supervisor/stdio_plan.h"

namespace cluster {
namespace {

ChildSpec ToChild(uint32_t id, const WorkerSpec& spec) {
  ChildSpec child = {.executable = spec.executable,
                     .arguments = spec.command_line,
                     .environment = spec.environment,
                     .stdio = spec.stdio,
                     .working_directory = spec.working_directory,
                     .uid = spec.uid,
                     .gid = spec.gid,
                     .wrap = spec.wrap};
  if (child.arguments.empty()) {
    child.arguments = {absl::StrCat("cluster: worker ", id, " ", spec.name)};
  }
  // Last, so that nothing that was asked for stands in their place.
  for (const char* name : {kChannelFdVariable, kWorkerIdVariable}) {
    std::erase_if(child.environment,
                  [&](const auto& entry) { return entry.first == name; });
  }
  child.environment.emplace_back(kChannelFdVariable,
                                 absl::StrCat(ChannelSlot(spec.stdio)));
  child.environment.emplace_back(kWorkerIdVariable, absl::StrCat(id));
  return child;
}

}  // namespace

absl::StatusOr<std::unique_ptr<WorkerProcess>> StartWorker(
    boost::asio::io_context& io,
    uint32_t id,
    Slot& slot,
    const WorkerSpec& spec,
    uint32_t worker_count,
    ListenerGroup& group,
    WorkerOwner& owner) {
  const int64_t fork_ns = MonotonicNs();
  RETURN_IF_ERROR(CheckStdio(spec.stdio));
  std::vector<UniqueFd> fds;
  if (!spec.plugin_path.empty()) {
    ASSIGN_OR_RETURN(UniqueFd file, DuplicateFd(spec.plugin_file));
    fds.push_back(std::move(file));
  }
  ASSIGN_OR_RETURN(UniqueFd memory, DuplicateFd(slot.memory().fd()));
  fds.push_back(std::move(memory));
  std::vector<ListenerFacts> listeners;
  for (uint32_t i = 0; i < group.listener_count(); ++i) {
    const Listener& listener = *group.listener(i);
    listeners.push_back(listener.facts);
    if (!listener.datagram()) continue;
    ASSIGN_OR_RETURN(std::vector<UniqueFd> socket, group.AcceptorFor(slot, i));
    fds.push_back(std::move(socket.front()));
  }
  ASSIGN_OR_RETURN(ChildProcess child, Spawn(ToChild(id, spec)));
  ASSIGN_OR_RETURN(
      std::unique_ptr<WorkerProcess> worker,
      WorkerProcess::Create(
          io, id, slot, std::move(child), spec.capture_output, fork_ns, owner));
  worker->plugin = spec.plugin_path.substr(spec.plugin_path.rfind('/') + 1);
  worker->json_values = spec.json_values;
  for (const ListenerFacts& facts : listeners) {
    // Their sockets come along.
    if (facts.kind == ListenerKind::kDatagram) {
      worker->listeners.Add(facts.listener);
    }
  }
  worker->Send(
      FrameType::kStart,
      Start{.worker_id = id,
            .worker_count = worker_count,
            .slot = slot.index(),
            .generation = slot.NextGeneration(),
            .cpu = group.CpuOf(slot).value_or(kAnyCpu),
            .listener_count = static_cast<uint32_t>(group.listener_count()),
            .listeners = std::move(listeners),
            .drain_on_sigterm = spec.drain_on_sigterm,
            .plugin_path = spec.plugin_path,
            .config = spec.config,
            .arguments = spec.arguments,
            .allow_draft = spec.allow_draft,
            .gather_us = static_cast<uint32_t>(group.gather_ns() / 1000),
            .json_values = spec.json_values},
      std::move(fds));
  return worker;
}

}  // namespace cluster
