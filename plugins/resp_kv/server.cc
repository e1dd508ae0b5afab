#include "plugins/resp_kv/server.h"

#include <string>
#include <utility>

#include "plugins/resp_kv/batch.h"
#include "plugins/sdk/services.h"

namespace cluster::resp_kv {
namespace {

constexpr int64_t kTickMs = 100;
constexpr int64_t kFirstRequestMs = 1000;

}  // namespace

Server::Server(const sdk::Host& host, const Settings& settings, Clock clock)
    : host_(host),
      settings_(settings),
      clock_(clock),
      begin_ms_(clock()),
      link_(host),
      shard_({.max_memory_bytes = settings.max_memory_bytes,
              .replaces = host.generation() > 1},
             clock),
      router_({.slot = host.slot(),
               .slot_count = host.worker_count(),
               .timeout_ms = settings.request_timeout_ms},
              link_,
              shard_,
              clock),
      dispatcher_(shard_,
                  router_,
                  {.max_memory_bytes = settings.max_memory_bytes},
                  [this] { return ReadFacts(); }),
      takeover_(link_, host.worker_id(), [this] { shard_.OnTakenOver(); }) {}

sdk::Status Server::Start() {
  const sdk::Status listening = host_.OnMessage(
      [this](const sdk::Message& message) { OnMessage(message); });
  if (!listening.ok()) return listening;
  if (host_.generation() > 1) takeover_.Start();
  return sdk::Status();
}

void Server::Serve(sdk::Connection connection) {
  auto session = std::make_unique<Session>(
      *this, dispatcher_, settings_.max_output_bytes, std::move(connection));
  const sdk::Status started = session->Start(host_);
  if (!started.ok()) {
    host_.Log(CLUSTER_LOG_WARNING, started.message());
    return;
  }
  Session* const key = session.get();
  sessions_.emplace(key, std::move(session));
  if (draining_) DrainSessions();
}

void Server::Drain() {
  draining_ = true;
  DrainSessions();
}

void Server::DrainSessions() {
  for (const auto& [key, session] : sessions_) session->Drain(false);
  link_.CallAfter(kFirstRequestMs, [this] {
    for (const auto& [key, session] : sessions_) session->Drain(true);
  });
}

void Server::OnMessage(const sdk::Message& message) {
  if (message.request() == 0) return;
  std::string reply;
  if (message.payload() == kTakeoverMessage) {
    if (Takeover::Replaces(message.from_slot(),
                           message.from_worker(),
                           host_.slot(),
                           host_.worker_id())) {
      shard_.Retire();
    }
  } else {
    reply = shard_.RunBatch(message.payload());
    StartTick();
  }
  // Whoever asked has given up, or its channel is full; it gets an error.
  static_cast<void>(host_.Reply(message.request(), reply));
}

void Server::OnAnswers(Session& session) {
  answered_.push_back(&session);
  FinishRoundSoon();
}

void Server::OnEnd(Session& session) {
  ended_.push_back(&session);
  FinishRoundSoon();
}

// Once for all answers of a batch.
void Server::FinishRoundSoon() {
  if (std::exchange(finishing_, true)) return;
  link_.CallSoon([this] {
    finishing_ = false;
    FinishRound();
  });
}

void Server::FinishRound() {
  for (Session* session : std::exchange(answered_, {})) {
    // What one throws must not keep the others' answers back.
    const bool fine =
        sdk::CatchAll(host_.services(), "a session", [&] { session->Flush(); });
    if (!fine) session->End();
  }
  for (Session* session : std::exchange(ended_, {})) {
    std::erase(answered_, session);
    sessions_.erase(session);
  }
  StartTick();
}

// Nothing wakes up a worker in which nothing expires.
void Server::StartTick() {
  if (ticking_ || shard_.store().expiring() == 0) return;
  ticking_ = true;
  link_.CallAfter(kTickMs, [this] {
    ticking_ = false;
    Tick();
  });
}

void Server::Tick() {
  if (shard_.RemoveDue()) {
    ticking_ = true;
    return link_.CallSoon([this] {
      ticking_ = false;
      Tick();
    });
  }
  StartTick();
}

WorkerFacts Server::ReadFacts() const {
  return {.worker_id = host_.worker_id(),
          .slot = host_.slot(),
          .clients = sessions_.size() - ended_.size(),
          .uptime_s = static_cast<uint64_t>(clock_() - begin_ms_) / 1000,
          .max_memory_bytes = settings_.max_memory_bytes,
          .batches = router_.batches(),
          .forwarded = router_.forwarded()};
}

}  // namespace cluster::resp_kv
