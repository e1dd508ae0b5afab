// ControlChannel: a worker's conversation with its primary, on the worker's
// loop.
//
// What is sent waits for the end of the loop's round, so that many frames go in
// one call; while FlushAtOnce(true), which is for code that may run for long
// outside of a round, it is written at once.
//
// Thread safety: the loop's thread.
//
//   ControlChannel channel(std::move(socket), *loop);
//   RETURN_IF_ERROR(channel.Begin(on_frame, on_end));
//   channel.Send(FrameType::kFailed, Failed{.reason = "no memory"});
//   loop->RunOnce();
//   channel.Flush();
#ifndef CORE_WORKER_CONTROL_CHANNEL_H_
#define CORE_WORKER_CONTROL_CHANNEL_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "core/base/unique_fd.h"
#include "core/control/messages.h"
#include "core/worker/loop.h"
#include "ipc/archive.h"
#include "ipc/frame.h"
#include "ipc/unix_channel.h"

namespace cluster {

class ControlChannel {
 public:
  using FrameFunction = std::function<void(Frame)>;
  using EndFunction = std::function<void(const absl::Status&)>;
  using WrittenFunction = std::function<void(uint64_t written_bytes)>;

  // Owns `socket`, a connected Unix stream socket. `loop` must outlive it.
  ControlChannel(UniqueFd socket, Loop& loop)
      : channel_(std::move(socket), {.uses_ring = true, .trusts_peer = true}),
        loop_(loop) {}
  ControlChannel(const ControlChannel&) = delete;
  ControlChannel& operator=(const ControlChannel&) = delete;
  ~ControlChannel();

  // Calls `frame` for each frame that comes, and `end` when nothing more will,
  // in each round of the loop from then on: kOutOfRange is a plain end, else
  // see UnixChannel::OnReadable(). Both may send. Errors: epoll's.
  absl::Status Begin(FrameFunction frame, EndFunction end);

  // Queues a message.
  template <class Message>
  void Send(FrameType type, const Message& message) {
    SendBytes(type, Encode(message));
  }
  void SendEmpty(FrameType type) { SendBytes(type, {}); }
  // Queues a message that is encoded, in two pieces, with descriptors. Returns
  // the position behind it, as OnWritten() counts.
  uint64_t SendJoined(FrameType type,
                      std::span<const std::byte> head,
                      std::span<const std::byte> rest,
                      std::vector<UniqueFd> fds);

  // Calls `written` whenever the kernel has taken something, with how much it
  // has taken in all; also from within a call that sends. It may not send.
  void OnWritten(WrittenFunction written) { written_ = std::move(written); }
  // Bytes that the kernel has not taken.
  size_t queued_bytes() const { return channel_.queued_bytes(); }
  // What the primary could have by a Flush().
  size_t withheld_bytes() const { return channel_.withheld_bytes(); }

  void FlushAtOnce(bool at_once) { flush_at_once_ = at_once; }

  // Writes what the socket takes; the loop writes the rest when it can, or,
  // where the kernel refuses for now, in a while.
  // REQUIRES: Begin().
  void Flush();
  // Reads and writes, and not by the loop, until `done` and all is written, at
  // most for `limit_ms` milliseconds. Gives up when the primary is gone.
  void ConverseUntil(absl::FunctionRef<bool()> done, int64_t limit_ms);
  // Ends it for good, for all processes that have it: the primary sees that.
  // Nothing is called any more, and what is sent is lost.
  void Close();

 private:
  static void OnReady(void* channel, uint32_t epoll_events);
  static void OnRetry(void* channel);
  void StopWatching();
  void SendBytes(FrameType type, std::span<const std::byte> payload);
  // Writes what the socket takes.
  absl::Status Write();

  UnixChannel channel_;
  Loop& loop_;
  Loop::Watch* watch_ = nullptr;
  bool watches_write_ = false;
  Loop::Timer* retry_ = nullptr;  // set while the kernel refuses
  bool flush_at_once_ = false;
  FrameFunction frame_;
  EndFunction end_;
  WrittenFunction written_;
};

}  // namespace cluster

#endif  // CORE_WORKER_CONTROL_CHANNEL_H_
