// LiveSet: handles that are held by the plugin. A handle that is not in it is
// never looked at.
//
// Thread safety: any thread.
//
//   T* handle = set.Add(std::make_unique<T>());
//   if (set.Find(handle) == nullptr) Complain();
#ifndef TOOLS_PLUGIN_CHECK_PROBE_LIVE_SET_H_
#define TOOLS_PLUGIN_CHECK_PROBE_LIVE_SET_H_

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

namespace cluster {

template <typename T>
class LiveSet {
 public:
  T* Add(std::unique_ptr<T> handle) {
    T* const raw = handle.get();
    const std::lock_guard lock(mutex_);
    live_[raw] = std::move(handle);
    return raw;
  }

  // Returns null if it is not held.
  T* Find(const void* handle) {
    const std::lock_guard lock(mutex_);
    const auto at = live_.find(handle);
    return at == live_.end() ? nullptr : at->second.get();
  }

  // Removes it from the set. Returns null if it is not held.
  std::unique_ptr<T> Take(const void* handle) {
    const std::lock_guard lock(mutex_);
    auto node = live_.extract(handle);
    return node.empty() ? nullptr : std::move(node.mapped());
  }

  template <typename Predicate>
  bool Any(Predicate holds) {
    const std::lock_guard lock(mutex_);
    return std::any_of(live_.begin(), live_.end(), [&](const auto& held) {
      return holds(*held.second);
    });
  }

  size_t size() {
    const std::lock_guard lock(mutex_);
    return live_.size();
  }

 private:
  std::mutex mutex_;
  std::map<const void*, std::unique_ptr<T>> live_;  // by mutex_
};

}  // namespace cluster

#endif  // TOOLS_PLUGIN_CHECK_PROBE_LIVE_SET_H_
