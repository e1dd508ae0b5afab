// MessageAssembly: makes whole messages of the parts that the primary delivers,
// those of several senders mixed.
//
// Thread safety: none.
//
//   RETURN_IF_ERROR(assembly.OnDelivery(payload, std::move(fds), take));
#ifndef CORE_WORKER_MESSAGES_MESSAGE_ASSEMBLY_H_
#define CORE_WORKER_MESSAGES_MESSAGE_ASSEMBLY_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "core/base/unique_fd.h"
#include "core/control/user_message.h"

namespace cluster {

// A whole message. Its bytes are borrowed until Keep().
class ReceivedMessage {
 public:
  ReceivedMessage(const DeliveryHead& head,
                  std::span<const std::byte> borrowed,
                  std::vector<UniqueFd> fds)
      : head(head), fds(std::move(fds)), borrowed_(borrowed) {}
  ReceivedMessage(const DeliveryHead& head,
                  std::vector<std::byte> owned,
                  std::vector<UniqueFd> fds)
      : head(head), fds(std::move(fds)), owned_(std::move(owned)) {}

  DeliveryHead head;
  std::vector<UniqueFd> fds;

  std::span<const std::byte> bytes() const {
    return borrowed_.empty() ? std::span<const std::byte>(owned_) : borrowed_;
  }
  // Copies what is borrowed.
  void Keep() {
    if (borrowed_.empty()) return;
    owned_.assign(borrowed_.begin(), borrowed_.end());
    borrowed_ = {};
  }

 private:
  std::span<const std::byte> borrowed_;
  std::vector<std::byte> owned_;
};

class MessageAssembly {
 public:
  using Bytes = std::span<const std::byte>;
  using WholeFunction = absl::FunctionRef<void(ReceivedMessage)>;

  // Payloads of kDelivery, kDeliveryPart and kDeliveryCut. Calls `whole` when a
  // message is complete. kDataLoss: the primary makes no sense.
  absl::Status OnDelivery(Bytes payload,
                          std::vector<UniqueFd> fds,
                          WholeFunction whole);
  absl::Status OnPart(Bytes payload, WholeFunction whole);
  absl::Status OnCut(Bytes payload);

 private:
  struct Partial {
    DeliveryHead head;
    std::vector<std::byte> bytes;
    std::vector<UniqueFd> fds;
  };

  absl::btree_map<uint32_t, Partial> partials_;  // by sender
};

}  // namespace cluster

#endif  // CORE_WORKER_MESSAGES_MESSAGE_ASSEMBLY_H_
