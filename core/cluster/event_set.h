// EventSet: the emitters of a set of events, each with a signature of its own;
// and Listenable, what has one and lets others listen.
//
// Thread safety: none; one thread.
//
//   class Server : public Listenable<ServerEvents> {};
//   server.on(events::close, [] { ... });
#ifndef CORE_CLUSTER_EVENT_SET_H_
#define CORE_CLUSTER_EVENT_SET_H_

#include <exception>
#include <functional>
#include <tuple>
#include <utility>

#include "core/cluster/emitter.h"

namespace cluster {

// The emitters of a set of events.
template <template <typename> typename SignatureOf, typename... Events>
class EventSet {
 public:
  template <typename Event>
  using Signature = SignatureOf<Event>;

  template <typename Event>
  Emitter<SignatureOf<Event>>& of(Event) {
    return std::get<Slot<Event>>(slots_).emitter;
  }
  bool Off(ListenerId id) {
    return (std::get<Slot<Events>>(slots_).emitter.Off(id) || ...);
  }
  // See Emitter, for each of them.
  void WhenThrown(const std::function<void(std::exception_ptr)>& thrown) {
    (std::get<Slot<Events>>(slots_).emitter.WhenThrown(thrown), ...);
  }

 private:
  template <typename Event>
  struct Slot {
    Emitter<SignatureOf<Event>> emitter;
  };
  std::tuple<Slot<Events>...> slots_;
};

// Who has the events of `Set`, and lets others listen to them.
template <typename Set>
class Listenable {
 public:
  // Calls `listener` for each event, in the order of these calls.
  template <typename Event>
  ListenerId on(
      Event event,
      std::function<typename Set::template Signature<Event>> listener) {
    return events_.of(event).On(std::move(listener));
  }
  // The same, for the next event only.
  template <typename Event>
  ListenerId once(
      Event event,
      std::function<typename Set::template Signature<Event>> listener) {
    return events_.of(event).Once(std::move(listener));
  }
  // Returns whether there was such a listener.
  bool off(ListenerId id) { return events_.Off(id); }

 protected:
  ~Listenable() = default;

  Set events_;
};

}  // namespace cluster

#endif  // CORE_CLUSTER_EVENT_SET_H_
