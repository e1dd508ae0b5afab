#include "core/primary/messages/primary_inbox.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/base/status_macros.h"

namespace cluster {
namespace {

constexpr uint64_t kKeptFdBytes = uint64_t{1} << 20;

uint64_t SizeOf(const ReceivedMessage& message) {
  return sizeof(message) + message.bytes().size() +
         message.fds.size() * kKeptFdBytes;
}

}  // namespace

void PrimaryInbox::Add(FrameType type,
                       Bytes head,
                       Bytes rest,
                       std::vector<UniqueFd> fds) {
  Added& added = added_.emplace_back();
  added.type = type;
  added.head_bytes = head.size();
  std::copy(head.begin(), head.end(), added.head.begin());
  added.rest = rest;
  added.fds = std::move(fds);
}

absl::Status PrimaryInbox::Read(Reader& reader) {
  while (!added_.empty()) {
    Added added = std::move(added_.front());
    added_.pop_front();
    RETURN_IF_ERROR(ReadOne(std::move(added), reader));
  }
  return absl::OkStatus();
}

absl::Status PrimaryInbox::ReadOne(Added added, Reader& reader) {
  const auto whole = [&reader](ReceivedMessage message) {
    reader.OnWhole(std::move(message));
  };
  Bytes head = Bytes(added.head).first(added.head_bytes);
  switch (added.type) {
    case FrameType::kDelivery:
      return assembly_.OnDelivery(*TakeHead<DeliveryHead>(&head),
                                  added.rest,
                                  std::move(added.fds),
                                  whole);
    case FrameType::kDeliveryPart:
      return assembly_.OnPart(*TakeHead<PartHead>(&head), added.rest, whole);
    case FrameType::kDeliveryCut: {
      ASSIGN_OR_RETURN(SharedBytes cut, assembly_.OnCut(head));
      reader.OnCut(std::move(cut));
      return absl::OkStatus();
    }
    case FrameType::kRequestFailed:
      reader.OnRequestFailed(*TakeHead<RequestFailure>(&head));
      return absl::OkStatus();
    default:
      // kForgotten: the router knows, and refuses the reply.
      return absl::OkStatus();
  }
}

bool PrimaryInbox::Keep(ReceivedMessage&& message) {
  const uint64_t size = SizeOf(message);
  // One is kept whatever its size: the window bounds how it came here.
  if (!kept_.empty() && kept_bytes_ + size > kMaxKeptBytes) return false;
  if (!message.Keep()) return false;
  kept_bytes_ += size;
  kept_[message.head.from_worker].push_back(std::move(message));
  return true;
}

ReceivedMessage PrimaryInbox::TakeKept(uint32_t from) {
  const auto found = kept_.find(from);
  ReceivedMessage message = std::move(found->second.front());
  found->second.pop_front();
  if (found->second.empty()) kept_.erase(found);
  kept_bytes_ -= SizeOf(message);
  return message;
}

std::vector<uint32_t> PrimaryInbox::KeptOf() const {
  std::vector<uint32_t> workers;
  for (const auto& [from, messages] : kept_) workers.push_back(from);
  return workers;
}

}  // namespace cluster
