// PrimarySide: what is asked of workers, and what they say.
#include <utility>

#include "core/cluster/primary/primary_side.h"

namespace cluster {

// ---- What is asked of workers

PrimarySide::Workers PrimarySide::workers() const {
  Workers members = live_;
  std::erase_if(members,
                [](const auto& each) { return !each.second->record_.member; });
  return members;
}

void PrimarySide::DisconnectAll(std::function<void()> done) {
  for (const auto& [id, worker] : workers()) worker->disconnect();
  waiting_.push_back([this, done = std::move(done)] {
    // Those that went for good have no successors.
    if (primary_) primary_->ForgetKeptPorts();
    if (done) done();
  });
  TellIfAllGone();
}

void PrimarySide::Disconnect(Worker& worker,
                             std::optional<absl::Duration> deadline) {
  if (WorkerProcess* process = ProcessOf(worker.id())) {
    primary_->Disconnect(*process, deadline);
    return Refresh(worker);
  }
  worker.record_.exited_after_disconnect = true;
}

void PrimarySide::CloseChannel(Worker& worker) {
  if (!worker.is_connected()) return;
  worker.closes_ = true;
  if (primary_.has_value()) primary_->messages().EndSending(worker.id());
  // Its event must not come from within this call.
  Post([this, id = worker.id()] {
    WorkerProcess* const found = ProcessOf(id);
    if (found == nullptr) return;
    // What was sent before goes before, as in Node.
    primary_->messages().AfterSent(
        id, [this, found] { primary_->CloseChannel(*found); });
  });
}

bool PrimarySide::Lives(const Worker& worker) {
  return !worker.is_dead() && ProcessOf(worker.id()) != nullptr;
}

absl::Status PrimarySide::SetWeight(Worker& worker, uint32_t weight) {
  if (!Lives(worker)) return worker.Dead();
  return primary_->admin().SetWeight(worker.id(), weight);
}

absl::Status PrimarySide::SetPaused(Worker& worker, bool paused) {
  if (!Lives(worker)) return worker.Dead();
  return primary_->admin().SetPaused(worker.id(), paused);
}

bool PrimarySide::Kill(Worker& worker, int signal) {
  WorkerProcess* const process =
      worker.is_dead() ? nullptr : ProcessOf(worker.id());
  if (process == nullptr) return false;
  const absl::Status status = primary_->Kill(*process, signal);
  if (status.ok()) {
    worker.killed_ |= signal != 0;
    return true;
  }
  Post([this, status, kept = worker.shared_from_this()] {
    EmitError(*kept, status);
  });
  return false;
}

// ---- Messages

bool PrimarySide::Send(Worker& worker,
                       const Message& message,
                       HandleArgument handle,
                       const SendOptions& options,
                       SendCallback sent) {
  // With a policy that there is not no worker was ever started.
  if (!messages_.has_value()) {
    Post([this, sent = std::move(sent), kept = worker.shared_from_this()] {
      if (sent) return sent(kept->status_);
      OnNotSent(kept->id(), kept->status_);
    });
    return false;
  }
  return messages_->Send(
      worker.id(), message, handle, options, std::move(sent));
}

void PrimarySide::Ask(Worker& worker,
                      const Message& message,
                      absl::Duration deadline,
                      ReplyCallback replied,
                      HandleArgument handle,
                      const SendOptions& options) {
  if (!messages_.has_value()) {
    Post([replied = std::move(replied), kept = worker.shared_from_this()] {
      Reply none = NoReply(kept->status_);
      replied(none);
    });
    return;
  }
  messages_->Ask(
      worker.id(), message, deadline, std::move(replied), handle, options);
}

PrimaryMessages* PrimarySide::MessagesOrTell(const SendCallback& sent) {
  const absl::Status begun = Begin();
  if (begun.ok()) return &*messages_;
  if (sent) Post([sent, begun] { sent(begun); });
  return nullptr;
}

bool PrimarySide::Hears(uint32_t worker) {
  const auto found = live_.find(worker);
  return is_heard_ || (found != live_.end() && found->second->is_heard_);
}

bool PrimarySide::GetsJson(uint32_t worker) {
  const WorkerProcess* const process = ProcessOf(worker);
  return process != nullptr && process->json_values;
}

void PrimarySide::OnMessage(uint32_t id,
                            const Message& message,
                            Handle& handle) {
  const auto found = live_.find(id);
  if (found == live_.end()) return;
  const std::shared_ptr<Worker> worker = found->second;
  events_.of(events::message).Emit(*worker, message, handle);
  worker->events_.of(events::message).Emit(message, handle);
}

void PrimarySide::OnNotSent(uint32_t id, const absl::Status& why) {
  const auto found = live_.find(id);
  if (found == live_.end()) return;  // behind its last event there is none
  // A primary does not end because a worker has.
  const std::shared_ptr<Worker> worker = found->second;
  TellError(*worker, why);
}

}  // namespace cluster
