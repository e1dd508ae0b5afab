#include "core/cluster/worker.h"

#include "absl/strings/str_cat.h"
#include "core/cluster/worker_commands.h"

namespace cluster {

std::optional<int> Worker::Process::exit_code() const {
  const WorkerRecord& record = worker_->record_;
  if (record.spawn_errno != 0) return -record.spawn_errno;
  if (!record.exit.has_value() || record.exit->signal != 0) return std::nullopt;
  return record.exit->code;
}

std::optional<int> Worker::Process::signal() const {
  const WorkerRecord& record = worker_->record_;
  if (!record.exit.has_value() || record.exit->signal == 0) return std::nullopt;
  return record.exit->signal;
}

std::shared_ptr<Stream> Worker::Process::stream(size_t number) const {
  return number < worker_->streams_.size() ? worker_->streams_[number]
                                           : nullptr;
}

void Worker::Process::disconnect() {
  if (worker_->commands_ != nullptr) worker_->commands_->CloseChannel(*worker_);
}

Worker& Worker::disconnect(std::optional<absl::Duration> deadline) {
  if (commands_ != nullptr) commands_->Disconnect(*this, deadline);
  return *this;
}

absl::Status Worker::set_weight(uint32_t weight) {
  return commands_ != nullptr ? commands_->SetWeight(*this, weight) : Dead();
}

absl::Status Worker::pause() {
  return commands_ != nullptr ? commands_->SetPaused(*this, true) : Dead();
}

absl::Status Worker::resume() {
  return commands_ != nullptr ? commands_->SetPaused(*this, false) : Dead();
}

absl::Status Worker::Dead() const {
  return absl::NotFoundError(absl::StrCat("worker ", id_, " is dead"));
}

absl::Status Worker::NoCluster() const {
  return absl::NotFoundError(
      absl::StrCat("the cluster of worker ", id_, " is gone"));
}

bool Worker::send(const Message& message,
                  HandleArgument handle,
                  const SendOptions& options,
                  SendCallback sent) {
  if (commands_ != nullptr) {
    return commands_->Send(*this, message, handle, options, std::move(sent));
  }
  if (sent) sent(NoCluster());
  return false;
}

void Worker::request(const Message& message,
                     absl::Duration deadline,
                     ReplyCallback replied,
                     HandleArgument handle,
                     const SendOptions& options) {
  if (commands_ == nullptr) {
    Reply none = NoReply(NoCluster());
    return replied(none);
  }
  commands_->Ask(*this, message, deadline, std::move(replied), handle, options);
}

bool Worker::Send(int signal) {
  return commands_ != nullptr && commands_->Kill(*this, signal);
}

}  // namespace cluster
