// Emitter: the listeners of one event, called in the order in which they came.
//
// A listener may add and remove listeners, itself and others, while it runs:
// one that was removed is not called any more, also not for the event that is
// being told; one that was added is called from the next event on. If one
// throws, those behind it do not hear of the event, unless somebody takes what
// is thrown.
//
// Thread safety: none; one thread.
//
//   Emitter<void(int)> emitter;
//   const ListenerId id = emitter.On([](int n) { ... });
//   emitter.Emit(5);
//   emitter.Off(id);
#ifndef CORE_CLUSTER_EMITTER_H_
#define CORE_CLUSTER_EMITTER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace cluster {

// Unlike any other of the process.
using ListenerId = uint64_t;

// A fresh one.
inline ListenerId NextListenerId() {
  static ListenerId last = 0;
  return ++last;
}

template <typename Signature>
class Emitter {
 public:
  using Listener = std::function<Signature>;
  using ThrownFunction = std::function<void(std::exception_ptr thrown)>;

  ListenerId On(Listener listener) { return Add(std::move(listener), false); }
  // Called for the next event and then removed.
  ListenerId Once(Listener listener) { return Add(std::move(listener), true); }

  // Returns whether there was such a listener.
  bool Off(ListenerId id) {
    const auto found =
        std::find_if(entries_.begin(), entries_.end(), [&](const auto& entry) {
          return entry->id == id;
        });
    if (found == entries_.end()) return false;
    (*found)->removed = true;
    entries_.erase(found);
    return true;
  }

  // Returns whether anybody listened.
  template <typename... Args>
  bool Emit(Args&&... args) {
    // They stay alive while they are called, whoever removes them.
    const std::vector<std::shared_ptr<Entry>> called = entries_;
    for (const std::shared_ptr<Entry>& entry : called) {
      if (entry->removed) continue;
      if (entry->once) Off(entry->id);
      try {
        entry->listener(args...);
      } catch (...) {
        if (!thrown_) throw;
        thrown_(std::current_exception());
      }
    }
    return !called.empty();
  }

  // Calls `added` behind each listener that is added from now on.
  void WhenAdded(std::function<void()> added) { added_ = std::move(added); }

  // Gives `thrown` what listeners throw, from now on, and goes on with the next
  // of them.
  void WhenThrown(ThrownFunction thrown) { thrown_ = std::move(thrown); }

  size_t size() const { return entries_.size(); }

 private:
  // Shared with the Emit() that calls it.
  struct Entry {
    ListenerId id;
    Listener listener;
    bool once;
    bool removed = false;
  };

  ListenerId Add(Listener listener, bool once) {
    const ListenerId id = NextListenerId();
    entries_.push_back(
        std::make_shared<Entry>(Entry{id, std::move(listener), once}));
    if (added_) added_();
    return id;
  }

  std::vector<std::shared_ptr<Entry>> entries_;
  std::function<void()> added_;
  ThrownFunction thrown_;
};

}  // namespace cluster

#endif  // CORE_CLUSTER_EMITTER_H_
