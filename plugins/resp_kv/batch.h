// Batch: what one worker asks another to do with its keys, in one message, and
// the reply. Both sides are workers of one host.
//
//   request  'B'  deadline, 8 bytes  commands as a client would send them
//   reply    for each command done, in order: size, 4 bytes; a RESP reply
//   request  'T'  (no more)          "I have your slot now"; see takeover.h
//   reply    empty
//
// Numbers are in the machine's own order. A deadline is a time of
// CLOCK_MONOTONIC, which the workers share, in milliseconds.
//
// Thread safety: plain values.
#ifndef PLUGINS_RESP_KV_BATCH_H_
#define PLUGINS_RESP_KV_BATCH_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cluster::resp_kv {

inline constexpr char kBatchMark = 'B';
inline constexpr std::string_view kTakeoverMessage = "T";

// A batch ends with the command that makes it this large, a reply likewise;
// what was not done then is sent again, so that no message is too large.
inline constexpr size_t kBatchBytes = 1 << 20;
inline constexpr size_t kReplyBytes = 8 << 20;
inline constexpr size_t kBatchCommands = 4096;

// Returns an empty batch; append commands by AppendRequest.
std::string StartBatch(int64_t deadline_ms);

struct Batch {
  int64_t deadline_ms;
  std::string_view commands;
};
// Reads one; nothing if it is none.
std::optional<Batch> ReadBatch(std::string_view message);

// Takes the next reply off the front; nothing if there is none.
std::optional<std::string_view> TakeReply(std::string_view* replies);

// Appends replies one after another.
class ReplyWriter {
 public:
  // Returns where the next reply is to be appended.
  std::string* Begin();
  // Ends it. Returns whether there is room for another.
  bool End();

  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  size_t begin_ = 0;
};

}  // namespace cluster::resp_kv

#endif  // PLUGINS_RESP_KV_BATCH_H_
