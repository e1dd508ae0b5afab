// HostPeerLink: PeerLink by the messages, posts and timers of the host.
//
// Thread safety: loop thread only.
// Lifetime: after its end nothing is called.
#ifndef PLUGINS_RESP_KV_HOST_PEER_LINK_H_
#define PLUGINS_RESP_KV_HOST_PEER_LINK_H_

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string_view>

#include "plugins/resp_kv/peer_link.h"
#include "plugins/sdk/host.h"
#include "plugins/sdk/loop.h"
#include "plugins/sdk/messages.h"

namespace cluster::resp_kv {

class HostPeerLink final : public PeerLink {
 public:
  explicit HostPeerLink(const sdk::Host& host) : host_(host) {}

  cluster_status AskSlot(uint32_t slot,
                         std::string_view message,
                         int64_t timeout_ms,
                         Replied replied) override;
  cluster_status AskWorker(uint32_t worker_id,
                           std::string_view message,
                           int64_t timeout_ms,
                           Replied replied) override;
  void CallSoon(std::function<void()> run) override;
  void CallAfter(int64_t delay_ms, std::function<void()> run) override;

 private:
  cluster_status Ask(sdk::To to,
                     std::string_view message,
                     int64_t timeout_ms,
                     Replied replied);

  const sdk::Host host_;
  std::list<sdk::Timer> timers_;
  // What a late callback looks at first.
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace cluster::resp_kv

#endif  // PLUGINS_RESP_KV_HOST_PEER_LINK_H_
