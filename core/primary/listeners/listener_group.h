// ListenerGroup: all listeners of the host, and the workers that serve them.
//
// For hand-off it runs an accept loop and a dispatcher a stream listener, and
// one timer that looks after what was handed off while no connection wakes the
// primary. For steer it keeps a socket for each slot and a dispatcher for what
// the primary has to take itself. For share, and for datagrams, it only keeps
// the sockets, of which workers have copies.
//
// Thread safety: the io_context's thread. Lifetime: slots must outlive it.
#ifndef CORE_PRIMARY_LISTENERS_LISTENER_GROUP_H_
#define CORE_PRIMARY_LISTENERS_LISTENER_GROUP_H_

#include <array>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/unique_fd.h"
#include "core/control/data_path.h"
#include "core/event_loop/alarm.h"
#include "core/primary/connections/accounts.h"
#include "core/primary/connections/dispatcher.h"
#include "core/primary/connections/ledger.h"
#include "core/primary/connections/slot.h"
#include "core/primary/connections/steering.h"
#include "core/primary/listeners/listener.h"
#include "core/primary/listeners/look_interval.h"
#include "core/scoreboard/slot_page.h"
#include "ipc/address.h"
#include "scheduler/policy.h"

namespace cluster {

struct ListenerGroupOptions {
  DataPath data_path = DataPath::kHandoff;
  // Hand-off's; of steer, that for what the primary has to take itself.
  std::string policy = "round_robin";
  int backlog = 511;  // of the sockets that steer adds
  SteerOptions steer = {};
  uint64_t seed = 0;
  int64_t gather_ns = 300'000;
  DispatchOptions dispatch = {};
};

class ListenerGroup {
 public:
  // `sockets` are non-blocking and bound, in the order of the addresses; those
  // of streams listen. At most kMaxListeners. `bound` are their addresses; none
  // for those that the kernel says right.
  // kInvalidArgument: unknown policy.
  static absl::StatusOr<std::unique_ptr<ListenerGroup>> Create(
      boost::asio::io_context& io,
      std::vector<UniqueFd> sockets,
      const ListenerGroupOptions& options,
      const std::vector<ListenAddress>& bound = {});

  // Accepting begins, unless Close() came first. Connections wait until a
  // worker listens. `on_trouble` is told, at most once a second for each
  // listener, when the kernel does not let it accept.
  void Start(std::function<void(const absl::Status&)> on_trouble = {});

  // Makes a slot with what this data path needs. The group owns it.
  absl::StatusOr<Slot*> AddSlot();

  // Returns new descriptors from which a worker of `slot` takes the connections
  // of `listener`: of the stream, of the socket, or for steer of both.
  // kInvalidArgument: there is no such listener. With an errno: the kernel's,
  // or ESHUTDOWN after Close() where the worker accepts.
  absl::StatusOr<std::vector<UniqueFd>> AcceptorFor(Slot& slot,
                                                    uint32_t listener);

  // Adds a listener while the group runs. `bound` is its address; `exclusive`
  // only says so in its facts. Its number was not used before or, when all
  // were, is the one that was closed longest ago.
  //   kResourceExhausted  there are kMaxListeners
  //   with an errno       the kernel's, or ESHUTDOWN after Close()
  absl::StatusOr<uint32_t> Open(UniqueFd socket,
                                ListenAddress bound,
                                bool exclusive = false);
  // Whether `fd` is one of its own sockets.
  bool Owns(int fd) const;
  // Accepts no more there. What waits is refused, and what comes back from
  // workers. REQUIRES: no slot serves it.
  void ShutListener(uint32_t listener);
  // Closes one that was added and shut. REQUIRES: all was taken back from those
  // that served it.
  void CloseListener(uint32_t listener);
  // Null if there is none of that number.
  const Listener* listener(uint32_t listener) const {
    return listener < kMaxListeners ? listeners_[listener].get() : nullptr;
  }

