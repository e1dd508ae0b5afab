// Server: one worker's part of the store, with all that belongs to it.
//
// Thread safety: loop thread only.
// Lifetime: the host must outlive it.
#ifndef PLUGINS_RESP_KV_SERVER_H_
#define PLUGINS_RESP_KV_SERVER_H_

#include <cstdint>
#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

#include "plugins/resp_kv/dispatcher.h"
#include "plugins/resp_kv/host_peer_link.h"
#include "plugins/resp_kv/info.h"
#include "plugins/resp_kv/router.h"
#include "plugins/resp_kv/session.h"
#include "plugins/resp_kv/settings.h"
#include "plugins/resp_kv/shard.h"
#include "plugins/resp_kv/takeover.h"
#include "plugins/sdk/connection.h"
#include "plugins/sdk/host.h"
#include "plugins/sdk/messages.h"
#include "plugins/sdk/result.h"

namespace cluster::resp_kv {

class Server final : public Session::Owner {
 public:
  Server(const sdk::Host& host, const Settings& settings, Clock clock);

  // Listens to other workers, and takes over from an earlier one of its slot.
  sdk::Status Start();

  void Serve(sdk::Connection connection);

  // Ends the sessions that are idle, and others when they are; those that have
  // not asked anything get a second for it.
  void Drain();

  // Of Session::Owner.
  void OnAnswers(Session& session) override;
  void OnEnd(Session& session) override;

 private:
  void OnMessage(const sdk::Message& message);
  void DrainSessions();
  void FinishRound();
  void FinishRoundSoon();
  void StartTick();
  void Tick();
  WorkerFacts ReadFacts() const;

  const sdk::Host host_;
  const Settings settings_;
  const Clock clock_;
  const int64_t begin_ms_;
  HostPeerLink link_;
  Shard shard_;
  Router router_;
  Dispatcher dispatcher_;
  Takeover takeover_;
  std::unordered_map<Session*, std::unique_ptr<Session>> sessions_;
  std::vector<Session*> answered_;  // to be flushed
  std::vector<Session*> ended_;     // to be destroyed
  bool finishing_ = false;          // FinishRound() comes
  bool ticking_ = false;            // Tick() comes
  bool draining_ = false;
};

}  // namespace cluster::resp_kv

#endif  // PLUGINS_RESP_KV_SERVER_H_
