// UnixChannel: a conversation in frames with one peer, over a Unix stream
// socket.
//
// It knows no event loop. The owner watches fd(): it calls OnReadable() when
// there is something to read (the watch is level-triggered or armed again: one
// call reads a bounded amount), and Flush() after it has queued what it had to
// say, and again when fd() can be written while wants_write().
//
// Thread safety: none; a channel belongs to one thread. Channels of one thread
// share a read buffer and the memory of what was written.
// Lifetime: owns the socket. Inside the handler of OnReadable() the channel may
// be sent to and flushed, and not destroyed.
//
//   UnixChannel channel(std::move(socket));
//   channel.Send(kPing, bytes);
//   RETURN_IF_ERROR(channel.Flush());
#ifndef IPC_UNIX_CHANNEL_H_
#define IPC_UNIX_CHANNEL_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "core/base/unique_fd.h"
#include "ipc/fd_passing.h"
#include "ipc/frame.h"
#include "ipc/frame_codec.h"
#include "ipc/payload_ring.h"
#include "ipc/shared_bytes.h"

namespace cluster {

struct ChannelOptions {
  // The largest payload accepted from the peer.
  size_t max_payload_bytes = size_t{128} << 20;
  // Large payloads go by shared memory (ipc/payload_ring.h) where the peer
  // takes part. They are not among queued_bytes().
  bool uses_ring = false;
  // The handler is shown such payloads where they lie, though the peer could
  // change them meanwhile; else a copy.
  bool trusts_peer = false;
};

class UnixChannel {
 public:
  // Owns `socket`, a connected SOCK_STREAM Unix socket.
  explicit UnixChannel(UniqueFd socket, ChannelOptions options = {});

  // Borrowed, for a watch.
  int fd() const { return socket_.get(); }

  // Queues a frame and writes nothing. `payload` is copied; `fds` are owned
  // until they are written, then closed here. The queue has no bound of its
  // own: whoever produces looks at queued_bytes().
  // REQUIRES: type < kInRing, fds.size() <= kMaxFrameFds, else the process
  // dies.
  void Send(uint16_t type,
            std::span<const std::byte> payload,
            std::vector<UniqueFd> fds = {});

  // The same for a payload in two pieces, so that nobody has to join them.
  void SendJoined(uint16_t type,
                  std::span<const std::byte> head,
                  std::span<const std::byte> rest,
                  std::vector<UniqueFd> fds = {});

  // The same for a second piece that is shared: a large one is not copied.
  void SendShared(uint16_t type,
                  std::span<const std::byte> head,
                  const SharedBytes& rest,
                  std::vector<UniqueFd> fds = {});

  // Writes as much of the queue as the kernel takes, many frames a call.
  //   OK             also when the socket is full: see wants_write()
  //   the errno's    sendmsg failed. ETOOMANYREFS, ENOBUFS and ENOMEM pass:
  //                  the rest is still queued, try again a little later. Else
  //                  the peer is gone, and what it sent before may still be
  //                  read by OnReadable().
  absl::Status Flush();

  // Whether frames wait for a socket that can be written.
  bool wants_write() const { return !queue_.empty(); }

  // Bytes in the queue, headers included.
  size_t queued_bytes() const { return queued_bytes_; }
  // The same with the payloads in the ring whose places are in the queue: what
  // the peer could have by a Flush().
  size_t withheld_bytes() const { return queued_bytes_ + withheld_in_ring_; }
  // Descriptors in the queue.
  size_t queued_fds() const;

  // Bytes that the kernel has taken since the channel was made, likewise.
  uint64_t written_bytes() const { return written_bytes_; }

  // Reads until there is nothing more, frames were handled and 256 KiB read, or
  // 16 times, and calls `handler` for each whole frame, whose payload is valid
  // during that call only.
  //   OK           go on
  //   kOutOfRange  end of stream; every frame before it was handled
  //   kDataLoss    end of stream inside a frame, or bytes that are no frame:
  //                close
  //   kResourceExhausted  a payload above max_payload_bytes: close
  //   the errno's  recvmsg failed: close
  // After a failure every later call returns the same. Descriptors that are
  // lost because this process is at its limit are no failure: see Frame.
  absl::Status OnReadable(absl::FunctionRef<void(Frame)> handler);

 private:
  // Bytes that go out in order. Descriptors belong to the first byte, so a
  // frame that has some begins a segment.
  struct Segment {
    std::vector<std::byte> bytes;
    SharedBytes shared;  // in their place, if there are any
    std::vector<UniqueFd> fds;
    size_t written = 0;

    std::span<const std::byte> content() const {
      return shared.size() > 0 ? shared.span() : std::span(bytes);
    }
  };

  // Queues a frame whose payload is in the ring. Returns false when it cannot
  // be there: nothing was done.
  bool SendInRing(uint16_t type,
                  std::span<const std::byte> head,
                  std::span<const std::byte> rest,
                  std::vector<UniqueFd>* fds);
  // Makes the ring and queues its offer, once.
  void OfferRing();
  // Queues a header for `payload_bytes` and the head. Returns its segment.
  Segment& SendHead(uint16_t type,
                    std::span<const std::byte> head,
                    size_t payload_bytes,
                    size_t frame_bytes,
                    std::vector<UniqueFd> fds);
  // The segment to which a frame of `frame_bytes` is appended.
  Segment& TailFor(size_t frame_bytes, bool has_fds);
  // One sendmsg with as many segments as may go together.
  Sent WriteOnce();
  void DropWritten(size_t bytes);
  // One recvmsg and the frames it completes. Sets `*bytes` to how much it read,
  // if anything.
  absl::Status ReadOnce(absl::FunctionRef<void(Frame)> handler, size_t* bytes);
  absl::Status HandleFrames(absl::FunctionRef<void(Frame)> handler);
  // What is the channel's own: takes the peer's ring, and reads it.
  absl::Status HandleRing(Frame frame, absl::FunctionRef<void(Frame)> handler);
  absl::Status EndOfStream() const;

  const UniqueFd socket_;
  const ChannelOptions options_;

  FrameDecoder decoder_;
  absl::Status read_failure_;
  std::optional<RingReader> ring_of_peer_;
  std::vector<std::byte> copy_;  // of a payload in there

  std::deque<Segment> queue_;
  size_t queued_bytes_ = 0;
  size_t withheld_in_ring_ = 0;  // until the queue is empty
  uint64_t written_bytes_ = 0;
  std::optional<RingWriter> ring_;
  bool has_offered_ = false;
};

}  // namespace cluster

#endif  // IPC_UNIX_CHANNEL_H_
