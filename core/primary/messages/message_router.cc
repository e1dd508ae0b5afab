#include "core/primary/messages/message_router.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/primary/messages/message_window.h"

namespace cluster {
namespace {

using Bytes = std::span<const std::byte>;

absl::Status CheckFirstPart(const MessageHead& head, Bytes bytes, size_t fds) {
  if (head.total_bytes > kMaxUserMessageBytes) {
    return absl::ResourceExhaustedError(absl::StrCat("it sends a message of ",
                                                     head.total_bytes,
                                                     " bytes, and at most ",
                                                     kMaxUserMessageBytes,
                                                     " are allowed"));
  }
  if (fds > kMaxUserMessageFds) {
    return absl::ResourceExhaustedError(
        absl::StrCat("it sends a message with ", fds, " descriptors"));
  }
  if (bytes.size() > std::min<uint64_t>(head.total_bytes, kMaxPartBytes)) {
    return absl::DataLossError("it sends more of a message than announced");
  }
  return absl::OkStatus();
}

absl::Status WindowExceeded() {
  return absl::ResourceExhaustedError(
      "it sends messages though its window is used up");
}

}  // namespace

// ---- Who is there

MessageRouter::Peer* MessageRouter::Find(uint32_t worker) const {
  const auto found = peers_.find(worker);
  return found == peers_.end() ? nullptr : found->second.get();
}

void MessageRouter::Add(uint32_t worker, uint32_t slot) {
  auto peer = std::make_unique<Peer>();
  peer->id = worker;
  peer->slot = slot;
  peers_.emplace(worker, std::move(peer));
  newest_[slot] = worker;
}

void MessageRouter::Remove(uint32_t worker) {
  const auto found = peers_.find(worker);
  if (found == peers_.end()) return;
  const std::unique_ptr<Peer> gone = std::move(found->second);
  peers_.erase(found);
  if (const auto newest = newest_.find(gone->slot);
      newest != newest_.end() && newest->second == worker) {
    newest_.erase(newest);
  }
  for (const auto& [id, peer] : peers_) std::erase(peer->targets, worker);
  // A message that was refused has targets, too, and never began.
  if (gone->left == 0) gone->targets.clear();
  for (const uint32_t target : gone->targets) {
    if (target != worker) Cut(*gone, target);  // else it wrote to itself
  }
  for (const RequestTable::Open& open : requests_.TakeAllOf(worker)) {
    if (open.asked == worker) {
      FailRequest(open.key, CLUSTER_E_GONE);
      continue;
    }
    const ForgetRequest forgotten = {.request = open.key.request,
                                     .asker = worker};
    QueueNotice(open.asked, FrameType::kForgotten, BytesOf(forgotten));
  }
  gone->waiting.Forgive(
      [this](uint32_t sender, uint64_t cost) { Settle(sender, cost); });
  ReportDropped(*gone);
}

// ---- Messages

absl::Status MessageRouter::OnMessage(uint32_t worker,
                                      Bytes payload,
                                      std::vector<UniqueFd> fds) {
  Peer* const from = Find(worker);
  if (from == nullptr) return absl::OkStatus();
  const uint64_t cost = MessageCost(payload.size(), fds.size());
  if (!from->window.Take(cost)) return WindowExceeded();
  const auto head = TakeHead<MessageHead>(&payload);
  if (!head.has_value()) {
    return absl::DataLossError("it sends a message without its head");
  }
  if (from->left > 0) {
    return absl::DataLossError("it begins a message within another");
  }
  RETURN_IF_ERROR(CheckFirstPart(*head, payload, fds.size()));
  cluster_status refusal = CLUSTER_OK;
  RETURN_IF_ERROR(Resolve(*from, *head, &refusal));
  from->left = head->total_bytes - payload.size();
  if (refusal != CLUSTER_OK) {
    // Paid for until it is read: else asking nobody would be free.
    const RequestFailure failure = {.request = head->request,
                                    .status = refusal};
    QueueFor(*from,
             FrameType::kRequestFailed,
             BytesOf(failure),
             {},
             {},
             worker,
             cost);
    return absl::OkStatus();
  }
  const bool is_reply = head->to == MessageTo::kAsker;
  const DeliveryHead delivery = {.from_worker = worker,
                                 .from_slot = from->slot,
                                 .request = head->request,
                                 .total_bytes = head->total_bytes,
                                 .is_reply = is_reply ? 1u : 0u,
                                 .lost_fds = DropLost(*from, &fds)};
  Forward(*from,
          FrameType::kDelivery,
          BytesOf(delivery),
          payload,
          std::move(fds),
          cost);
  EndIfWhole(*from);
  return absl::OkStatus();
}

absl::Status MessageRouter::OnPart(uint32_t worker, Bytes payload) {
  Peer* const from = Find(worker);
  if (from == nullptr) return absl::OkStatus();
  const uint64_t cost = MessageCost(payload.size(), 0);
  if (!from->window.Take(cost)) return WindowExceeded();
  if (payload.empty() ||
      payload.size() > std::min<uint64_t>(from->left, kMaxPartBytes)) {
    return absl::DataLossError("it sends a part that belongs to no message");
  }
  from->left -= payload.size();
  CutFull(*from);
  const PartHead head = {.from_worker = worker};
  Forward(*from, FrameType::kDeliveryPart, BytesOf(head), payload, {}, cost);
  EndIfWhole(*from);
  return absl::OkStatus();
}

void MessageRouter::EndIfWhole(Peer& from) {
  if (from.left > 0) return;
  from.targets.clear();
  if (from.answers.request != 0) requests_.Erase(from.answers);
}

// ---- On the way

void MessageRouter::Forward(Peer& from,
                            FrameType type,
                            Bytes head,
                            Bytes bytes,
                            std::vector<UniqueFd> fds,
                            uint64_t cost) {
  const size_t count = from.targets.size();
  if (count == 0) return Settle(from.id, cost);
  // Each pays its share, so that the sender has it all back when all have read.
  size_t number = 0;
  for (const uint32_t target : from.targets) {
    const uint64_t share = cost * (number + 1) / count - cost * number / count;
    const bool last = ++number == count;
    if (target == kPrimaryId) {
      // The only one then. It acts at once, and keeps little.
      out_.QueueForPrimary(type, head, bytes, std::move(fds));
      Settle(from.id, share);
      continue;
    }
    Peer& to = *Find(target);
    const size_t wanted = fds.size();
    std::vector<UniqueFd> own = FdsFor(from, to, fds, last);
    const auto missing = static_cast<uint32_t>(wanted - own.size());
    if (missing == 0) {
      QueueFor(to, type, head, bytes, std::move(own), from.id, share);
      continue;
    }
    // Only the first part has descriptors.
    Bytes rest = head;
    DeliveryHead lossy = *TakeHead<DeliveryHead>(&rest);
    lossy.lost_fds += missing;
    QueueFor(to, type, BytesOf(lossy), bytes, std::move(own), from.id, share);
  }
}

void MessageRouter::QueueFor(Peer& to,
                             FrameType type,
                             Bytes head,
                             Bytes bytes,
                             std::vector<UniqueFd> fds,
                             uint32_t sender,
                             uint64_t cost) {
  const size_t count = fds.size();
  const uint64_t whole = MessageCost(head.size() + bytes.size(), count);
  const uint64_t end = out_.Queue(to.id, type, head, bytes, std::move(fds));
  to.waiting.Add({.end = end,
                  .sender = to.stuck ? 0 : sender,
                  .cost = cost,
                  .bytes = whole,
                  .fds = count,
                  .fds_of = count > 0 ? sender : 0});
  if (to.stuck) Settle(sender, cost);
}

void MessageRouter::Settle(uint32_t sender, uint64_t cost) {
  Peer* const peer = Find(sender);
  if (peer == nullptr) return;
  peer->window.Settle(cost);
  GiveCredit(*peer);
}

void MessageRouter::GiveCredit(Peer& peer) {
  // One at a time: who does not read does not collect them here.
  if (peer.window.owed() < MessageWindow::kCreditStep ||
      peer.credit_end > peer.written) {
    return;
  }
  const Credit credit = {.bytes = peer.window.TakeCredit()};
  peer.credit_end =
      out_.Queue(peer.id, FrameType::kCredit, BytesOf(credit), {}, {});
}

void MessageRouter::OnWritten(uint32_t worker, uint64_t written_bytes) {
  Peer* const peer = Find(worker);
  if (peer == nullptr) return;
  peer->written = written_bytes;
  peer->waiting.PopWritten(
      written_bytes,
      [this](uint32_t sender, uint64_t cost) { Settle(sender, cost); });
  if (peer->stuck && peer->waiting.empty()) {
    peer->stuck = false;
    ReportDropped(*peer);
  }
  GiveCredit(*peer);
}

uint64_t MessageRouter::WaitingBytes(uint32_t worker) const {
  const Peer* const peer = Find(worker);
  return peer == nullptr ? 0 : peer->waiting.bytes();
}

bool MessageRouter::AnyWaits() const {
  return std::any_of(peers_.begin(), peers_.end(), [](const auto& entry) {
    return !entry.second->waiting.empty();
  });
}

void MessageRouter::Tick() {
  for (const auto& [id, peer] : peers_) {
    const bool stands = peer->stall.Look(!peer->waiting.empty(), peer->written);
    if (!stands || peer->stuck) continue;
    peer->stuck = true;
    peer->waiting.Forgive(
        [this](uint32_t sender, uint64_t cost) { Settle(sender, cost); });
  }
}

void MessageRouter::ReportDropped(Peer& peer) {
  const uint64_t dropped = std::exchange(peer.dropped, 0);
  if (dropped == 0) return;
  out_.Trouble(absl::StrCat(dropped,
                            " messages to worker ",
                            peer.id,
                            " were dropped, as it did not read"));
}

// ---- Requests that end without a reply

absl::Status MessageRouter::OnForget(uint32_t worker, Bytes payload) {
  Peer* const from = Find(worker);
  if (from == nullptr) return absl::OkStatus();
  const uint64_t cost = MessageCost(payload.size(), 0);
  if (!from->window.Take(cost)) return WindowExceeded();
  const auto forget = TakeHead<ForgetRequest>(&payload);
  if (!forget.has_value()) {
    return absl::DataLossError("it forgets a request without saying which");
  }
  const RequestKey key = {.asker = worker, .request = forget->request};
  const std::optional<uint32_t> asked_id = requests_.AskedOf(key);
  requests_.Erase(key);
  const ForgetRequest forgotten = {.request = key.request, .asker = worker};
  if (asked_id == kPrimaryId) {
    out_.QueueForPrimary(FrameType::kForgotten, BytesOf(forgotten), {}, {});
  }
  Peer* const asked = Find(asked_id.value_or(kPrimaryId));
  // A stuck one finds out when its reply gets no further.
  if (asked == nullptr || asked->stuck) {
    Settle(worker, cost);
    return absl::OkStatus();
  }
  QueueFor(
      *asked, FrameType::kForgotten, BytesOf(forgotten), {}, {}, worker, cost);
  return absl::OkStatus();
}

void MessageRouter::FailRequest(RequestKey key, cluster_status status) {
  const RequestFailure failure = {.request = key.request, .status = status};
  QueueNotice(key.asker, FrameType::kRequestFailed, BytesOf(failure));
}

void MessageRouter::QueueNotice(uint32_t to, FrameType type, Bytes head) {
  if (to == kPrimaryId) {
    out_.QueueForPrimary(type, head, {}, {});
  } else if (Find(to) != nullptr) {
    out_.Queue(to, type, head, {}, {});
  }
}

}  // namespace cluster
