// PeerLink: how a worker asks others, and asks to be called later. What needs
// it can so be tested without processes.
//
// Thread safety: loop thread only.
#ifndef PLUGINS_RESP_KV_PEER_LINK_H_
#define PLUGINS_RESP_KV_PEER_LINK_H_

#include <cstdint>
#include <functional>
#include <string_view>

#include "plugins/abi/cluster_plugin.h"

namespace cluster::resp_kv {

class PeerLink {
 public:
  // `reply` is borrowed, and empty unless `status` is CLUSTER_OK.
  using Replied =
      std::function<void(cluster_status status, std::string_view reply)>;

  virtual ~PeerLink() = default;

  // Sends `message` and calls `replied` once, later, from the loop: with the
  // reply, or CLUSTER_E_GONE or CLUSTER_E_TIMEOUT. If it returns anything but
  // CLUSTER_OK nothing was sent, and `replied` is not called. `timeout_ms` > 0.
  virtual cluster_status AskSlot(uint32_t slot,
                                 std::string_view message,
                                 int64_t timeout_ms,
                                 Replied replied) = 0;
  virtual cluster_status AskWorker(uint32_t worker_id,
                                   std::string_view message,
                                   int64_t timeout_ms,
                                   Replied replied) = 0;

  // Calls `run` once from the loop: at the end of this round, or after a time.
  virtual void CallSoon(std::function<void()> run) = 0;
  virtual void CallAfter(int64_t delay_ms, std::function<void()> run) = 0;
};

}  // namespace cluster::resp_kv

#endif  // PLUGINS_RESP_KV_PEER_LINK_H_
