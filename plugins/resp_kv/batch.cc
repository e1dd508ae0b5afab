#include "plugins/resp_kv/batch.h"

#include <cstring>

namespace cluster::resp_kv {

std::string StartBatch(int64_t deadline_ms) {
  std::string batch(1 + sizeof(deadline_ms), kBatchMark);
  std::memcpy(batch.data() + 1, &deadline_ms, sizeof(deadline_ms));
  return batch;
}

std::optional<Batch> ReadBatch(std::string_view message) {
  Batch batch = {};
  constexpr size_t kHead = 1 + sizeof(batch.deadline_ms);
  if (message.size() < kHead || message[0] != kBatchMark) return std::nullopt;
  std::memcpy(
      &batch.deadline_ms, message.data() + 1, sizeof(batch.deadline_ms));
  batch.commands = message.substr(kHead);
  return batch;
}

std::optional<std::string_view> TakeReply(std::string_view* replies) {
  uint32_t size = 0;
  if (replies->size() < sizeof(size)) return std::nullopt;
  std::memcpy(&size, replies->data(), sizeof(size));
  if (replies->size() - sizeof(size) < size) return std::nullopt;
  const std::string_view reply = replies->substr(sizeof(size), size);
  replies->remove_prefix(sizeof(size) + size);
  return reply;
}

std::string* ReplyWriter::Begin() {
  begin_ = bytes_.size();
  bytes_.append(sizeof(uint32_t), '\0');
  return &bytes_;
}

bool ReplyWriter::End() {
  const uint32_t size =
      static_cast<uint32_t>(bytes_.size() - begin_ - sizeof(uint32_t));
  std::memcpy(bytes_.data() + begin_, &size, sizeof(size));
  return bytes_.size() < kReplyBytes;
}

}  // namespace cluster::resp_kv
