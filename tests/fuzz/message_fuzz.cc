// Fuzz target for MessageRouter: what hostile workers may send, in any order.
//
// The input is a list of steps for four workers, each a byte that says what and
// who, then its numbers. A worker that breaks the protocol is removed, as the
// primary does.
//
// Beyond the sanitizers' rules it demands:
//   - frames go to workers that are there, and each message to a worker comes
//     as its head announced it: so many bytes in parts, or a cut
//   - a breach is kDataLoss or kResourceExhausted
//   - what waits for those who do not read stays within the windows
//   - no descriptor leaks, and no request is left when all workers are gone
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/duplicate_fd.h"
#include "core/base/unique_fd.h"
#include "core/control/messages.h"
#include "core/control/user_message.h"
#include "core/primary/messages/message_router.h"

namespace cluster {
namespace {

using Bytes = std::span<const std::byte>;

constexpr uint32_t kWorkers = 4;
constexpr uint32_t kThePrimary = 0;  // as a receiver
constexpr size_t kMaxSteps = 2'000;
constexpr uint64_t kFrameBytes = 24;

void Demand(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

// The number the next descriptor gets: it rises when one leaks.
int NextFd() { return UniqueFd(dup(STDERR_FILENO)).get(); }

std::vector<UniqueFd> MakeFds(size_t count) {
  std::vector<UniqueFd> fds;
  for (size_t i = 0; i < count; ++i) fds.emplace_back(dup(STDERR_FILENO));
  return fds;
}

// Reads the steps; zeros behind their end.
class Input {
 public:
  explicit Input(Bytes bytes) : bytes_(bytes) {}
  bool empty() const { return bytes_.empty(); }
  uint8_t Byte() {
    if (bytes_.empty()) return 0;
    const auto byte = std::to_integer<uint8_t>(bytes_[0]);
    bytes_ = bytes_.subspan(1);
    return byte;
  }
  uint16_t Word() {
    const uint16_t low = Byte();
    return static_cast<uint16_t>(low | Byte() << 8);
  }

 private:
  Bytes bytes_;
};

// Four workers as the router sees them.
class Workers : private MessageRouter::Out {
 public:
  Workers() {
    for (uint32_t id = 1; id <= kWorkers; ++id) {
      router_.Add(id, id - 1);
      there_.insert(id);
    }
  }

  void Step(Input& input) {
    const uint8_t step = input.Byte();
    const uint32_t worker = 1 + step / 8 % kWorkers;
    switch (step % 8) {
      case 0:
      case 1:
      case 2:
        return Judge(worker, Message(worker, input));
      case 3:
        return Judge(worker, router_.OnPart(worker, Zeros(input.Word())));
      case 4: {
        const ForgetRequest forget = {.request = input.Byte()};
        const Bytes whole = BytesOf(forget);
        const size_t size = std::min<size_t>(whole.size(), input.Byte());
        return Judge(worker, router_.OnForget(worker, whole.first(size)));
      }
      case 5: {
        // Some of what waits was written.
        uint64_t& written = written_[worker];
        written += (queued_[worker] - written) * (1u + input.Byte()) / 256;
        return router_.OnWritten(worker, written);
      }
      case 6:
        return router_.Tick();
      default:
        return Remove(worker);
    }
  }

  void End() {
    for (uint32_t id = 1; id <= kWorkers; ++id) Remove(id);
    Demand(router_.open_requests() == 0, "no request outlives its workers");
    Demand(!router_.AnyWaits(), "nothing waits for nobody");
  }

 private:
  static Bytes Zeros(size_t size) {
    static constexpr std::array<std::byte, UINT16_MAX> kZeros = {};
    return Bytes(kZeros).first(size);
  }

  absl::Status Message(uint32_t worker, Input& input) {
    MessageHead head = {.to = static_cast<MessageTo>(input.Byte() % 8),
                        .number = input.Byte(),
                        .request = input.Byte() % 16u,
                        .total_bytes = input.Word()};
    const uint8_t shape = input.Byte();
    // From nothing up to far beyond what is allowed.
    head.total_bytes <<= shape % 4 * 16;
    const size_t size = input.Word() % (kMaxPartBytes + 2);
    std::vector<std::byte> payload(BytesOf(head).begin(), BytesOf(head).end());
    payload.resize(shape % 64 == 63 ? size % sizeof(head)
                                    : sizeof(head) + size);
    return router_.OnMessage(worker, payload, MakeFds(shape / 64 * 22));
  }

  void Judge(uint32_t worker, const absl::Status& status) {
    if (status.ok()) return;
    Demand(absl::IsDataLoss(status) || absl::IsResourceExhausted(status),
           "a breach is one of the two");
    Remove(worker);
  }

  void Remove(uint32_t worker) {
    there_.erase(worker);
    router_.Remove(worker);
  }

  uint64_t Queue(uint32_t to,
                 FrameType type,
                 Bytes head,
                 Bytes rest,
                 std::vector<UniqueFd> fds) override {
    Demand(there_.contains(to), "frames go to who is there");
    Demand(fds.size() <= kMaxUserMessageFds, "descriptors are bounded");
    Check(to, type, head, rest);
    queued_[to] += kFrameBytes + head.size() + rest.size();
    // All windows, answers to what was asked, and what a stuck one may have.
    Demand(queued_[to] - written_[to] <= 2 * kWorkers * kMessageWindowBytes +
                                             MessageRouter::kMaxStuckBytes +
                                             kMaxPartBytes,
           "what waits is bounded");
    return queued_[to];
  }
  void QueueForPrimary(FrameType type,
                       Bytes head,
                       Bytes rest,
                       std::vector<UniqueFd> fds) override {
    Demand(fds.size() <= kMaxUserMessageFds, "descriptors are bounded");
    Check(kThePrimary, type, head, rest);
  }
  // One of them reads at once.
  void Flush() override {
    if (!there_.contains(1)) return;
    written_[1] = queued_[1];
    router_.OnWritten(1, written_[1]);
  }
  absl::StatusOr<UniqueFd> CopyFd(const UniqueFd& fd) override {
    return DuplicateFd(fd.get());
  }
  void Trouble(const std::string&) override {}

  // Each message is as its head announced it.
  void Check(uint32_t to, FrameType type, Bytes head, Bytes rest) {
    if (type == FrameType::kDelivery) {
      const auto delivery = TakeHead<DeliveryHead>(&head);
      Demand(delivery.has_value(), "a delivery has its head");
      uint64_t& left = left_[{delivery->from_worker, to}];
      Demand(left == 0, "a message begins when the last one is whole");
      Demand(delivery->total_bytes <= kMaxUserMessageBytes, "size is bounded");
      Demand(rest.size() <= delivery->total_bytes, "no more than announced");
      left = delivery->total_bytes - rest.size();
    } else if (type == FrameType::kDeliveryPart) {
      const auto part = TakeHead<PartHead>(&head);
      Demand(part.has_value(), "a part has its head");
      uint64_t& left = left_[{part->from_worker, to}];
      Demand(!rest.empty() && rest.size() <= left, "a part is of a message");
      left -= rest.size();
    } else if (type == FrameType::kDeliveryCut) {
      const auto cut = TakeHead<PartHead>(&head);
      Demand(cut.has_value(), "a cut has its head");
      Demand(std::exchange(left_[{cut->from_worker, to}], 0) > 0,
             "what is cut was not whole");
    }
  }

  std::set<uint32_t> there_;
  std::map<uint32_t, uint64_t> queued_;   // bytes in all, by worker
  std::map<uint32_t, uint64_t> written_;  // likewise
  std::map<std::pair<uint32_t, uint32_t>, uint64_t> left_;  // by from, to
  MessageRouter router_{*this};
};

void Check(Bytes bytes) {
  const int next_fd = NextFd();
  {
    Workers workers;
    Input input(bytes);
    for (size_t i = 0; i < kMaxSteps && !input.empty(); ++i) {
      workers.Step(input);
    }
    workers.End();
  }
  Demand(NextFd() == next_fd, "no descriptor leaks");
}

}  // namespace
}  // namespace cluster

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cluster::Check(std::as_bytes(std::span(data, size)));
  return 0;
}
