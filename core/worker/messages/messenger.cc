#include "core/worker/messages/messenger.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "ipc/lost_descriptors.h"

namespace cluster {
namespace {

using Bytes = std::span<const std::byte>;

uint64_t SizeOf(const ReceivedMessage& message) {
  return MessageCost(sizeof(message) + message.bytes().size(),
                     message.fds.size());
}

// A message as the plugin sees it. Closes the descriptors that the plugin has
// not taken by writing -1 in their place; -1 stands for lost ones, too.
class Shown {
 public:
  Shown(const ReceivedMessage& message, uint64_t request) {
    for (const UniqueFd& fd : message.fds) fds_.push_back(fd.get());
    const Bytes bytes = message.bytes();
    message_ = {
        .size = sizeof(message_),
        .from_worker = message.head.from_worker,
        .from_slot = message.head.from_slot,
        .fd_count = static_cast<uint32_t>(fds_.size()),
        .request = request,
        .payload = {reinterpret_cast<const char*>(bytes.data()), bytes.size()},
        .fds = fds_.empty() ? nullptr : fds_.data()};
  }

  const cluster_message* get() const { return &message_; }

  void ReleaseTaken(std::vector<UniqueFd>& fds) const {
    for (size_t i = 0; i < fds.size(); ++i) {
      if (fds_[i] == -1) (void)fds[i].Release();
    }
  }

