#include "tools/policy_lab/reads_work.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/base/status_macros.h"
#include "scheduler/policy.h"
#include "scheduler/registry.h"
#include "tools/policy_lab/board.h"

namespace cluster::lab {
namespace {

constexpr uint32_t kWorkers = 8;
// Who draws two of eight and compares them sees the difference at once; more
// than enough for who looks only now and then.
constexpr int kRounds = 256;

}  // namespace

absl::StatusOr<bool> ReadsWork(const std::string& spec) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Policy> one, MakePolicy(spec, 1));
  ASSIGN_OR_RETURN(const std::unique_ptr<Policy> two, MakePolicy(spec, 1));
  const BoardConfig config = {.workers = kWorkers, .shows_work = true};
  Board rising(config);
  Board falling(config);
  for (uint32_t worker = 0; worker < kWorkers; ++worker) {
    for (Board* board : {&rising, &falling}) {
      board->ChangeInFlight(worker, 2);
      board->ChangeRequests(worker, 2);
    }
    rising.work_ns()[worker] = (worker + 1) * 1'000'000;
    falling.work_ns()[worker] = (kWorkers - worker) * 1'000'000;
  }
  for (int round = 0; round < kRounds; ++round) {
    const Arrival arrival = {.now_ns = round * int64_t{1'000'000},
                             .key = static_cast<uint64_t>(round) + 1,
                             .work_ns = 1'000'000};
    if (one->Pick(arrival, rising.candidates()) !=
        two->Pick(arrival, falling.candidates())) {
      return true;
    }
  }
  return false;
}

}  // namespace cluster::lab
