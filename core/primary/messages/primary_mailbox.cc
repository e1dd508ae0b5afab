#include "core/primary/messages/primary_mailbox.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "core/base/deadline_ns.h"
#include "core/base/status_macros.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

absl::Status Gone(uint32_t worker) {
  return absl::NotFoundError(
      absl::StrCat("worker ", worker, " has ended, or there never was one"));
}

absl::Status Closing(uint32_t worker) {
  return absl::NotFoundError(
      absl::StrCat("the channel to worker ", worker, " is closed"));
}

absl::Status CheckSizes(const MessagePayload& payload,
                        const MessageExtras& extras) {
  if (payload.span().size() > kMaxUserMessageBytes) {
    return absl::InvalidArgumentError(absl::StrCat("a message of ",
                                                   payload.span().size(),
                                                   " bytes, and at most ",
                                                   kMaxUserMessageBytes,
                                                   " are allowed"));
  }
  if (extras.fds.size() > kMaxUserMessageFds) {
    return absl::InvalidArgumentError(absl::StrCat("a message with ",
                                                   extras.fds.size(),
                                                   " descriptors, and at most ",
                                                   kMaxUserMessageFds,
                                                   " are allowed"));
  }
  return absl::OkStatus();
}

DeliveryHead HeadOf(uint64_t request) {
  return {
      .from_worker = kPrimaryId, .from_slot = kPrimarySlot, .request = request};
}

}  // namespace

// ---- Who is there

void PrimaryMailbox::Add(uint32_t worker) {
  outboxes_.emplace(worker, std::make_unique<PrimaryOutbox>());
}

void PrimaryMailbox::Remove(uint32_t worker) {
  const auto found = outboxes_.find(worker);
  if (found == outboxes_.end()) return;
  const std::unique_ptr<PrimaryOutbox> gone = std::move(found->second);
  outboxes_.erase(found);
  after_sent_.erase(worker);
  // What it said comes before its end; what nobody wants is of no use then.
  DeliverKeptOf(worker);
  if (wants_ && !Takes(worker)) {
    while (inbox_.has_kept(worker)) {
      FreeSoon(inbox_.TakeKept(worker).Share());
    }
  }
  gone->FailAll(Gone(worker), &due_);
  // What nobody but it held, too.
  if (!free_.empty()) carrier_.CallSoon();
  RunDue();
}

// ---- Sending

absl::StatusOr<PrimaryOutbox*> PrimaryMailbox::OutboxFor(
    uint32_t worker,
    const MessagePayload& payload,
    const MessageExtras& extras) {
  RETURN_IF_ERROR(CheckSizes(payload, extras));
  const auto found = outboxes_.find(worker);
  if (found == outboxes_.end()) return Gone(worker);
  PrimaryOutbox& outbox = *found->second;
  if (outbox.closed()) return Closing(worker);
  if (!outbox.Fits(payload.span().size(), extras.fds.size())) {
    return absl::ResourceExhaustedError(absl::StrCat(
        outbox.unsent(), " bytes for worker ", worker, " are unsent"));
  }
  return &outbox;
}

uint64_t PrimaryMailbox::QueueFor(uint32_t worker,
                                  FrameType type,
                                  std::span<const std::byte> head,
                                  const MessagePayload& rest,
                                  std::vector<UniqueFd> fds) {
  const uint64_t bytes =
      MessageCost(head.size() + rest.span().size(), fds.size());
  const uint64_t end =
      carrier_.QueueOfPrimary(worker, type, head, rest, std::move(fds));
  router_.AddOfPrimary(worker, end, bytes);
  return end;
}

bool PrimaryMailbox::SendBy(PrimaryOutbox& outbox,
                            uint32_t worker,
                            DeliveryHead head,
                            const MessagePayload& payload,
                            MessageExtras extras) {
  std::optional<MessagePayload> large;
  if (StepwiseFree::IsLarge(payload.span().size())) {
    large.emplace(payload.Share());
    free_.Add(large->Share());
  }
  outbox.Add(
      {.head = head,
       .payload = large ? *large : payload,
       .fds = std::move(extras.fds),
       .done = std::move(extras.done)},
      [&](auto... frame) { return QueueFor(worker, std::move(frame)...); });
  carrier_.CallSoon();
  return outbox.unsent() < kSendHighWatermarkBytes;
}

