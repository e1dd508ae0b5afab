// FakeWorker: a worker's end of one hand-off stream, step by step and without a
// process, for tests: what a worker does between two instructions can happen
// here between two statements.
//
// Thread safety: none. Lifetime: cell and receiver must outlive it.
//
//   FakeWorker worker(page.streams[0], stream.receiver());
//   worker.Receive();
//   worker.Start(2);
#ifndef CORE_PRIMARY_TESTING_FAKE_WORKER_H_
#define CORE_PRIMARY_TESTING_FAKE_WORKER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <utility>
#include <vector>

#include "core/base/unique_fd.h"
#include "core/control/handoff.h"
#include "core/scoreboard/claim.h"
#include "core/scoreboard/slot_page.h"
#include "ipc/fd_passing.h"

namespace cluster {

class FakeWorker {
 public:
  struct Connection {
    uint64_t number = 0;
    uint64_t id = 0;
    UniqueFd fd;
  };

  FakeWorker(StreamCell& cell, int receiver)
      : cell_(&cell), receiver_(receiver) {}

  // Takes all messages there are. Returns how many connections they brought.
  size_t Receive() {
    size_t count = 0;
    while (ReceiveOne(&count)) {
    }
    return count;
  }

  // Claims up to `count` of the received, oldest first. Returns the ids of
  // those it got; what was revoked is closed and forgotten.
  std::vector<uint64_t> Start(size_t count = SIZE_MAX) {
    std::vector<uint64_t> ids;
    while (count-- > 0 && !received_.empty()) {
      Connection next = PopReceived();
      if (!ClaimToStart(*cell_, next.number)) continue;
      ids.push_back(next.id);
      open_.push_back(std::move(next));
    }
    return ids;
  }

  // Gives up to `count` of the received back, oldest first.
  void Refuse(size_t count = SIZE_MAX) {
    while (count-- > 0 && !received_.empty()) {
      ClaimToRefuse(*cell_, PopReceived().number);
    }
  }

  // Closes up to `count` started ones. Returns how many.
  size_t Close(size_t count = SIZE_MAX) {
    size_t closed = 0;
    for (; closed < count && !open_.empty(); ++closed) open_.pop_front();
    return closed;
  }

  size_t received() const { return received_.size(); }
  size_t open() const { return open_.size(); }
  // Messages without connections.
  size_t probes() const { return probes_; }

 private:
  bool ReceiveOne(size_t* count) {
    std::array<std::byte, kMaxHandoffBytes> bytes;
    std::array<int, kMaxHandoffBatch> fds;
    const Received message = ReceiveMessage(receiver_, bytes, fds);
    if (message.error != 0 || message.bytes == 0) return false;
    HandoffHeader header;
    std::memcpy(&header, bytes.data(), sizeof(header));
    probes_ += header.count == 0 ? 1 : 0;
    for (uint32_t i = 0; i < header.count; ++i) {
      HandoffEntry entry;
      std::memcpy(&entry,
                  bytes.data() + sizeof(header) + i * sizeof(entry),
                  sizeof(entry));
      received_.push_back(
          {header.first_number + i, entry.id, UniqueFd(fds[i])});
    }
    *count += header.count;
    return true;
  }

  Connection PopReceived() {
    Connection next = std::move(received_.front());
    received_.pop_front();
    return next;
  }

  StreamCell* cell_;
  int receiver_;
  std::deque<Connection> received_;
  std::deque<Connection> open_;
  size_t probes_ = 0;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_TESTING_FAKE_WORKER_H_
