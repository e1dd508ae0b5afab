// What goes into a PrimaryMailbox with a message, and what comes out of it.
//
// Thread safety: plain values.
#ifndef CORE_PRIMARY_MESSAGES_MAILBOX_MESSAGE_H_
#define CORE_PRIMARY_MESSAGES_MAILBOX_MESSAGE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "core/base/unique_fd.h"
#include "core/primary/messages/request_table.h"
#include "ipc/shared_bytes.h"

namespace cluster {

// What a worker has sent. It is valid during the callback.
struct MailboxMessage {
  uint32_t worker = 0;  // the sender's id
  uint32_t slot = 0;    // and the slot that it works in
  std::span<const std::byte> bytes;
  // Of more than 8 MiB: what holds `bytes`. Who keeps it, or sends it on,
  // copies nothing.
  SharedBytes large;
  // Those that are not moved from are closed after the callback.
  std::vector<UniqueFd> fds;
  // Of a request: what Reply() takes, now or later.
  RequestKey request;
};

// Told once what became of a message: OK when the kernel has all of it.
using MessageDone = std::function<void(const absl::Status&)>;

// A call that is to be made.
struct DueCall {
  MessageDone done;
  absl::Status status;
};

// What goes with a message. It is moved from only if the message is accepted.
struct MessageExtras {
  // At most kMaxUserMessageFds; closed when they are written. To keep one open
  // here, hand in a copy.
  std::vector<UniqueFd> fds;
  // OK when the kernel has the message: not yet read. kNotFound if the worker
  // ended before. Of a message to all: called once, when that is known for each
  // of them, with the first failure.
  MessageDone done;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_MESSAGES_MAILBOX_MESSAGE_H_
