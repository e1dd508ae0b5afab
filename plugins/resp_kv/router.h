// Router: has a command done by the worker that owns its key.
//
// Commands for one worker go to it in the order in which they came, at most one
// batch at a time: what comes meanwhile is the next batch, so that the busier
// it gets the fewer messages there are. A command is sent once. What becomes of
// it is known by its reply or not at all; it is never repeated, unless the
// owner itself says that it was not done.
//
// Thread safety: loop thread only.
// Lifetime: what it is given must outlive it, and the link must not call back
// after its end.
//
//   Router router({.slot = 0, .slot_count = 4}, link, shard, clock);
//   router.Submit(2, request, answer, /*part=*/0);
#ifndef PLUGINS_RESP_KV_ROUTER_H_
#define PLUGINS_RESP_KV_ROUTER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/resp_kv/answer_queue.h"
#include "plugins/resp_kv/peer_link.h"
#include "plugins/resp_kv/shard.h"

namespace cluster::resp_kv {

class Router {
 public:
  struct Options {
    uint32_t slot = 0;  // this worker's
    uint32_t slot_count = 1;
    int64_t timeout_ms = 1000;  // of a command, from Submit() to its answer
  };

  Router(const Options& options, PeerLink& link, Shard& shard, Clock clock)
      : options_(options),
        link_(link),
        shard_(shard),
        clock_(std::move(clock)),
        peers_(options.slot_count) {}
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  uint32_t slot_count() const { return options_.slot_count; }

  // Whether commands on keys of slot `slot` are done within Submit().
  bool IsHere(uint32_t slot) const {
    return slot == options_.slot && shard_.here();
  }

  // Has `request`, which is for one shard, done by the worker of `slot`. Its
  // reply becomes part `part` of `answer`, now or later.
  void Submit(uint32_t slot,
              std::span<const std::string_view> request,
              const std::shared_ptr<Answer>& answer,
              size_t part);

  // Batches sent, and commands in them.
  uint64_t batches() const { return batches_; }
  uint64_t forwarded() const { return forwarded_; }

 private:
  struct Item {
    std::string command;
    int64_t deadline_ms;
    std::shared_ptr<Answer> answer;
    size_t part;
  };
  struct Peer {
    std::deque<Item> waiting;
    std::vector<Item> asked;  // the batch on its way
    bool called = false;      // Send() comes by itself
  };

  void SendSoon(uint32_t slot);
  void Send(uint32_t slot);
  void DropOverdue(Peer& peer);
  void OnReply(uint32_t slot, cluster_status status, std::string_view replies);
  static void Fail(std::span<Item> items, std::string_view error);

  const Options options_;
  PeerLink& link_;
  Shard& shard_;
  const Clock clock_;
  std::vector<Peer> peers_;  // by slot
  uint64_t batches_ = 0;
  uint64_t forwarded_ = 0;
};

}  // namespace cluster::resp_kv

#endif  // PLUGINS_RESP_KV_ROUTER_H_
