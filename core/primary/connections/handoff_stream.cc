#include "core/primary/connections/handoff_stream.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <span>
#include <tuple>
#include <utility>

#include "core/base/status_macros.h"
#include "core/control/handoff.h"
#include "core/scoreboard/claim.h"
#include "ipc/fd_passing.h"

namespace cluster {
namespace {

// Room for the batches that a busy worker has not come to; far above what
// kMaxUnstarted connections need, so that the ring is the limit.
constexpr int kSendBufferBytes = 1 << 20;

// Sender and receiver.
absl::StatusOr<std::pair<UniqueFd, UniqueFd>> MakePair() {
  ASSIGN_OR_RETURN(auto pair, MakeSocketPair(SOCK_SEQPACKET));
  // The kernel caps it at wmem_max; less only means a flush is retried sooner.
  setsockopt(pair.first.get(),
             SOL_SOCKET,
             SO_SNDBUF,
             &kSendBufferBytes,
             sizeof(kSendBufferBytes));
  return pair;
}

}  // namespace

absl::StatusOr<std::unique_ptr<HandoffStream>> HandoffStream::Create(
    StreamCell& cell) {
  ASSIGN_OR_RETURN(auto pair, MakePair());
  std::unique_ptr<HandoffStream> stream(
      new HandoffStream(std::move(pair.first), std::move(pair.second), cell));
  stream->RestoreCell();
  return stream;
}

void HandoffStream::Queue(AcceptedConnection connection, int64_t now_ns) {
  ++queued_;
  Retained& retained = At(sent_ + queued_);
  retained.connection = std::move(connection);
  retained.queued_ns = now_ns;
}

int HandoffStream::Flush(Connections* unsent) {
  int error = 0;
  while (queued_ > 0) {
    const size_t count = std::min<size_t>(queued_, kMaxHandoffBatch);
    error = SendBatch(count);
    if (error != 0) break;
    sent_ += count;
    queued_ -= count;
  }
  for (uint64_t n = 1; n <= queued_; ++n) {
    unsent->push_back(std::move(At(sent_ + n).connection));
  }
  queued_ = 0;
  return error;
}

int HandoffStream::SendBatch(size_t count) {
  std::array<std::byte, kMaxHandoffBytes> bytes;
  std::array<int, kMaxHandoffBatch> fds;
  const HandoffHeader header = {.count = static_cast<uint32_t>(count),
                                .first_number = sent_ + 1};
  std::memcpy(bytes.data(), &header, sizeof(header));
  std::byte* out = bytes.data() + sizeof(header);
  for (size_t i = 0; i < count; ++i, out += sizeof(HandoffEntry)) {
    const AcceptedConnection& connection = At(sent_ + 1 + i).connection;
    const HandoffEntry entry = {.id = connection.id,
                                .accepted_ns = connection.accepted_ns,
                                .peer = connection.peer};
    std::memcpy(out, &entry, sizeof(entry));
    fds[i] = connection.fd.get();
  }
  return SendMessage(sender_.get(),
                     std::span(bytes.data(), out),
                     std::span(fds.data(), count));
}

bool HandoffStream::SendProbe() {
  const HandoffHeader header = {.count = 0, .first_number = sent_ + 1};
  return SendMessage(sender_.get(), std::as_bytes(std::span(&header, 1)), {}) ==
         0;
}

void HandoffStream::RestoreCell() {
  cell_.claim.store(sent_);
  cell_.refusals.store(refusals_seen_);
}

void HandoffStream::Renew() {
  auto pair = MakePair();
  if (pair.ok()) std::tie(sender_, receiver_) = *std::move(pair);
}

size_t HandoffStream::Release(Connections* refused) {
  return ReleaseUpTo(Decided(cell_, released_, sent_), refused);
}

size_t HandoffStream::ReleaseUpTo(uint64_t decided, Connections* refused) {
  const uint64_t before = released_;
  size_t refused_count = 0;
  // Read after the claim: every refusal up to `decided` is visible. A worker
  // that lies about the count is not followed beyond one turn of the ring.
  const uint64_t refusals =
      std::min(cell_.refusals.load(std::memory_order_acquire),
               refusals_seen_ + kMaxUnstarted);
  for (; refusals_seen_ < refusals; ++refusals_seen_) {
    const uint64_t number = cell_.refused[refusals_seen_ % kMaxUnstarted].load(
        std::memory_order_relaxed);
    if (number <= before || number > sent_) continue;  // settled, or a lie
    if (number > decided) break;  // of a later turn; look again then
    AcceptedConnection& connection = At(number).connection;
    if (!connection.fd) continue;  // named twice
    refused->push_back(std::move(connection));
    ++refused_count;
  }
  for (; released_ < decided; ++released_)
    At(released_ + 1).connection.fd.Reset();
  return decided - before - refused_count;
}

size_t HandoffStream::TakeBack(Connections* returned) {
  const size_t started = ReleaseUpTo(Revoke(cell_, released_, sent_), returned);
  for (; released_ < sent_; ++released_) {
    returned->push_back(std::move(At(released_ + 1).connection));
  }
  // All is settled: what the count says beyond this, true or not, is of no
  // number that is still to come.
  refusals_seen_ = cell_.refusals.load(std::memory_order_acquire);
  // The kernel's copies of those descriptors go with the messages.
  std::array<std::byte, kMaxHandoffBytes> bytes;
  while (true) {
    const Received message = ReceiveMessage(receiver_.get(), bytes, {});
    if (message.error != 0 || message.bytes == 0) break;
  }
  return started;
}

}  // namespace cluster