absl::StatusOr<bool> PrimaryMailbox::Send(uint32_t worker,
                                          const MessagePayload& payload,
                                          MessageExtras&& extras) {
  ASSIGN_OR_RETURN(PrimaryOutbox * outbox, OutboxFor(worker, payload, extras));
  return SendBy(*outbox, worker, HeadOf(0), payload, std::move(extras));
}

absl::StatusOr<std::vector<UniqueFd>> PrimaryMailbox::CopiesOf(
    const std::vector<UniqueFd>& fds) {
  std::vector<UniqueFd> copies;
  for (const UniqueFd& fd : fds) {
    ASSIGN_OR_RETURN(UniqueFd copy, carrier_.CopyFd(fd));
    copies.push_back(std::move(copy));
  }
  return copies;
}

// What is left of a message to all.
struct PrimaryMailbox::ToAll {
  size_t left = 0;
  absl::Status first_failure;
  MessageDone done;

  void OnOne(const absl::Status& status) {
    if (first_failure.ok()) first_failure = status;
    if (--left == 0 && done) done(first_failure);
  }
};

absl::StatusOr<bool> PrimaryMailbox::SendCopy(
    uint32_t worker,
    const absl::StatusOr<MessagePayload>& payload,
    const std::vector<UniqueFd>& fds,
    MessageDone done) {
  RETURN_IF_ERROR(payload.status());
  MessageExtras extras = {.fds = {}, .done = std::move(done)};
  ASSIGN_OR_RETURN(extras.fds, CopiesOf(fds));
  return Send(worker, *payload, std::move(extras));
}

absl::StatusOr<bool> PrimaryMailbox::SendToAll(const MessagePayload& payload,
                                               MessageExtras&& extras,
                                               Instead instead) {
  RETURN_IF_ERROR(CheckSizes(payload, extras));
  const absl::StatusOr<MessagePayload> shared(MessagePayload(payload.Share()));
  const std::vector<UniqueFd> fds = std::move(extras.fds);
  // Shared by the functions of the workers; one more, so that it is called
  // once and late if nobody is there.
  const auto all = std::make_shared<ToAll>();
  all->left = outboxes_.size() + 1;
  all->done = std::move(extras.done);
  const auto one = [all](const absl::Status& status) { all->OnOne(status); };
  bool go_on = true;
  for (const auto& [worker, outbox] : outboxes_) {
    if (outbox->closed()) {
      due_.push_back({one, absl::OkStatus()});  // as if it were gone
      continue;
    }
    const auto* const other = instead(worker);
    const absl::StatusOr<bool> went =
        SendCopy(worker, other ? *other : shared, fds, one);
    go_on &= went.value_or(true);
    if (!went.ok()) due_.push_back({one, went.status()});
  }
  due_.push_back({one, absl::OkStatus()});
  carrier_.CallSoon();
  return go_on;
}

uint64_t PrimaryMailbox::UnsentBytes(uint32_t worker) const {
  const auto found = outboxes_.find(worker);
  return found == outboxes_.end() ? 0 : found->second->unsent();
}

// ---- Asking

absl::Status PrimaryMailbox::Request(uint32_t worker,
                                     const MessagePayload& payload,
                                     absl::Duration timeout,
                                     Replied replied,
                                     MessageExtras&& extras) {
  ASSIGN_OR_RETURN(PrimaryOutbox * outbox, OutboxFor(worker, payload, extras));
  if (!router_.AddRequestOfPrimary(requests_.next_number(), worker)) {
    return absl::ResourceExhaustedError(
        absl::StrCat(requests_.size(), " requests wait for a reply"));
  }
  const int64_t deadline_ns =
      DeadlineNs(carrier_.NowNs(),
                 std::max<int64_t>(0, absl::ToInt64Nanoseconds(timeout)));
  const std::optional<int64_t> next_ns = requests_.next_deadline_ns();
  const uint64_t request =
      requests_.Add(worker, deadline_ns, std::move(replied));
  if (requests_.next_deadline_ns() != next_ns) carrier_.WakeAt(deadline_ns);
  SendBy(*outbox, worker, HeadOf(request), payload, std::move(extras));
  return absl::OkStatus();
}

