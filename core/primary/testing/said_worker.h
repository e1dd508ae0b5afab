// SaidWorker: a worker of which the test says what it says. Its process is only
// there to have one, and ends by itself.
//
// Thread safety: none.
//
//   SaidWorker worker(io, *slot);
//   worker.process().Flush();
//   worker.side().OnReadable(...);  // what it is told
#ifndef CORE_PRIMARY_TESTING_SAID_WORKER_H_
#define CORE_PRIMARY_TESTING_SAID_WORKER_H_

#include <fcntl.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/base/unique_fd.h"
#include "core/primary/connections/slot.h"
#include "core/primary/workers/worker_owner.h"
#include "core/primary/workers/worker_process.h"
#include "core/supervisor/spawner.h"
#include "ipc/fd_passing.h"
#include "ipc/frame.h"
#include "ipc/unix_channel.h"

namespace cluster {

class SaidWorker {
 public:
  // Worker 1, in `slot`. Both must outlive it.
  SaidWorker(boost::asio::io_context& io, Slot& slot) {
    ChildProcess child =
        *Spawn({.executable = "/bin/true", .arguments = {"true"}});
    pidfd_ = UniqueFd(fcntl(child.pidfd.get(), F_DUPFD_CLOEXEC, 0));
    child.channel = std::move(sockets_.first);
    process_ = *WorkerProcess::Create(io,
                                      /*id=*/1,
                                      slot,
                                      std::move(child),
                                      /*capture_output=*/false,
                                      /*fork_ns=*/0,
                                      owner_);
  }
  ~SaidWorker() { KillAndReap(pidfd_.get()); }
  SaidWorker(const SaidWorker&) = delete;
  SaidWorker& operator=(const SaidWorker&) = delete;

  WorkerProcess& process() { return *process_; }
  // Its own end of the control channel.
  UnixChannel& side() { return side_; }

 private:
  class NoOwner final : public WorkerOwner {
    absl::Status OnFrame(WorkerProcess&, Frame) override {
      return absl::OkStatus();
    }
    void OnChannelClosed(WorkerProcess&, const absl::Status&) override {}
    void OnExit(WorkerProcess&, WorkerExit) override {}
    void OnOutput(WorkerProcess&, int, absl::string_view) override {}
  };

  NoOwner owner_;
  std::pair<UniqueFd, UniqueFd> sockets_ = *MakeSocketPair(SOCK_STREAM);
  UnixChannel side_{std::move(sockets_.second)};
  UniqueFd pidfd_;
  std::unique_ptr<WorkerProcess> process_;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_TESTING_SAID_WORKER_H_
