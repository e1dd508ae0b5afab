// Intake: how connections come to this worker. It holds what the worker listens
// on, takes from there, and tells the primary when there is room again.
//
// Thread safety: the worker's loop thread.
//
//   Intake intake(context, page, give, taken);
//   RETURN_IF_ERROR(intake.Listen(reply, std::move(fd)));
#ifndef CORE_WORKER_INTAKE_H_
#define CORE_WORKER_INTAKE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "core/base/unique_fd.h"
#include "core/control/messages.h"
#include "core/scoreboard/slot_page.h"
#include "core/worker/acceptor.h"
#include "core/worker/host_context.h"
#include "core/worker/listening.h"

namespace cluster {

class Intake {
 public:
  using GiveFunction = std::function<void(IncomingConnection)>;
  using TakenFunction = std::function<void(const absl::Status&)>;

  // `give` gets each connection. `taken` is called after that: OK when all that
  // was there was taken (it may call StopDecided()), kDataLoss when what came
  // makes no sense. `context` and `page` must outlive it.
  Intake(HostContext& context,
         SlotPage& page,
         GiveFunction give,
         TakenFunction taken);

  // Listens as the primary's reply says, on its descriptor. Errors: epoll's.
  absl::Status Listen(const ListenReply& reply, UniqueFd fd);

  // Accepts what waits in the kernel, where this worker does the accepting: it
  // would be reset when the listeners close. Goes on while `go_on` says so.
  void TakeBacklog(absl::FunctionRef<bool()> go_on);

  // Stops listening where nothing up to the number in `sent`, by listener, can
  // still arrive. Returns whether it listens nowhere any more.
  // REQUIRES: !taking().
  bool StopDecided(const std::vector<uint64_t>& sent);
  // Stops listening. REQUIRES: not from within its callbacks.
  void Stop() { listening_.clear(); }

  // Takes nothing from anywhere until the next call with false.
  void SetHeld(bool held);

  // Whether this is inside a call of `give`.
  bool taking() const { return taking_; }

  // Tells the primary, if it waits for that, that there is room.
  void TellRoom();

  // The connections that this worker has started and not ended.
  uint64_t open_connections() const;

 private:
  std::unique_ptr<Acceptor> MakeAcceptor(const ListenReply& reply, UniqueFd fd);
  void Take(Listening& listening);

  HostContext& context_;
  SlotPage& page_;
  const GiveFunction give_;
  const TakenFunction taken_;
  const uint64_t started_before_;    // by the slot's earlier workers
  const uint64_t completed_before_;  // likewise
  std::vector<std::unique_ptr<Listening>> listening_;
  bool taking_ = false;
  bool held_ = false;
};

}  // namespace cluster

#endif  // CORE_WORKER_INTAKE_H_
