// Messages between workers, behind Host's OnMessage, Send, Request and Reply.
// Bytes in, bytes out: what they mean is the plugin's.
//
// A callback may send, ask and answer. What it throws is logged.
//
// Thread safety: loop thread only.
//
//   host().OnMessage([this](const Message& message) {
//     if (message.request() != 0) host().Reply(message.request(), "yes");
//   });
//   Status sent = host().Send(To::Slot(3), "cache: drop 17");
#ifndef PLUGINS_SDK_MESSAGES_H_
#define PLUGINS_SDK_MESSAGES_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "plugins/abi/cluster_plugin.h"
#include "plugins/sdk/descriptor.h"
#include "plugins/sdk/result.h"
#include "plugins/sdk/services.h"

namespace cluster::sdk {

// Whom a message is for.
struct To {
  static To Primary() { return {CLUSTER_TO_PRIMARY, 0}; }
  // The worker with this id.
  static To Worker(uint32_t id) { return {CLUSTER_TO_WORKER, id}; }
  // Whoever works in this slot now.
  static To Slot(uint32_t slot) { return {CLUSTER_TO_SLOT, slot}; }
  // Every worker but this one.
  static To Others() { return {CLUSTER_TO_OTHERS, 0}; }

  uint32_t kind = 0;
  uint32_t number = 0;
};

// What came. It and its payload are valid during the callback only.
class Message {
 public:
  explicit Message(const cluster_message& message) : message_(&message) {}

  // The sender; 0 and UINT32_MAX for the primary.
  uint32_t from_worker() const { return message_->from_worker; }
  uint32_t from_slot() const { return message_->from_slot; }
  // Not 0: the sender waits for a reply to this number.
  uint64_t request() const { return message_->request; }
  std::string_view payload() const {
    return {message_->payload.data, message_->payload.size};
  }

  size_t fd_count() const { return message_->fd_count; }
  // Takes the n-th descriptor, close-on-exec; none if it was taken, or got lost
  // on its way. What is not taken is closed after the callback. REQUIRES:
  // n < fd_count().
  Descriptor TakeFd(size_t n) const {
    return Descriptor(std::exchange(message_->fds[n], -1));
  }

 private:
  const cluster_message* message_;
};

// The callbacks of one instance of a plugin. Made by Services.
class Messages {
 public:
  using Received = std::function<void(const Message& message)>;
  // The failure is CLUSTER_E_GONE, CLUSTER_E_TIMEOUT, CLUSTER_E_FULL or
  // CLUSTER_E_UNSUPPORTED; cluster.message/1 says when.
  using Replied = std::function<void(Result<Message> reply)>;
  using Fds = std::span<const int32_t>;

  static Status OnMessage(const Services& services, Received received) {
    if (services.message.on_message == nullptr) return NotOffered();
    Messages& self = Of(services);
    // The old one may be running: it ends when its call does.
    auto old = std::exchange(self.received_,
                             std::make_shared<Received>(std::move(received)));
    const cluster_status code = services.message.on_message(
        services.host, &Messages::OnReceived, &self);
    if (code != CLUSTER_OK) self.received_ = std::move(old);
    return ToStatus(code);
  }

  static Status Send(const Services& services,
                     To to,
                     std::string_view payload,
                     Fds fds) {
    if (services.message.send == nullptr) return NotOffered();
    const cluster_outgoing outgoing = Outgoing(to, payload, fds);
    return ToStatus(services.message.send(services.host, &outgoing));
  }

  static Status Request(const Services& services,
                        To to,
                        std::string_view payload,
                        std::chrono::milliseconds timeout,
                        Replied replied,
                        Fds fds) {
    if (services.message.request == nullptr) return NotOffered();
    Messages& self = Of(services);
    const auto waiting = self.waiting_.emplace(self.waiting_.end());
    waiting->owner = &self;
    waiting->replied = std::move(replied);
    waiting->self = waiting;
    const cluster_outgoing outgoing = Outgoing(to, payload, fds);
    const cluster_status code = services.message.request(
        services.host,
        &outgoing,
        timeout.count() < 0 ? 0 : static_cast<uint64_t>(timeout.count()),
        &Messages::OnReplied,
        &*waiting);
    if (code != CLUSTER_OK) self.waiting_.erase(waiting);
    return ToStatus(code);
  }

  static Status Reply(const Services& services,
                      uint64_t request,
                      std::string_view payload,
                      Fds fds) {
    if (services.message.reply == nullptr) return NotOffered();
    const cluster_outgoing outgoing = Outgoing(To{}, payload, fds);
    return ToStatus(services.message.reply(services.host, request, &outgoing));
  }

  explicit Messages(const Services& services) : services_(&services) {}

 private:
  // A request that has no reply yet. Those that never get one end with this.
  struct Waiting {
    Messages* owner = nullptr;
    Replied replied;
    std::list<Waiting>::iterator self;
  };

  static Messages& Of(const Services& services) {
    if (services.messages == nullptr) {
      services.messages = std::make_shared<Messages>(services);
    }
    return *services.messages;
  }

  static cluster_outgoing Outgoing(To to, std::string_view payload, Fds fds) {
    return {.size = sizeof(cluster_outgoing),
            .to = to.kind,
            .number = to.number,
            .fd_count = static_cast<uint32_t>(fds.size()),
            .payload = {payload.data(), payload.size()},
            .fds = fds.data()};
  }

  static Status NotOffered() {
    return Status(CLUSTER_E_UNSUPPORTED, "this host has no messages");
  }

  static Status ToStatus(cluster_status code) {
    if (code == CLUSTER_OK) return Status();
    return Status(code, Words(code));
  }

  static const char* Words(cluster_status code) {
    switch (code) {
      case CLUSTER_E_FULL:
        return "too much waits to be read";
      case CLUSTER_E_GONE:
        return "the other side has ended, or there is none";
      case CLUSTER_E_TIMEOUT:
        return "no reply came in time";
      case CLUSTER_E_UNSUPPORTED:
        return "the primary answers no requests";
      case CLUSTER_E_STATE:
        return "not in this state, or no such request";
      case CLUSTER_E_THREAD:
        return "not on this thread";
      case CLUSTER_E_INVALID:
        return "too large, too many descriptors, or a bad one";
      default:
        return "cannot send";
    }
  }

  static void OnReceived(void* ctx, const cluster_message* message) noexcept {
    const Messages& self = *static_cast<Messages*>(ctx);
    const std::shared_ptr<Received> received = self.received_;
    CatchAll(*self.services_, "a message's callback", [&] {
      (*received)(Message(*message));
    });
  }

  static void OnReplied(void* ctx,
                        cluster_status status,
                        const cluster_message* reply) noexcept {
    auto& waiting = *static_cast<Waiting*>(ctx);
    Messages& self = *waiting.owner;
    const Replied replied = std::move(waiting.replied);
    self.waiting_.erase(waiting.self);
    CatchAll(*self.services_, "a reply's callback", [&] {
      if (status == CLUSTER_OK) {
        replied(Message(*reply));
      } else {
        replied(ToStatus(status));
      }
    });
  }

  const Services* services_;
  std::shared_ptr<Received> received_;
  std::list<Waiting> waiting_;
};

}  // namespace cluster::sdk

#endif  // PLUGINS_SDK_MESSAGES_H_
