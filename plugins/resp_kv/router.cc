#include "plugins/resp_kv/router.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "plugins/resp_kv/batch.h"
#include "plugins/resp_kv/reply.h"

namespace cluster::resp_kv {
namespace {

constexpr std::string_view kNotSent =
    "TIMEOUT the worker of this key is busy; nothing was done";
constexpr std::string_view kNoAnswer =
    "TIMEOUT the worker of this key does not answer; the command was done or "
    "never will be";
constexpr std::string_view kGone =
    "UNREACHABLE the worker of this key has ended, and its keys with it";
constexpr std::string_view kFull =
    "UNREACHABLE too many messages wait; nothing was done";
constexpr std::string_view kGarbled =
    "UNREACHABLE the worker of this key answers what makes no sense";

std::string_view ErrorFor(cluster_status status) {
  switch (status) {
    case CLUSTER_E_TIMEOUT:
      return kNoAnswer;
    case CLUSTER_E_FULL:
      return kFull;
    default:
      return kGone;
  }
}

}  // namespace

void Router::Submit(uint32_t slot,
                    std::span<const std::string_view> request,
                    const std::shared_ptr<Answer>& answer,
                    size_t part) {
  if (IsHere(slot)) {
    std::string reply;
    shard_.Run(request, &reply);
    return answer->Fill(part, reply);
  }
  Item item = {"", clock_() + options_.timeout_ms, answer, part};
  AppendRequest(request, &item.command);
  peers_[slot].waiting.push_back(std::move(item));
  SendSoon(slot);
}

// At the end of the round, for what else comes in it.
void Router::SendSoon(uint32_t slot) {
  Peer& peer = peers_[slot];
  if (peer.called || peer.waiting.empty() || !peer.asked.empty()) return;
  peer.called = true;
  link_.CallSoon([this, slot] {
    peers_[slot].called = false;
    Send(slot);
  });
}

void Router::Send(uint32_t slot) {
  Peer& peer = peers_[slot];
  if (!peer.asked.empty()) return;
  DropOverdue(peer);
  if (peer.waiting.empty()) return;
  // The first is the oldest, and nothing behind it may be done before it.
  const int64_t deadline_ms = peer.waiting.front().deadline_ms;
  std::string batch = StartBatch(deadline_ms);
  while (!peer.waiting.empty() && batch.size() < kBatchBytes &&
         peer.asked.size() < kBatchCommands) {
    batch += peer.waiting.front().command;
    peer.asked.push_back(std::move(peer.waiting.front()));
    peer.waiting.pop_front();
  }
  ++batches_;
  forwarded_ += peer.asked.size();
  const cluster_status sent = link_.AskSlot(
      slot,
      batch,
      std::max<int64_t>(deadline_ms - clock_(), 1),
      [this, slot](cluster_status status, std::string_view replies) {
        OnReply(slot, status, replies);
      });
  if (sent != CLUSTER_OK) OnReply(slot, sent, "");
}

void Router::DropOverdue(Peer& peer) {
  const int64_t now_ms = clock_();
  const auto is_in_time = [&](const Item& item) {
    return item.deadline_ms > now_ms;
  };
  const auto end =
      std::find_if(peer.waiting.begin(), peer.waiting.end(), is_in_time);
  std::vector<Item> overdue(std::make_move_iterator(peer.waiting.begin()),
                            std::make_move_iterator(end));
  peer.waiting.erase(peer.waiting.begin(), end);
  Fail(overdue, kNotSent);
}

void Router::OnReply(uint32_t slot,
                     cluster_status status,
                     std::string_view replies) {
  Peer& peer = peers_[slot];
  std::vector<Item> asked = std::exchange(peer.asked, {});
  if (status != CLUSTER_OK) {
    Fail(asked, ErrorFor(status));
    return SendSoon(slot);
  }
  size_t done = 0;
  while (done < asked.size()) {
    const auto reply = TakeReply(&replies);
    if (!reply) break;
    asked[done].answer->Fill(asked[done].part, *reply);
    ++done;
  }
  const std::span<Item> rest = std::span(asked).subspan(done);
  if (done == 0 && !rest.empty() && rest[0].deadline_ms > clock_()) {
    Fail(rest, kGarbled);
  } else {
    // Not done: they go first, and none can have overtaken them.
    peer.waiting.insert(peer.waiting.begin(),
                        std::make_move_iterator(rest.begin()),
                        std::make_move_iterator(rest.end()));
  }
  SendSoon(slot);
}

void Router::Fail(std::span<Item> items, std::string_view error) {
  std::string reply;
  AppendError(error, &reply);
  for (const Item& item : items) item.answer->Fill(item.part, reply);
}

}  // namespace cluster::resp_kv
