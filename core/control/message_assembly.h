// MessageAssembly: makes whole messages of the parts that are delivered, those
// of several senders mixed. A worker has one, and the primary for itself.
//
// Thread safety: none.
//
//   RETURN_IF_ERROR(assembly.OnDelivery(payload, std::move(fds), take));
#ifndef CORE_CONTROL_MESSAGE_ASSEMBLY_H_
#define CORE_CONTROL_MESSAGE_ASSEMBLY_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/unique_fd.h"
#include "core/control/message_bytes.h"
#include "core/control/user_message.h"
#include "ipc/shared_bytes.h"

namespace cluster {

// A whole message. Its bytes are borrowed until Keep().
class ReceivedMessage {
 public:
  ReceivedMessage(const DeliveryHead& head,
                  std::span<const std::byte> borrowed,
                  std::vector<UniqueFd> fds)
      : head(head), fds(std::move(fds)), borrowed_(borrowed) {}
  ReceivedMessage(const DeliveryHead& head,
                  MessageBytes owned,
                  std::vector<UniqueFd> fds)
      : head(head), fds(std::move(fds)), owned_(std::move(owned)) {}

  DeliveryHead head;
  // As many as were sent; those that got lost are empty, and the last ones.
  std::vector<UniqueFd> fds;

  std::span<const std::byte> bytes() const {
    return borrowed_.empty() ? owned_.span() : borrowed_;
  }
  // What it owns, none if that is borrowed: bytes() are there as long as these
  // are held.
  SharedBytes Share() {
    SharedBytes shared = owned_.Share();
    if (shared.size() > 0) borrowed_ = shared.span();
    return shared;
  }
  // Copies what is borrowed. Returns false when there is no memory.
  [[nodiscard]] bool Keep() {
    if (!owned_.Append(borrowed_)) return false;
    borrowed_ = {};
    return true;
  }

 private:
  std::span<const std::byte> borrowed_;
  MessageBytes owned_;
};

class MessageAssembly {
 public:
  using Bytes = std::span<const std::byte>;
  using WholeFunction = absl::FunctionRef<void(ReceivedMessage)>;

  // Payloads of kDelivery, kDeliveryPart and kDeliveryCut. Calls `whole` when a
  // message is complete.
  //   kDataLoss           what came makes no sense
  //   kResourceExhausted  there is no memory for the message
  absl::Status OnDelivery(Bytes payload,
                          std::vector<UniqueFd> fds,
                          WholeFunction whole);
  absl::Status OnPart(Bytes payload, WholeFunction whole);
  // The same for heads that were taken off.
  absl::Status OnDelivery(const DeliveryHead& head,
                          Bytes bytes,
                          std::vector<UniqueFd> fds,
                          WholeFunction whole);
  absl::Status OnPart(const PartHead& head, Bytes bytes, WholeFunction whole);
  // Returns what there was of the message.
  absl::StatusOr<SharedBytes> OnCut(Bytes payload);

 private:
  struct Partial {
    DeliveryHead head;
    MessageBytes bytes;
    std::vector<UniqueFd> fds;
  };

  absl::btree_map<uint32_t, Partial> partials_;  // by sender
};

}  // namespace cluster

#endif  // CORE_CONTROL_MESSAGE_ASSEMBLY_H_
