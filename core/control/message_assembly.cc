#include "core/control/message_assembly.h"

#include <optional>

#include "absl/strings/str_cat.h"

namespace cluster {
namespace {

absl::Status NoMemory(uint64_t total_bytes) {
  return absl::ResourceExhaustedError(
      absl::StrCat("no memory for a message of ", total_bytes, " bytes"));
}

}  // namespace

absl::Status MessageAssembly::OnDelivery(Bytes payload,
                                         std::vector<UniqueFd> fds,
                                         WholeFunction whole) {
  const auto head = TakeHead<DeliveryHead>(&payload);
  if (!head.has_value()) return absl::DataLossError("malformed Delivery");
  return OnDelivery(*head, payload, std::move(fds), whole);
}

absl::Status MessageAssembly::OnDelivery(const DeliveryHead& head,
                                         Bytes bytes,
                                         std::vector<UniqueFd> fds,
                                         WholeFunction whole) {
  if (bytes.size() > head.total_bytes ||
      head.total_bytes > kMaxUserMessageBytes ||
      head.lost_fds > kMaxUserMessageFds) {
    return absl::DataLossError("malformed Delivery");
  }
  fds.resize(fds.size() + head.lost_fds);
  if (bytes.size() == head.total_bytes) {
    whole(ReceivedMessage(head, bytes, std::move(fds)));
    return absl::OkStatus();
  }
  Partial partial = {.head = head, .bytes = {}, .fds = std::move(fds)};
  if (!partial.bytes.Append(bytes)) return NoMemory(head.total_bytes);
  if (!partials_.emplace(head.from_worker, std::move(partial)).second) {
    return absl::DataLossError("a Delivery within another");
  }
  return absl::OkStatus();
}

absl::Status MessageAssembly::OnPart(Bytes payload, WholeFunction whole) {
  const auto head = TakeHead<PartHead>(&payload);
  if (!head.has_value()) return absl::DataLossError("malformed DeliveryPart");
  return OnPart(*head, payload, whole);
}

absl::Status MessageAssembly::OnPart(const PartHead& head,
                                     Bytes bytes,
                                     WholeFunction whole) {
  const auto found = partials_.find(head.from_worker);
  if (found == partials_.end()) {
    return absl::DataLossError("a part of no Delivery");
  }
  Partial& partial = found->second;
  const uint64_t total = partial.head.total_bytes;
  if (bytes.size() > total - partial.bytes.size()) {
    return absl::DataLossError("more of a Delivery than announced");
  }
  if (!partial.bytes.Append(bytes)) return NoMemory(total);
  if (partial.bytes.size() < total) return absl::OkStatus();
  ReceivedMessage message(
      partial.head, std::move(partial.bytes), std::move(partial.fds));
  partials_.erase(found);
  whole(std::move(message));
  return absl::OkStatus();
}

absl::StatusOr<SharedBytes> MessageAssembly::OnCut(Bytes payload) {
  const auto head = TakeHead<PartHead>(&payload);
  if (!head.has_value()) return absl::DataLossError("malformed DeliveryCut");
  const auto found = partials_.find(head->from_worker);
  if (found == partials_.end()) return SharedBytes();
  SharedBytes cut = found->second.bytes.Share();
  partials_.erase(found);
  return cut;
}

}  // namespace cluster