 private:
  std::vector<int32_t> fds_;
  cluster_message message_;
};

}  // namespace

Messenger::Messenger(Loop& loop,
                     MessageOutbox::SendFunction send,
                     WarnFunction warn)
    : loop_(loop), outbox_(free_, std::move(send)), warn_(std::move(warn)) {}

// ---- What the primary brings

bool Messenger::Takes(const Frame& frame) {
  const auto type = static_cast<FrameType>(frame.type);
  return type >= FrameType::kDelivery && type <= FrameType::kCredit;
}

absl::Status Messenger::OnFrame(Frame frame) {
  const auto take = [this](ReceivedMessage message) {
    Take(std::move(message));
  };
  Bytes payload = frame.payload;
  const auto type = static_cast<FrameType>(frame.type);
  if (type == FrameType::kCredit) {
    const auto credit = TakeHead<Credit>(&payload);
    if (!credit.has_value()) return absl::DataLossError("malformed Credit");
    outbox_.OnCredit(credit->bytes);
    FreeSoon({});
    return absl::OkStatus();
  }
  if (closed_) return absl::OkStatus();
  switch (type) {
    case FrameType::kDelivery:
      return assembly_.OnDelivery(payload, std::move(frame.fds), take);
    case FrameType::kDeliveryPart:
      return assembly_.OnPart(payload, take);
    case FrameType::kDeliveryCut: {
      ASSIGN_OR_RETURN(SharedBytes cut, assembly_.OnCut(payload));
      FreeSoon(std::move(cut));
      return absl::OkStatus();
    }
    case FrameType::kRequestFailed:
      return OnRequestFailed(payload);
    default:
      return OnForgotten(payload);
  }
}

void Messenger::WarnOfLost(const ReceivedMessage& message) {
  const size_t lost = CountLost(message.fds);
  // The primary has said so of those that it has lost.
  if (lost <= message.head.lost_fds || std::exchange(lost_fds_, true)) return;
  warn_(absl::StrCat("messages come without their descriptors: ",
                     DescriptorsLost().message()));
}

void Messenger::Take(ReceivedMessage message) {
  WarnOfLost(message);
  if (message.head.is_reply != 0) return TakeReply(std::move(message));
  uint64_t number = 0;
  if (message.head.request != 0) {
    number = next_asked_++;
    const Asked asked(message.head.from_worker, message.head.request);
    asked_.emplace(number, asked);
    asked_numbers_.emplace(asked, number);
  }
  if (received_ == nullptr || !kept_.empty()) {
    return KeepForLater(number, std::move(message));
  }
  Deliver(number, std::move(message));
}

void Messenger::Deliver(uint64_t number, ReceivedMessage message) {
  Show(number, std::move(message), [this](const cluster_message* shown) {
    received_(received_ctx_, shown);
  });
}

void Messenger::Show(
    uint64_t number,
    ReceivedMessage message,
    absl::FunctionRef<void(const cluster_message* message)> call) {
  if (StepwiseFree::IsLarge(message.bytes().size())) large_ = message.Share();
  const Shown shown(message, number);
  call(shown.get());
  shown.ReleaseTaken(message.fds);
  // What the program has kept is its to free.
  SharedBytes large = std::exchange(large_, {});
  if (large.is_sole()) FreeSoon(std::move(large));
}

// ---- Large bytes

void Messenger::FreeSoon(SharedBytes bytes) {
  free_.Add(std::move(bytes));
  if (free_.empty() || free_due_ != nullptr || closed_) return;
  free_due_ = loop_.StartTimer(0, &Messenger::OnFreeDue, this);
}

void Messenger::OnFreeDue(void* messenger) {
  auto* const self = static_cast<Messenger*>(messenger);
  self->free_due_ = nullptr;
  if (self->free_.Step(/*all_sent=*/self->outbox_.empty())) self->FreeSoon({});
}

// ---- Messages that nobody has asked for yet

void Messenger::KeepForLater(uint64_t number, ReceivedMessage message) {
  if (!message.Keep()) return ForgetAsked(number);
  kept_bytes_ += SizeOf(message);
  kept_.emplace_back(number, std::move(message));
  while (kept_bytes_ > kMaxWaitingBytes && kept_.size() > 1) {
    if (kept_dropped_++ == 0) {
      warn_(
          "messages are dropped: 64 MiB wait that the plugin does not ask "
          "for");
    }
    ForgetAsked(kept_.front().first);
    kept_bytes_ -= SizeOf(kept_.front().second);
    FreeSoon(kept_.front().second.Share());
    kept_.pop_front();
  }
}

void Messenger::DeliverKept() {
  due_ = nullptr;
  if (const uint64_t dropped = std::exchange(kept_dropped_, 0); dropped > 0) {
    warn_(absl::StrCat(dropped,
                       " messages were dropped before the plugin ",
                       "asked for messages"));
  }
  while (!kept_.empty()) {
    auto [number, message] = std::move(kept_.front());
    kept_bytes_ -= SizeOf(message);
    kept_.pop_front();
    Deliver(number, std::move(message));
  }
}

void Messenger::OnDue(void* messenger) {
  static_cast<Messenger*>(messenger)->DeliverKept();
}

void Messenger::OnMessage(Received received, void* ctx) {
  received_ = received;
  received_ctx_ = ctx;
  if (!kept_.empty() && due_ == nullptr) {
    due_ = loop_.StartTimer(0, &Messenger::OnDue, this);
  }
}

// ---- What the plugin sends

cluster_status Messenger::Send(const cluster_outgoing& message,
                               Done done,
                               SharedBytes shared) {
  OutgoingMessage outgoing;
  cluster_status status = ReadTarget(message, slots_, &outgoing);
  if (status == CLUSTER_OK) status = ReadContent(message, &outgoing);
  if (status != CLUSTER_OK) return status;
  return outbox_.Add(outgoing.head,
                     outgoing.bytes,
                     std::move(outgoing.fds),
                     std::move(done),
                     std::move(shared))
             ? CLUSTER_OK
             : CLUSTER_E_FULL;
}

cluster_status Messenger::Request(const cluster_outgoing& message,
                                  uint64_t timeout_ms,
                                  Replied replied,
                                  void* ctx,
                                  SharedBytes shared) {
  OutgoingMessage outgoing;
  cluster_status status = ReadTarget(message, slots_, &outgoing);
  if (status == CLUSTER_OK) status = ReadContent(message, &outgoing);
  if (status != CLUSTER_OK) return status;
  if (waiting_.size() >= kMaxOpenRequests) return CLUSTER_E_FULL;
  outgoing.head.request = next_request_;
  if (!outbox_.Add(outgoing.head,
                   outgoing.bytes,
                   std::move(outgoing.fds),
                   {},
                   std::move(shared))) {
    return CLUSTER_E_FULL;
  }
  auto waiting = std::make_unique<Waiting>(
      Waiting{this, next_request_++, replied, ctx, nullptr});
  waiting->timer =
      loop_.StartTimer(timeout_ms * 1000, &Messenger::OnTimeout, waiting.get());
  waiting_.emplace(waiting->request, std::move(waiting));
  return CLUSTER_OK;
}

cluster_status Messenger::Reply(uint64_t request,
                                const cluster_outgoing& message,
                                Done done,
                                SharedBytes shared) {
  const auto found = asked_.find(request);
  if (found == asked_.end()) return CLUSTER_E_STATE;
  OutgoingMessage outgoing;
  const cluster_status status = ReadContent(message, &outgoing);
  if (status != CLUSTER_OK) return status;
  outgoing.head.to = MessageTo::kAsker;
  outgoing.head.number = found->second.first;
  outgoing.head.request = found->second.second;
  if (!outbox_.Add(outgoing.head,
                   outgoing.bytes,
                   std::move(outgoing.fds),
                   std::move(done),
                   std::move(shared))) {
    return CLUSTER_E_FULL;
  }
  ForgetAsked(request);
  return CLUSTER_OK;
}

void Messenger::OnWritten(uint64_t written_bytes) {
  if (!outbox_.OnWritten(written_bytes) || sent_due_ != nullptr || closed_) {
    return;
  }
  sent_due_ = loop_.StartTimer(0, &Messenger::OnSentDue, this);
}

void Messenger::OnSentDue(void* messenger) {
  auto* const self = static_cast<Messenger*>(messenger);
  self->sent_due_ = nullptr;
  self->outbox_.RunDue();
}

void Messenger::EndSent() {
  outbox_.FailRest(
      absl::NotFoundError("the channel is closed, and it was not written"));
}

void Messenger::ForgetAsked(uint64_t number) {
  const auto found = asked_.find(number);
  if (found == asked_.end()) return;
  asked_numbers_.erase(found->second);
  asked_.erase(found);
}

absl::Status Messenger::OnForgotten(Bytes payload) {
  const auto forgotten = TakeHead<ForgetRequest>(&payload);
  if (!forgotten.has_value()) return absl::DataLossError("malformed Forgotten");
  const auto found =
      asked_numbers_.find(Asked(forgotten->asker, forgotten->request));
  if (found != asked_numbers_.end()) ForgetAsked(found->second);
  return absl::OkStatus();
}

// ---- How a request ends

void Messenger::TakeReply(ReceivedMessage message) {
  const std::unique_ptr<Waiting> waiting = TakeWaiting(message.head.request);
  if (waiting == nullptr) return FreeSoon(message.Share());  // too late
  Show(0, std::move(message), [&](const cluster_message* shown) {
    waiting->replied(waiting->ctx, CLUSTER_OK, shown);
  });
}

absl::Status Messenger::OnRequestFailed(Bytes payload) {
  const auto failure = TakeHead<RequestFailure>(&payload);
  if (!failure.has_value()) {
    return absl::DataLossError("malformed RequestFailed");
  }
  const std::unique_ptr<Waiting> waiting = TakeWaiting(failure->request);
  if (waiting != nullptr) {
    waiting->replied(waiting->ctx, failure->status, nullptr);
  }
  return absl::OkStatus();
}

void Messenger::OnTimeout(void* waiting) {
  auto* const timed_out = static_cast<Waiting*>(waiting);
  timed_out->timer = nullptr;
  Messenger& self = *timed_out->messenger;
  const std::unique_ptr<Waiting> taken = self.TakeWaiting(timed_out->request);
  self.outbox_.AddForget(taken->request);
  taken->replied(taken->ctx, CLUSTER_E_TIMEOUT, nullptr);
}

std::unique_ptr<Messenger::Waiting> Messenger::TakeWaiting(uint64_t request) {
  const auto found = waiting_.find(request);
  if (found == waiting_.end()) return nullptr;
  std::unique_ptr<Waiting> waiting = std::move(found->second);
  waiting_.erase(found);
  if (waiting->timer != nullptr) loop_.CancelTimer(waiting->timer);
  return waiting;
}

// ---- The end

void Messenger::Close() {
  closed_ = true;
  for (const auto& [request, waiting] : waiting_) {
    loop_.CancelTimer(waiting->timer);
  }
  waiting_.clear();
  if (due_ != nullptr) loop_.CancelTimer(std::exchange(due_, nullptr));
  if (sent_due_ != nullptr) {
    loop_.CancelTimer(std::exchange(sent_due_, nullptr));
  }
  if (free_due_ != nullptr) {
    loop_.CancelTimer(std::exchange(free_due_, nullptr));
  }
  kept_.clear();
  kept_bytes_ = 0;
  asked_.clear();
  asked_numbers_.clear();
}

}  // namespace cluster
