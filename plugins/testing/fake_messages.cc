#include "plugins/testing/fake_messages.h"

#include <fcntl.h>

#include <chrono>

#include "plugins/testing/fake_host.h"

namespace cluster {
namespace {

constexpr auto kPatience = std::chrono::seconds(10);

// Calls `function` with the message as the ABI has it, and closes the
// descriptors that were not taken.
template <typename Function>
void Show(FakeMessages::Incoming& message,
          uint64_t request,
          Function&& function) {
  std::vector<int32_t> fds;
  for (const UniqueFd& fd : message.fds) fds.push_back(fd.get());
  const cluster_message shown = {
      sizeof(shown),
      message.from_worker,
      message.from_slot,
      static_cast<uint32_t>(fds.size()),
      request,
      {message.payload.data(), message.payload.size()},
      fds.data()};
  function(&shown);
  for (size_t i = 0; i < fds.size(); ++i) {
    if (fds[i] == -1) (void)message.fds[i].Release();
  }
}

}  // namespace

struct FakeMessages::Calls {
  static FakeMessages& Of(const cluster_host* host) {
    return static_cast<FakeHost*>(host->host_data)->messages();
  }

  static cluster_status OnMessage(const cluster_host* host,
                                  void (*received)(void*,
                                                   const cluster_message*),
                                  void* ctx) {
    FakeMessages& self = Of(host);
    if (const auto no = self.outcome()) return no;
    self.received_ = received;
    self.ctx_ = ctx;
    self.host_.Enqueue([&self] { self.ReceiveKept(); });
    return CLUSTER_OK;
  }

  static cluster_status Send(const cluster_host* host,
                             const cluster_outgoing* message) {
    return Of(host).Keep(message,
                         {.to = message->to, .number = message->number});
  }

  static cluster_status Request(const cluster_host* host,
                                const cluster_outgoing* message,
                                uint64_t timeout_ms,
                                void (*replied)(void*,
                                                cluster_status,
                                                const cluster_message*),
                                void* ctx) {
    FakeMessages& self = Of(host);
    const uint64_t request = self.next_number_++;
    const cluster_status status = self.Keep(message,
                                            {.to = message->to,
                                             .number = message->number,
                                             .request = request,
                                             .timeout_ms = timeout_ms});
    if (status == CLUSTER_OK) self.waiting_[request] = {replied, ctx};
    return status;
  }

  static cluster_status Reply(const cluster_host* host,
                              uint64_t request,
                              const cluster_outgoing* message) {
    FakeMessages& self = Of(host);
    if (self.asked_.count(request) == 0) return CLUSTER_E_STATE;
    const cluster_status status = self.Keep(message, {.answers = request});
    if (status == CLUSTER_OK) self.asked_.erase(request);
    return status;
  }
};

const cluster_message_v1& FakeMessages::table() {
  static constexpr cluster_message_v1 kTable = {sizeof(kTable),
                                                0,
                                                &Calls::OnMessage,
                                                &Calls::Send,
                                                &Calls::Request,
                                                &Calls::Reply};
  return kTable;
}

// ---- What the others do

void FakeMessages::Deliver(Incoming message) {
  host_.OnLoop([&] { Receive(0, std::move(message)); });
}

uint64_t FakeMessages::Ask(Incoming message) {
  uint64_t request = 0;
  host_.OnLoop([&] {
    request = next_number_++;
    asked_.insert(request);
    Receive(request, std::move(message));
  });
  return request;
}

void FakeMessages::Receive(uint64_t request, Incoming message) {
  kept_.emplace_back(request, std::move(message));
  ReceiveKept();
}

void FakeMessages::ReceiveKept() {
  while (received_ != nullptr && !kept_.empty()) {
    auto [request, message] = std::move(kept_.front());
    kept_.pop_front();
    Show(message, request, [this](const cluster_message* shown) {
      received_(ctx_, shown);
    });
  }
}

void FakeMessages::Answer(uint64_t request, Incoming reply) {
  host_.OnLoop([&] { Finish(request, CLUSTER_OK, &reply); });
}

void FakeMessages::Fail(uint64_t request, cluster_status status) {
  host_.OnLoop([&] { Finish(request, status, nullptr); });
}

void FakeMessages::Finish(uint64_t request,
                          cluster_status status,
                          Incoming* reply) {
  const auto found = waiting_.find(request);
  if (found == waiting_.end()) return;
  const Waiting waiting = found->second;
  waiting_.erase(found);
  if (reply == nullptr) return waiting.replied(waiting.ctx, status, nullptr);
  Show(*reply, 0, [&](const cluster_message* shown) {
    waiting.replied(waiting.ctx, status, shown);
  });
}

// ---- What the plugin did

cluster_status FakeMessages::Keep(const cluster_outgoing* message, Sent sent) {
  const std::lock_guard lock(mu_);
  if (outcome_ != CLUSTER_OK) return outcome_;
  if (message->payload.size > CLUSTER_MAX_MESSAGE_BYTES ||
      message->fd_count > CLUSTER_MAX_MESSAGE_FDS) {
    return CLUSTER_E_INVALID;
  }
  sent.payload.assign(message->payload.data, message->payload.size);
  for (uint32_t i = 0; i < message->fd_count; ++i) {
    sent.fds.emplace_back(fcntl(message->fds[i], F_DUPFD_CLOEXEC, 0));
    if (!sent.fds.back()) return CLUSTER_E_INVALID;
  }
  sent_.push_back(std::move(sent));
  changed_.notify_all();
  return CLUSTER_OK;
}

FakeMessages::Sent FakeMessages::AwaitSent() {
  std::unique_lock lock(mu_);
  if (!changed_.wait_for(lock, kPatience, [this] { return !sent_.empty(); })) {
    return {};
  }
  Sent sent = std::move(sent_.front());
  sent_.pop_front();
  return sent;
}

size_t FakeMessages::sent_count() {
  const std::lock_guard lock(mu_);
  return sent_.size();
}

cluster_status FakeMessages::outcome() {
  const std::lock_guard lock(mu_);
  return outcome_;
}

void FakeMessages::set_outcome(cluster_status outcome) {
  const std::lock_guard lock(mu_);
  outcome_ = outcome;
}

}  // namespace cluster
