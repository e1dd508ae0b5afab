#include "core/worker/messages/message_assembly.h"

#include <optional>

namespace cluster {

absl::Status MessageAssembly::OnDelivery(Bytes payload,
                                         std::vector<UniqueFd> fds,
                                         WholeFunction whole) {
  const auto head = TakeHead<DeliveryHead>(&payload);
  if (!head.has_value() || payload.size() > head->total_bytes ||
      head->total_bytes > kMaxUserMessageBytes) {
    return absl::DataLossError("malformed Delivery");
  }
  if (payload.size() == head->total_bytes) {
    whole(ReceivedMessage(*head, payload, std::move(fds)));
    return absl::OkStatus();
  }
  Partial partial = {.head = *head, .bytes = {}, .fds = std::move(fds)};
  partial.bytes.reserve(head->total_bytes);
  partial.bytes.assign(payload.begin(), payload.end());
  if (!partials_.emplace(head->from_worker, std::move(partial)).second) {
    return absl::DataLossError("a Delivery within another");
  }
  return absl::OkStatus();
}

absl::Status MessageAssembly::OnPart(Bytes payload, WholeFunction whole) {
  const auto head = TakeHead<PartHead>(&payload);
  const auto found =
      head.has_value() ? partials_.find(head->from_worker) : partials_.end();
  if (found == partials_.end()) {
    return absl::DataLossError("a part of no Delivery");
  }
  Partial& partial = found->second;
  const uint64_t total = partial.head.total_bytes;
  if (payload.size() > total - partial.bytes.size()) {
    return absl::DataLossError("more of a Delivery than announced");
  }
  partial.bytes.insert(partial.bytes.end(), payload.begin(), payload.end());
  if (partial.bytes.size() < total) return absl::OkStatus();
  ReceivedMessage message(
      partial.head, std::move(partial.bytes), std::move(partial.fds));
  partials_.erase(found);
  whole(std::move(message));
  return absl::OkStatus();
}

absl::Status MessageAssembly::OnCut(Bytes payload) {
  const auto head = TakeHead<PartHead>(&payload);
  if (!head.has_value()) return absl::DataLossError("malformed DeliveryCut");
  partials_.erase(head->from_worker);
  return absl::OkStatus();
}

}  // namespace cluster
