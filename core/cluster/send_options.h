// How a message is sent: the options of send(), and who is told what became of
// it.
//
// Thread safety: plain values.
//
//   worker->send("yours", handle, {.keep_open = true},
//                [](const absl::Status& status) { ... });
#ifndef CORE_CLUSTER_SEND_OPTIONS_H_
#define CORE_CLUSTER_SEND_OPTIONS_H_

#include <functional>

#include "absl/status/status.h"
#include "core/cluster/message.h"

namespace cluster {

struct SendOptions {
  // This process keeps its descriptor, too.
  bool keep_open = false;
};

// Called once, from the loop and never from within send(): with OK when the
// kernel has the message, which does not say that it was read; or with why it
// has not. Not called if the cluster goes before that; from within send() if it
// is gone already.
//   kNotFound           the other side has ended, or will not read any more
//   kResourceExhausted  128 MiB wait to be read
//   kInvalidArgument    the message or its handle cannot be sent
using SendCallback = std::function<void(const absl::Status& status)>;

// What a request is answered by. Called once, as SendCallback; `reply` is valid
// during the call. Its handle is closed behind it, unless it was moved away.
using ReplyCallback = std::function<void(Reply& reply)>;

}  // namespace cluster

#endif  // CORE_CLUSTER_SEND_OPTIONS_H_
