// To whom a message goes: the part of MessageRouter that knows addresses.
#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/primary/messages/message_router.h"

namespace cluster {

absl::Status MessageRouter::Resolve(Peer& from,
                                    const MessageHead& head,
                                    cluster_status* refusal) {
  from.targets.clear();
  from.asks = {};
  from.answers = {};
  switch (head.to) {
    case MessageTo::kPrimary:
      if (!primary_takes_) {
        RefuseForPrimary(from, head, refusal);
        return absl::OkStatus();
      }
      from.targets.push_back(kPrimaryId);
      break;
    case MessageTo::kWorker:
      AddTarget(from, head.number);
      break;
    case MessageTo::kSlot: {
      const auto newest = newest_.find(head.number);
      if (newest != newest_.end()) AddTarget(from, newest->second);
      break;
    }
    case MessageTo::kOthers:
      if (head.request != 0) {
        return absl::DataLossError("it asks all others at once");
      }
      for (const auto& [id, peer] : peers_) {
        if (id != from.id) AddTarget(from, id);
      }
      return absl::OkStatus();
    case MessageTo::kAsker:
      return ResolveReply(from, head);
    default:
      return absl::DataLossError("it sends a message to nobody known");
  }
  if (head.request == 0) return absl::OkStatus();
  if (from.targets.empty()) {
    const bool is_there = head.to == MessageTo::kWorker
                              ? Find(head.number) != nullptr
                              : newest_.contains(head.number);
    *refusal = is_there ? CLUSTER_E_FULL : CLUSTER_E_GONE;
    return absl::OkStatus();
  }
  from.asks = {.asker = from.id, .request = head.request};
  if (requests_.Add(from.asks, from.targets.front())) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      "it asks with a number that is in use, or too many requests at once");
}

void MessageRouter::RefuseForPrimary(Peer& from,
                                     const MessageHead& head,
                                     cluster_status* refusal) {
  if (head.request != 0) {
    *refusal = CLUSTER_E_UNSUPPORTED;
  } else if (!std::exchange(from.wrote_to_primary, true)) {
    out_.Trouble(absl::StrCat("worker ",
                              from.id,
                              " sends messages to the primary, which takes "
                              "none here: they are dropped"));
  }
}

absl::Status MessageRouter::ResolveReply(Peer& from, const MessageHead& head) {
  const RequestKey key = {.asker = head.number, .request = head.request};
  const std::optional<uint32_t> asked = requests_.AskedOf(key);
  // The asker may have ended or lost patience just now.
  if (!asked.has_value()) return absl::OkStatus();
  if (asked != from.id) {
    return absl::DataLossError("it answers a request to somebody else");
  }
  if (key.asker == kPrimaryId) {
    from.targets.push_back(kPrimaryId);
  } else {
    AddTarget(from, head.number);
  }
  if (!from.targets.empty()) {
    from.answers = key;
  } else {
    requests_.Erase(key);
    FailRequest(key, CLUSTER_E_FULL);
  }
  return absl::OkStatus();
}

void MessageRouter::AddTarget(Peer& from, uint32_t worker) {
  Peer* const to = Find(worker);
  if (to == nullptr) return;
  if (to->takes_no_more()) {
    ++to->dropped;
  } else {
    from.targets.push_back(worker);
  }
}

void MessageRouter::CutFull(Peer& from) {
  std::erase_if(from.targets, [&](uint32_t target) {
    if (target == kPrimaryId) return false;
    Peer& to = *Find(target);
    if (!to.takes_no_more()) return false;
    ++to.dropped;
    Cut(from, target);
    for (const RequestKey& key : {from.asks, from.answers}) {
      if (key.request == 0 || !requests_.AskedOf(key).has_value()) continue;
      requests_.Erase(key);
      FailRequest(key, CLUSTER_E_FULL);
    }
    return true;
  });
}

void MessageRouter::Cut(const Peer& from, uint32_t target) {
  const PartHead cut = {.from_worker = from.id};
  QueueNotice(target, FrameType::kDeliveryCut, BytesOf(cut));
}

// ---- The primary as a party

bool MessageRouter::AddRequestOfPrimary(uint64_t request, uint32_t asked) {
  return Find(asked) != nullptr &&
         requests_.Add({.asker = kPrimaryId, .request = request}, asked);
}

std::optional<uint32_t> MessageRouter::ForgetRequestOfPrimary(
    uint64_t request) {
  const RequestKey key = {.asker = kPrimaryId, .request = request};
  const std::optional<uint32_t> asked = requests_.AskedOf(key);
  requests_.Erase(key);
  return asked;
}

bool MessageRouter::EndRequestToPrimary(RequestKey key) {
  if (requests_.AskedOf(key) != kPrimaryId) return false;
  requests_.Erase(key);
  return true;
}

void MessageRouter::FailRequestToPrimary(RequestKey key,
                                         cluster_status status) {
  if (EndRequestToPrimary(key)) FailRequest(key, status);
}

void MessageRouter::AddOfPrimary(uint32_t to, uint64_t end, uint64_t bytes) {
  // At nobody's cost; the number only keeps the entries apart.
  Peer* const peer = Find(to);
  if (peer == nullptr) return;
  peer->waiting.Add(
      {.end = end, .sender = kPrimaryId, .cost = bytes, .bytes = bytes});
}

}  // namespace cluster
