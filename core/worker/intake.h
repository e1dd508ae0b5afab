// Intake: how connections come to this worker. It holds what the worker listens
// on, takes from there, and tells the primary when there is room again.
//
// Thread safety: the worker's loop thread.
//
//   Intake intake(context, page, give, taken);
//   RETURN_IF_ERROR(intake.Listen(reply, std::move(fds)));
#ifndef CORE_WORKER_INTAKE_H_
#define CORE_WORKER_INTAKE_H_

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/gathering.h"
#include "core/base/unique_fd.h"
#include "core/control/messages.h"
#include "core/scoreboard/slot_page.h"
#include "core/worker/acceptor.h"
#include "core/worker/host_context.h"
#include "core/worker/listening.h"
#include "core/worker/taken_over.h"

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

  // Listens as the primary's reply says, on its descriptors. kDataLoss: they
  // are not as many as the data path has; or epoll's errors.
  absl::Status Listen(const ListenReply& reply, std::vector<UniqueFd> fds);

  // Accepts what waits in the kernel, where this worker does the accepting: it
  // would be reset when the listeners close. Goes on while `go_on` says so.
  void TakeBacklog(absl::FunctionRef<bool()> go_on);

  // Stops listening where nothing up to the number in `sent`, by listener, can
  // still arrive. Returns whether it listens nowhere any more.
  // REQUIRES: !taking().
  bool StopDecided(const std::vector<uint64_t>& sent);

  // Listens there no more: nothing of it is given after this, and what was
  // received goes back. Nothing happens where it does not listen.
  void Close(uint32_t listener);
  // Takes nothing until Resume(); what was received goes back. Also where it
  // does not listen yet. False: it was so already.
  bool Pause(uint32_t listener);
  bool Resume(uint32_t listener);

  // From now on TakeUpTo() takes, and `give` is not called. Returns a
  // descriptor, which is readable while there may be something to take.
  // kAlreadyExists: it was taken over; or the kernel's errors, with which
  // nothing has changed.
  absl::StatusOr<int> TakeOver(uint32_t listener);
  bool taken_over(uint32_t listener) const {
    return listener < kMaxListeners && taken_over_[listener] != nullptr;
  }
  // Takes up to `limit`. REQUIRES: taken_over(listener).
  void TakeUpTo(uint32_t listener, size_t limit, ConnectionTaker give);

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
  absl::Status Add(uint32_t listener,
                   std::unique_ptr<Acceptor> acceptor,
                   std::optional<Gathering> gathering = std::nullopt);
  void Take(Listening& listening);
  // What follows from a Take() of its acceptor.
  void Settle(Listening& listening, const absl::Status& status);
  // Calls `act` for what it listens on there: with steer, two.
  void ForEach(uint32_t listener, absl::FunctionRef<void(Listening&)> act);
  // Tells who took the listener over whether connections wait.
  void ShowWaiting(uint32_t listener);
  // Takes nothing from there for `reason`, and gives back what was received.
  void Hold(Listening& listening, uint32_t reason);

  HostContext& context_;
  SlotPage& page_;
  const GiveFunction give_;
  const TakenFunction taken_;
  const uint64_t started_before_;    // by the slot's earlier workers
  const uint64_t completed_before_;  // likewise
  uint64_t next_id_;  // of connections that this worker accepts itself
  std::array<std::unique_ptr<TakenOver>, kMaxListeners> taken_over_;
  std::bitset<kMaxListeners> paused_;
  std::vector<std::unique_ptr<Listening>> listening_;
  // Closed from within their own callback.
  std::vector<std::unique_ptr<Listening>> closed_;
  bool taking_ = false;
  bool held_ = false;
};

}  // namespace cluster

#endif  // CORE_WORKER_INTAKE_H_