void PrimaryMailbox::OnRequestFailed(const RequestFailure& failure) {
  const auto waiting = requests_.Take(failure.request);
  if (!waiting.has_value()) return;
  waiting->replied(failure.status == CLUSTER_E_GONE
                       ? Gone(waiting->worker)
                       : absl::ResourceExhaustedError(absl::StrCat(
                             "worker ", waiting->worker, " does not read")));
}

void PrimaryMailbox::OnTime() {
  const int64_t now_ns = carrier_.NowNs();
  while (const auto due = requests_.TakeDue(now_ns)) {
    router_.ForgetRequestOfPrimary(due->number);
    if (const auto outbox = outboxes_.find(due->worker);
        outbox != outboxes_.end()) {
      outbox->second->AddForget(due->number, [&](auto... frame) {
        return QueueFor(due->worker, std::move(frame)...);
      });
      carrier_.CallSoon();
    }
    due->replied(absl::DeadlineExceededError(
        absl::StrCat("worker ", due->worker, " has not answered in time")));
  }
  if (const auto next_ns = requests_.next_deadline_ns()) {
    carrier_.WakeAt(*next_ns);
  }
}

absl::StatusOr<bool> PrimaryMailbox::Reply(RequestKey request,
                                           const MessagePayload& payload,
                                           MessageExtras&& extras) {
  ASSIGN_OR_RETURN(PrimaryOutbox * outbox,
                   OutboxFor(request.asker, payload, extras));
  if (!router_.EndRequestToPrimary(request)) {
    return absl::FailedPreconditionError(
        absl::StrCat("worker ",
                     request.asker,
                     " waits for no reply to its request ",
                     request.request));
  }
  DeliveryHead head = HeadOf(request.request);
  head.is_reply = 1;
  return SendBy(*outbox, request.asker, head, payload, std::move(extras));
}

// ---- Turns

void PrimaryMailbox::OnWritten(uint32_t worker, uint64_t written_bytes) {
  const auto found = outboxes_.find(worker);
  if (found == outboxes_.end()) return;
  found->second->OnWritten(written_bytes, &due_);
  if (!due_.empty() || found->second->holds_messages() || !free_.empty() ||
      !after_sent_.empty()) {
    carrier_.CallSoon();
  }
}

void PrimaryMailbox::OnTurn() {
  RunDue();
  FreeSome();
  DeliverKept();
  for (const auto& [worker, outbox] : outboxes_) {
    if (!outbox->holds_messages()) continue;
    outbox->Fill([&, to = worker](auto... frame) {
      return QueueFor(to, std::move(frame)...);
    });
  }
  RunAfterSent();
}

void PrimaryMailbox::EndSending(uint32_t worker) {
  const auto found = outboxes_.find(worker);
  if (found != outboxes_.end()) found->second->Close();
}

void PrimaryMailbox::AfterSent(uint32_t worker, std::function<void()> then) {
  // Behind those that wait already, too.
  if (UnsentBytes(worker) == 0 && !after_sent_.contains(worker)) return then();
  after_sent_[worker].push_back(
      {.position = outboxes_.at(worker)->added(), .then = std::move(then)});
}

void PrimaryMailbox::RunAfterSent() {
  std::vector<std::function<void()>> calls;
  absl::erase_if(after_sent_, [&](auto& entry) {
    auto& [worker, waiting] = entry;
    const uint64_t sent = outboxes_.at(worker)->sent();
    while (!waiting.empty() && waiting.front().position <= sent) {
      calls.push_back(std::move(waiting.front().then));
      waiting.pop_front();
    }
    return waiting.empty();
  });
  for (const std::function<void()>& call : calls) call();
}

void PrimaryMailbox::RunDue() {
  // What these make due is for the next turn: others want theirs.
  const std::vector<DueCall> calls = std::exchange(due_, {});
  for (const DueCall& call : calls) call.done(call.status);
  if (!due_.empty()) carrier_.CallSoon();
}

}  // namespace cluster
