// Shard: the keys that this worker owns, and whether it may speak for them.
//
// Two workers must never answer for the same keys. A worker that replaces
// another therefore begins by taking over (takeover.h): until it has heard from
// all that might still own them it answers with an error. One that is replaced
// while it still runs retires: its keys are dropped, and it never answers for
// them again. What is not done is answered by an error and has no effect.
//
// Thread safety: none.
//
//   Shard shard({.max_memory_bytes = 1 << 30, .replaces = true}, clock);
//   shard.OnTakenOver();
//   shard.Run(request, &reply);
#ifndef PLUGINS_RESP_KV_SHARD_H_
#define PLUGINS_RESP_KV_SHARD_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "plugins/resp_kv/shard_stats.h"
#include "plugins/resp_kv/store.h"

namespace cluster::resp_kv {

// Returns milliseconds of CLOCK_MONOTONIC, or of a test's clock.
using Clock = std::function<int64_t()>;

class Shard {
 public:
  struct Options {
    uint64_t max_memory_bytes = 0;  // 0: no limit
    // Another worker had these keys before: they are lost, and it may live.
    bool replaces = false;
  };

  Shard(const Options& options, Clock clock)
      : clock_(std::move(clock)),
        store_(options.max_memory_bytes, options.replaces),
        state_(options.replaces ? State::kTakingOver : State::kOwning) {}

  // Nobody else owns the keys any more.
  void OnTakenOver();
  // Somebody else is about to own the keys.
  void Retire();

  // False once retired: ask whoever has the slot now.
  bool here() const { return state_ != State::kRetired; }
  bool owning() const { return state_ == State::kOwning; }

  // Does one command, now, and appends its reply to `out`.
  void Run(std::span<const std::string_view> request, std::string* out);

  // Does the commands of a batch until its deadline and returns the reply
  // (batch.h). Nothing, if `message` is no batch.
  std::string RunBatch(std::string_view message);

  // Removes keys that are due, a bounded number. Returns whether more are.
  bool RemoveDue();

  const Store& store() const { return store_; }

 private:
  enum class State { kTakingOver, kOwning, kRetired };

  const Clock clock_;
  Store store_;
  ShardStats stats_;
  State state_;
};

}  // namespace cluster::resp_kv

#endif  // PLUGINS_RESP_KV_SHARD_H_
