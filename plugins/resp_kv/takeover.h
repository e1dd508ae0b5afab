// Takeover: makes sure that no earlier worker of this slot still answers for
// its keys, before this worker does.
//
// Ids grow, so an earlier worker of the slot has a smaller one. Each smaller id
// is told, and must have said that it heard, or be gone. One that does neither
// (it is stopped) is told again, for as long as that takes.
//
// Thread safety: loop thread only.
// Lifetime: the link must outlive it, and must not call back after that.
//
//   Takeover takeover(link, /*own_id=*/7, [&] { shard.OnTakenOver(); });
//   takeover.Start();
#ifndef PLUGINS_RESP_KV_TAKEOVER_H_
#define PLUGINS_RESP_KV_TAKEOVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>

#include "plugins/resp_kv/peer_link.h"

namespace cluster::resp_kv {

class Takeover {
 public:
  // `done` is called once: from Start() if there is nobody to ask.
  Takeover(PeerLink& link, uint32_t own_id, std::function<void()> done)
      : link_(link), next_id_(own_id), done_(std::move(done)) {}
  Takeover(const Takeover&) = delete;
  Takeover& operator=(const Takeover&) = delete;

  void Start();

  // Whether a worker must retire that has `own_slot` and `own_id`, now that one
  // with these has sent kTakeoverMessage.
  static bool Replaces(uint32_t from_slot,
                       uint32_t from_id,
                       uint32_t own_slot,
                       uint32_t own_id) {
    return from_slot == own_slot && from_id > own_id;
  }

 private:
  void Ask(uint32_t id);
  void OnReply(uint32_t id, cluster_status status);

  PeerLink& link_;
  uint32_t next_id_;  // those from here up were asked; they count down
  size_t asked_ = 0;  // and have not answered
  std::function<void()> done_;
};

}  // namespace cluster::resp_kv

#endif  // PLUGINS_RESP_KV_TAKEOVER_H_
