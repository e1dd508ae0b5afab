// Acceptor: where a worker takes its connections from.
//
// One pollable descriptor and a Take() that never blocks, whatever the data
// path:
//   HandoffAcceptor  the receiving end of the slot's hand-off stream
//   SocketAcceptor   a listening socket: the one that all workers accept from,
//                    or the slot's own
//
// Thread safety: none; the worker's loop thread.
//
//   absl::Status status = acceptor.Take([&](IncomingConnection c) { ... });
#ifndef CORE_WORKER_ACCEPTOR_H_
#define CORE_WORKER_ACCEPTOR_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "core/base/unique_fd.h"
#include "core/control/handoff.h"
#include "core/control/socket_address.h"
#include "core/scoreboard/slot_page.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {

// A connection this worker has started: it is the plugin's from here.
struct IncomingConnection {
  UniqueFd fd;
  uint64_t id = 0;
  int64_t accepted_ns = 0;
  uint32_t listener = 0;
  SocketAddress peer;
};

// The same for the plugin, the descriptor included.
cluster_connection ToAbi(IncomingConnection connection);

using ConnectionTaker = absl::FunctionRef<void(IncomingConnection)>;

class Acceptor {
 public:
  virtual ~Acceptor() = default;

  // The descriptor to watch, and the epoll events to ask for.
  virtual int fd() const = 0;
  virtual uint32_t epoll_events() const = 0;

  // Takes what is there (at most one batch) and gives it to `give`, one by one
  // and at most `limit`, each counted as started before the call. What was
  // received beyond that waits here, and the primary may still take it back.
  // `give` may call Drop(): nothing is given after that.
  //   kResourceExhausted  out of descriptors: what did not fit went back;
  //                       watch again when one was closed
  //   with an errno       the kernel lets nothing be taken: watch again later
  //   kOutOfRange         the primary has closed the stream
  //   kDataLoss           what came makes no sense
  virtual absl::Status Take(ConnectionTaker give, size_t limit) = 0;
  absl::Status Take(ConnectionTaker give) { return Take(give, SIZE_MAX); }

  // Closes what waits here; the primary takes those back, or has. Nothing more
  // is given by a Take() that runs.
  virtual void Drop() {}
  // Lets a Take() that runs give nothing more; the rest waits here.
  virtual void Hold() {}
  // Whether connections wait here that were received and not given.
  virtual bool waiting() const { return false; }

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
  using Acceptor::Take;
  absl::Status Take(ConnectionTaker give, size_t limit) override;
  void Drop() override;
  void Hold() override { hold_ = true; }
  bool waiting() const override { return next_ < received_.size(); }
  bool DecidedUpTo(uint64_t last) const override;

 private:
  struct Received {
    uint64_t number = 0;
    HandoffEntry entry;
    UniqueFd fd;
  };

  // Receives one message. `*lost` is how many of its connections had no
  // descriptor.
  absl::Status ReceiveBatch(size_t* lost);
  // Gives at most `limit` of those received. Returns how many.
  size_t GiveReceived(ConnectionTaker give, size_t limit);

  const uint32_t listener_;
  const UniqueFd receiver_;
  std::vector<Received> received_;
  size_t next_ = 0;  // the first of those that wait
  bool hold_ = false;
  SlotPage& page_;
  StreamCell& cell_;
};

class SocketAcceptor final : public Acceptor {
 public:
  enum class Owner { kAllWorkers, kThisSlot };
  // At most so many a round from a socket of its own: what is open gets a turn
  // between.
  static constexpr size_t kOwnAcceptsPerRound = 16;

  // `next_id` numbers the connections of all its listeners and outlives it.
  SocketAcceptor(uint32_t listener,
                 UniqueFd socket,
                 Owner owner,
                 SlotPage& page,
                 uint64_t& next_id)
      : listener_(listener),
        socket_(std::move(socket)),
        owner_(owner),
        page_(page),
        next_id_(next_id) {}

  int fd() const override { return socket_.get(); }
  uint32_t epoll_events() const override;
  using Acceptor::Take;
  absl::Status Take(ConnectionTaker give, size_t limit) override;
  void Drop() override { hold_ = true; }
  void Hold() override { hold_ = true; }
  bool DecidedUpTo(uint64_t) const override { return true; }

 private:
  const uint32_t listener_;
  const UniqueFd socket_;
  const Owner owner_;
  bool hold_ = false;
  SlotPage& page_;
  uint64_t& next_id_;
};

}  // namespace cluster

#endif  // CORE_WORKER_ACCEPTOR_H_
