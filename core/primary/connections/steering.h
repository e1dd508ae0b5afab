// Steering: a TCP listener of the steer data path. Each slot has a socket of
// its own, and the kernel picks among those whose workers take.
//
// The sockets are the primary's: what the kernel has queued outlives a worker,
// and the slot's next one inherits it. Meanwhile, and where a worker stands
// still, the primary takes from that queue itself and hands what it takes to
// other workers, while the program steers new connections past it.
//
// Thread safety: the io_context's thread. Lifetime: slots and what Context
// names must outlive it.
//
//   ASSIGN_OR_RETURN(auto steering,
//                    Steering::Create(std::move(socket), context));
//   RETURN_IF_ERROR(steering->AddSlot(slot));
//   steering->Start();
#ifndef CORE_PRIMARY_CONNECTIONS_STEERING_H_
#define CORE_PRIMARY_CONNECTIONS_STEERING_H_

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/unique_fd.h"
#include "core/primary/connections/accept_loop.h"
#include "core/primary/connections/slot.h"
#include "core/primary/connections/steered_queue.h"
#include "ipc/reuseport_group.h"

namespace cluster {

struct SteerOptions {
  // By slot, the CPU that its worker is pinned to: a connection goes to the
  // worker on the CPU that received it. Empty: any worker, each as likely.
  std::vector<int> cpus = {};
  // By slot, the shares of its worker, from 1 to 65,536; one without has 1. Not
  // together with `cpus`.
  std::vector<uint32_t> weights = {};
};

class Steering {
 public:
  struct Context {
    boost::asio::io_context& io;
    uint32_t listener;
    int backlog;
    const SteerOptions& options;
    SteeredQueue::MakeAcceptLoop make_accept_loop;
    // Told when the kernel refuses what is needed while it runs.
    std::function<void(const absl::Status&)> on_trouble;
  };

  // Takes the first slot's socket, which listens. Errors: the kernel's.
  static absl::StatusOr<std::unique_ptr<Steering>> Create(UniqueFd first,
                                                          Context context);

  // Opens the slot's socket. REQUIRES: slots come in the order of their
  // indices. Where it fails, nothing is added.
  //   with an errno       the kernel's, also when it refuses the program; or
  //                       ESHUTDOWN after Close()
  //   kResourceExhausted  there are CPUs, and none for this slot
  absl::Status AddSlot(Slot& slot);
  // Undoes that of the newest slot, of which it may have failed.
  void DropSlot(const Slot& slot);
  // Borrowed. REQUIRES: it was added.
  int socket(const Slot& slot) const { return group_.socket(slot.index()); }

  // The primary takes from now on where no worker does.
  void Start();

  // The slot's worker takes from its socket from now on, or no more.
  void Serve(Slot& slot);
  void Withdraw(Slot& slot);
  // A worker that stood still has shown life.
  void Restore(Slot& slot);

  // The options have changed. Errors: the kernel's.
  absl::Status Reconsider() { return Steer(); }

  // There is room for what the primary takes.
  void Resume();
  // Takes what waits where the primary takes, then closes its sockets.
  void Close();

 private:
  // A slot's part in it.
  struct Part {
    Slot* slot;
    std::unique_ptr<SteeredQueue> queue;
    bool served = false;   // its worker takes
    bool stalled = false;  // or ought to
  };

  Steering(ReuseportGroup group, Context context)
      : context_(std::move(context)), group_(std::move(group)) {}

  Part* PartOf(const Slot& slot);
  // Has the primary take from it.
  void Rescue(Part& part);
  void OnStalled(Part& part);
  // Attaches the program that fits who takes.
  absl::Status Steer();
  void SteerOrTell();

  const Context context_;
  ReuseportGroup group_;
  std::vector<std::unique_ptr<Part>> parts_;  // by slot
  bool started_ = false;
  bool closed_ = false;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_CONNECTIONS_STEERING_H_
