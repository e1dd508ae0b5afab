// DynamicListeners: the listeners that workers ask for while the host runs, and
// who holds them.
//
// Workers that name the same address hold one listener together: the options of
// the first count. The n-th that a worker opens with port 0 is one with the
// n-th of the others, until it has closed all of them. One that nobody holds is
// closed, unless it is one of the host's own. A worker whose channel ends may
// be due back: the slot's next one has a while to ask again, and so long the
// listener stays open. Where none is due back, a listener that nobody serves
// any more refuses at once, and is gone when the last worker that served it is.
//
// Addresses are numbers or Unix paths: a name would make the primary wait for a
// resolver. A descriptor's number would be one of the primary's own, and is
// refused where its program has not said otherwise.
//
// Thread safety: the io_context's thread.
//
//   absl::StatusOr<uint32_t> listener = listeners.Open(slot, request);
//   listeners.Release(slot, *listener);
#ifndef CORE_PRIMARY_LISTENERS_DYNAMIC_LISTENERS_H_
#define CORE_PRIMARY_LISTENERS_DYNAMIC_LISTENERS_H_

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/control/listener_messages.h"
#include "core/event_loop/alarm.h"
#include "core/primary/connections/slot.h"
#include "core/primary/listeners/listener_group.h"
#include "ipc/address.h"

namespace cluster {

class DynamicListeners {
 public:
  struct Options {
    int backlog = 511;  // for requests that name none
    // For how long, from the end of its channel on, a worker's slot keeps what
    // it held; zero: not beyond the time that it may be given anything.
    absl::Duration due_back = absl::ZeroDuration();
    bool take_fds = false;  // workers may name the primary's descriptors
  };

  // `group` must outlive it.
  DynamicListeners(boost::asio::io_context& io,
                   ListenerGroup& group,
                   const Options& options);

  // Finds or opens the listener that `request` names, and makes `slot` a holder
  // of it. Binds at once: it is one of these system calls that do not wait.
  //   kInvalidArgument    no address to listen at
  //   kResourceExhausted  there are as many listeners as there can be
  //   with an errno       the kernel's
  absl::StatusOr<uint32_t> Open(const Slot& slot,
                                const ListenAtRequest& request);

  // The slot's worker does not serve it any more. REQUIRES: all was taken back.
  void Release(const Slot& slot, uint32_t listener);

  // Its worker gets nothing more, but may still finish what it was sent.
  void StopServing(const Slot& slot);

  // Its worker's channel has ended, and all was taken back: its process may
  // live on, but serves nothing.
  void ChannelEnded(const Slot& slot) { LetGoOfAll(slot); }

  // Its worker is dead, and all was taken back.
  void WorkerDied(const Slot& slot);

  // None of those that are gone is due back.
  void ForgetDueBack() { ExpireDueBack(kNever); }

 private:
  // Equal for requests that share one listener.
  struct Key {
    std::string address;
    uint32_t exclusive_slot = 0;  // from 1; 0: shared
    uint32_t ordinal = 0;         // of port 0, from 1; 0: the port is named
    auto operator<=>(const Key&) const = default;
  };
  struct Entry {
    Key asked;                                    // as it was asked for
    Key bound;                                    // the same with the real port
    absl::btree_map<uint32_t, Key> holders = {};  // by slot, as it asked
    absl::btree_map<uint32_t, int64_t> due_back = {};  // slots, until when
    absl::btree_set<uint32_t> leaving = {};  // slots whose workers finish
    bool shut = false;                       // accepts no more, is nobody's
  };

  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

  // What a worker has of one address with port 0.
  struct Ordinals {
    uint32_t last = 0;
    uint32_t held = 0;
  };
  using OrdinalsKey = std::pair<uint32_t, Key>;  // a slot, a key without one

  Key KeyOf(const Slot& slot,
            const ListenAddress& address,
            uint32_t flags) const;
  // The listener of that key, but for those that are held by slot `but`; the
  // count of numbers if there is none.
  uint32_t Find(const Key& key, uint32_t but) const;
  absl::StatusOr<ListenAddress> ParseAddress(
      const ListenAtRequest& request) const;
  absl::StatusOr<uint32_t> Bind(const ListenAtRequest& request,
                                const ListenAddress& address,
                                const Key& key);
  // Where workers accept themselves, each one's backlog counts.
  void SetBacklog(uint32_t listener, const ListenAtRequest& request);
  void Hold(const Slot& slot, uint32_t listener, const Key& key);
  // False: the slot did not hold it.
  bool LetGo(const Slot& slot, Entry& entry);
  // Of all that it holds, which is kept if it is due back.
  void LetGoOfAll(const Slot& slot);
  static OrdinalsKey OrdinalsOf(uint32_t slot, Key key);
  // Shuts it if nobody serves it or will, and closes it when nobody did.
  void CloseIfUnheld(uint32_t listener);
  // Of all entries.
  std::vector<uint32_t> Numbers() const;
  void WatchDueBack();
  // Of those that were due until `now_ns`.
  void ExpireDueBack(int64_t now_ns);

  ListenerGroup& group_;
  const Options options_;
  absl::btree_map<uint32_t, Entry> entries_;  // by listener
  absl::btree_map<OrdinalsKey, Ordinals> ordinals_;
  Alarm due_back_alarm_;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_LISTENERS_DYNAMIC_LISTENERS_H_