  // The slot's worker listens there: it gets connections from now on.
  void Serve(Slot& slot, uint32_t listener);
  // It listens there no more, or pauses: what it has not started goes to
  // others. That it said so is a sign of life.
  void Withdraw(Slot& slot, uint32_t listener);
  // It gets no more of any. What it has not started stays with it.
  void StopServing(Slot& slot);
  // All it has not started goes to others. That its worker said so, or is dead,
  // ends what was suspected of it.
  void TakeBack(Slot& slot);
  // From now on this policy picks; nothing that was accepted is touched. `used`
  // are the slots that have workers: if the policy ignores weights, the others
  // get the one that these have.
  //   kInvalidArgument     there is no such policy
  //   kFailedPrecondition  the kernel picks, and by another; or weights of
  //                        workers differ, which this one ignores
  absl::Status SetPolicy(const std::string& spec,
                         std::span<const Slot* const> used);
  const std::string& policy() const { return options_.policy; }
  // All, also those without a worker.
  std::vector<const Slot*> slots() const;
  // What the kernel picks by, where it has a choice (steer); else empty.
  std::string kernel_policy() const;
  // Whether, for steer, the CPU picks.
  bool steers_by_cpu() const { return !options_.steer.cpus.empty(); }
  // Gives the slot so many shares.
  //   kInvalidArgument     not from 1 to 65,536
  //   kFailedPrecondition  what picks knows no shares, or ignores them
  //   with an errno        the kernel's; it has what it had before
  absl::Status SetWeight(const Slot& slot, uint32_t weight);
  uint32_t weight(const Slot& slot) const;

  // Its worker is dead, and TakeBack was called: what it had open is lost.
  void CloseBooks(Slot& slot);
  // Its worker says that it has room, or lives. Nothing happens if it was not
  // asked.
  void OnRoom(Slot& slot);

  // Accepts what the kernel still holds and closes the listeners.
  void Close();
  // Connections that wait for a worker.
  size_t pending() const;
  // Closes those, and what comes back from now on: nobody will take them.
  void RefusePending();

  DataPath data_path() const { return options_.data_path; }
  // REQUIRES: there is one of that number.
  DataPath data_path(uint32_t listener) const {
    return listeners_[listener]->data_path;
  }
  // The CPU that the slot's workers are for, if it has one.
  int64_t gather_ns() const { return options_.gather_ns; }
  std::optional<int> CpuOf(const Slot& slot) const {
    const std::vector<int>& cpus = options_.steer.cpus;
    if (slot.index() >= cpus.size()) return std::nullopt;
    return cpus[slot.index()];
  }
  // How many listeners there were from the beginning: those below it.
  size_t listener_count() const { return listener_count_; }

  // The books as they stand.
  Accounts Snapshot();

 private:
  ListenerGroup(boost::asio::io_context& io,
                size_t listener_count,
                const ListenerGroupOptions& options)
      : io_(io),
        options_(options),
        listener_count_(listener_count),
        alarm_(io) {}

  absl::Status Add(uint32_t listener, UniqueFd socket, ListenAddress bound);
  absl::Status AddDispatcher(Listener& listener);
  absl::Status AddSteering(Listener& listener);
  std::unique_ptr<AcceptLoop> MakeAcceptLoop(Listener& listener,
                                             UniqueFd socket);
  absl::Status MakeEqual(const Policy& policy,
                         std::span<const Slot* const> used);
  absl::Status ApplyWeight(const Slot& slot, uint32_t weight);
  void TellTrouble(const absl::Status& status);
  void StartAccepting(Listener& listener);
  void ScheduleTick();
  void Tick();
  void ResumeAccepting();

  boost::asio::io_context& io_;
  ListenerGroupOptions options_;
  const size_t listener_count_;
  bool started_ = false;
  bool closed_ = false;
  std::function<void(const absl::Status&)> on_trouble_;
  std::vector<std::unique_ptr<Slot>> slots_;
  Ledger ledger_;
  uint64_t next_connection_id_ = 1;
  // By number; null where there is none (any more).
  std::array<std::unique_ptr<Listener>, kMaxListeners> listeners_;
  std::vector<Listener*> dispatching_;  // those with a dispatcher
  std::deque<uint32_t> free_numbers_;   // the one to use next first

  Alarm alarm_;
  LookInterval look_interval_;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_LISTENERS_LISTENER_GROUP_H_
