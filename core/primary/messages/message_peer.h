// MessagePeer: what MessageRouter knows of one worker, as who sends and as who
// is to read.
//
// Thread safety: a plain value.
#ifndef CORE_PRIMARY_MESSAGES_MESSAGE_PEER_H_
#define CORE_PRIMARY_MESSAGES_MESSAGE_PEER_H_

#include <cstdint>
#include <vector>

#include "core/base/stall_detector.h"
#include "core/primary/messages/delivery_queue.h"
#include "core/primary/messages/message_window.h"
#include "core/primary/messages/request_table.h"

namespace cluster {

struct MessagePeer {
  // What waits for a stuck worker beyond this is dropped.
  static constexpr uint64_t kMaxStuckBytes = uint64_t{4} << 20;

  uint32_t id = 0;
  uint32_t slot = 0;

  // As who sends.
  MessageWindow window;
  // The message that it is sending, while `left` > 0: to whom it goes.
  uint64_t left = 0;
  std::vector<uint32_t> targets;  // kPrimaryId among them
  RequestKey asks;                // if it is a request
  RequestKey answers;             // if it is a reply
  bool wrote_to_primary = false;
  bool lost_fds = false;  // of its messages, and that was told

  // As who is to read.
  DeliveryQueue waiting;
  uint64_t written = 0;
  uint64_t credit_end = 0;  // position behind the last Credit
  StallDetector stall;
  bool stuck = false;
  uint64_t dropped = 0;  // messages, while stuck

  bool takes_no_more() const {
    return stuck && waiting.bytes() >= kMaxStuckBytes;
  }
};

}  // namespace cluster

#endif  // CORE_PRIMARY_MESSAGES_MESSAGE_PEER_H_
