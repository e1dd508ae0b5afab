// OwedCalls: callbacks that the host was given and calls once, kept until it
// does. Those that it never calls, since the worker stops before, end with
// `stop`, and what they captured with them.
//
// Thread safety: any thread. Lifetime: as Services.
//
//   const uint64_t key = owed.Keep(std::move(call));
//   if (host refuses) owed.Take(key);
#ifndef PLUGINS_SDK_OWED_CALLS_H_
#define PLUGINS_SDK_OWED_CALLS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

namespace cluster::sdk {

class OwedCalls {
 public:
  // What the host gets a pointer to.
  struct Call {
    virtual ~Call() = default;
    uint64_t key = 0;  // Keep() sets it
  };

  uint64_t Keep(std::unique_ptr<Call> call) {
    const std::lock_guard lock(mutex_);
    const uint64_t key = ++last_key_;
    call->key = key;
    calls_.emplace(key, std::move(call));
    return key;
  }

  // Gives a call back; null if it was taken, or Clear() was there before.
  std::unique_ptr<Call> Take(uint64_t key) {
    const std::lock_guard lock(mutex_);
    const auto node = calls_.extract(key);
    return node.empty() ? nullptr : std::move(node.mapped());
  }

  // Ends all of them. The host must not call them any more.
  void Clear() {
    std::map<uint64_t, std::unique_ptr<Call>> ended;  // without the lock
    const std::lock_guard lock(mutex_);
    ended.swap(calls_);
  }

 private:
  std::mutex mutex_;
  uint64_t last_key_ = 0;                            // by mutex_
  std::map<uint64_t, std::unique_ptr<Call>> calls_;  // by mutex_
};

}  // namespace cluster::sdk

#endif  // PLUGINS_SDK_OWED_CALLS_H_
