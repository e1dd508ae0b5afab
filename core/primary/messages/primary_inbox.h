// PrimaryInbox: what workers send to the primary: makes whole messages of the
// parts, and keeps them, within bounds, until somebody asks for messages.
//
// Frames are added while the router decides and read when it has returned, so
// that whoever gets a message may send.
//
// Thread safety: none.
//
//   inbox.Add(type, head, rest, std::move(fds));
//   RETURN_IF_ERROR(inbox.Read(handlers));
#ifndef CORE_PRIMARY_MESSAGES_PRIMARY_INBOX_H_
#define CORE_PRIMARY_MESSAGES_PRIMARY_INBOX_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "core/base/unique_fd.h"
#include "core/control/message_assembly.h"
#include "core/control/messages.h"
#include "core/control/user_message.h"
#include "ipc/shared_bytes.h"

namespace cluster {

class PrimaryInbox {
 public:
  using Bytes = std::span<const std::byte>;

  class Reader {
   public:
    virtual ~Reader() = default;
    virtual void OnWhole(ReceivedMessage message) = 0;
    // What there was of a message whose sender has ended.
    virtual void OnCut(SharedBytes bytes) = 0;
    virtual void OnRequestFailed(const RequestFailure& failure) = 0;
  };

  // What is kept for a receiver that is not there yet, descriptors at 1 MiB
  // each: the primary has few of them to spare.
  static constexpr uint64_t kMaxKeptBytes = uint64_t{64} << 20;

  // A frame for the primary. `rest` is borrowed until Read().
  void Add(FrameType type, Bytes head, Bytes rest, std::vector<UniqueFd> fds);
  // Tells of what was added. It may be called from within itself.
  //   kResourceExhausted  there is no memory for a message: its sender is to be
  //                       cut off
  absl::Status Read(Reader& reader);

  // Keeps a message. False if there is no room: nothing was done.
  [[nodiscard]] bool Keep(ReceivedMessage&& message);
  // Of worker `from`, in their order.
  bool has_kept(uint32_t from) const { return kept_.count(from) > 0; }
  // REQUIRES: has_kept(from).
  ReceivedMessage TakeKept(uint32_t from);
  // The workers whose messages are kept.
  std::vector<uint32_t> KeptOf() const;

 private:
  struct Added {
    FrameType type;
    std::array<std::byte, sizeof(DeliveryHead)> head;
    size_t head_bytes;
    Bytes rest;
    std::vector<UniqueFd> fds;
  };

  absl::Status ReadOne(Added added, Reader& reader);

  std::deque<Added> added_;
  MessageAssembly assembly_;
  // By their sender; none is empty.
  absl::btree_map<uint32_t, std::deque<ReceivedMessage>> kept_;
  uint64_t kept_bytes_ = 0;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_MESSAGES_PRIMARY_INBOX_H_
