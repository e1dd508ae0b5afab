// Acceptor: where a worker takes its connections from.
//
// One pollable descriptor and a Take() that never blocks, whatever the data
// path:
//   HandoffAcceptor  the receiving end of the slot's hand-off stream
//   SharedAcceptor   the one listening socket that all workers accept from
//
// Thread safety: none; the worker's loop thread.
//
//   absl::Status status = acceptor.Take([&](IncomingConnection c) { ... });
#ifndef CORE_WORKER_ACCEPTOR_H_
#define CORE_WORKER_ACCEPTOR_H_

#include <cstdint>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "core/base/unique_fd.h"
#include "core/control/handoff.h"
#include "core/scoreboard/slot_page.h"

namespace cluster {

// A connection this worker has started: it is the plugin's from here.
struct IncomingConnection {
  UniqueFd fd;
  uint64_t id = 0;
  int64_t accepted_ns = 0;
  uint32_t listener = 0;
  PeerAddress peer;
};

using ConnectionTaker = absl::FunctionRef<void(IncomingConnection)>;

class Acceptor {
 public:
  virtual ~Acceptor() = default;

  // The descriptor to watch, and the epoll events to ask for.
  virtual int fd() const = 0;
  virtual uint32_t epoll_events() const = 0;

  // Takes what is there (at most one batch) and gives it to `give`, one by one,
  // each counted as started before the call.
  //   kResourceExhausted  out of descriptors: what did not fit went back;
  //                       watch again when one was closed
  //   kOutOfRange         the primary has closed the stream
  //   kDataLoss           what came makes no sense
  virtual absl::Status Take(ConnectionTaker give) = 0;

  // True once nothing up to number `last` of the stream can still arrive.
  virtual bool DecidedUpTo(uint64_t last) const = 0;
};

class HandoffAcceptor final : public Acceptor {
 public:
  // `page` must outlive the acceptor. REQUIRES: listener < kMaxListeners.
  HandoffAcceptor(uint32_t listener, UniqueFd receiver, SlotPage& page)
      : listener_(listener),
        receiver_(std::move(receiver)),
        page_(page),
        cell_(page.streams[listener]) {}

  int fd() const override { return receiver_.get(); }
  uint32_t epoll_events() const override;
  absl::Status Take(ConnectionTaker give) override;
  bool DecidedUpTo(uint64_t last) const override;

 private:
  const uint32_t listener_;
  const UniqueFd receiver_;
  SlotPage& page_;
  StreamCell& cell_;
};

class SharedAcceptor final : public Acceptor {
 public:
  // `worker_id` makes the ids it gives unique in the host's life.
  SharedAcceptor(uint32_t listener,
                 UniqueFd socket,
                 SlotPage& page,
                 uint32_t worker_id)
      : listener_(listener),
        socket_(std::move(socket)),
        page_(page),
        next_id_(uint64_t{worker_id} << 40 | uint64_t{listener} << 36) {}

  int fd() const override { return socket_.get(); }
  uint32_t epoll_events() const override;
  absl::Status Take(ConnectionTaker give) override;
  bool DecidedUpTo(uint64_t) const override { return true; }

 private:
  const uint32_t listener_;
  const UniqueFd socket_;
  SlotPage& page_;
  uint64_t next_id_;
};

}  // namespace cluster

#endif  // CORE_WORKER_ACCEPTOR_H_
