// Gathering: when to let connections collect before accepting them.
//
// Waking a process costs as much as a hundred descriptors. Under load,
// accepting at once wakes somebody for nearly every connection; waiting a
// moment first makes the same wake-ups carry ten, and the first bytes of each
// are there when it is accepted. Only what comes newly waits, by a timer of the
// event loop: what is open goes on meanwhile. At light load waiting only adds
// latency, so the load decides, by the rates of GatheringRates.
//
// How long it waits depends on what a round of accepts takes, waits for a CPU
// included: so much longer that rounds fill no more than a part of the time.
// Where CPUs are scarce rounds take long, and longer waits make them fewer and
// larger; where they are not, the wait stays short.
//
// It reads no clock and has no timer: the owner reports each round and asks.
//
// Thread safety: none.
//
//   gathering.Record(now_ns, accepted, thread_cpu_ns);
//   if (gathering.expects_more()) {
//     AcceptAfter(gathering.Wait(MonotonicNs()));
//   } else {
//     AcceptWhenReadable();
//   }
#ifndef CORE_BASE_GATHERING_H_
#define CORE_BASE_GATHERING_H_

#include <cstddef>
#include <cstdint>

namespace cluster {

// Connections a second that one thread accepts.
struct GatheringRates {
  double start;  // from here on it gathers
  double stop;   // below that no more
  // From here on a thread that is busy for kBusyShare of the time gathers too:
  // on a slow machine it may never reach `start` without.
  double busy = 4'000;
};

class Gathering {
 public:
  static constexpr double kBusyShare = 0.45;
  // Once on, it stays on for that reason above this share: gathering itself
  // makes the thread a third as busy.
  static constexpr double kStillBusyShare = 0.12;
  // A wait is so many times what a round takes, but at least what was asked
  // for and at most kLongestWait times that.
  static constexpr double kWaitForRound = 4;
  static constexpr int64_t kLongestWait = 4;

  // Waits `gather_ns` or longer, when on; 0 never gathers.
  Gathering(int64_t gather_ns, const GatheringRates& rates)
      : gather_ns_(gather_ns), rates_(rates) {}

  // How long to wait before the next accept; 0: accept when a connection comes.
  int64_t delay_ns() const;

  // Whether more are so sure to come that nobody needs to be told: it is on,
  // and of the last rounds one found something.
  bool expects_more() const { return on_ && empty_rounds_ < kMaxEmptyRounds; }

  // The same as delay_ns(), at the end of a round: from when the next is due to
  // when it calls this is what a round takes.
  int64_t Wait(int64_t now_ns);

  // True if Record() wants `thread_cpu_ns` now; asking the kernel costs a call,
  // so that is not every time.
  bool WantsCpuTime(int64_t now_ns) const;

  // After each round of accepts: the time, how many were accepted, and the CPU
  // time of this thread so far (ignored unless WantsCpuTime()).
  void Record(int64_t now_ns, size_t accepted, int64_t thread_cpu_ns);

 private:
  static constexpr size_t kMaxEmptyRounds = 8;

  const int64_t gather_ns_;
  const GatheringRates rates_;
  bool on_ = false;
  int64_t window_start_ns_ = 0;
  int64_t window_start_cpu_ns_ = 0;
  size_t window_accepted_ = 0;
  double rate_ = 0;  // smoothed, connections a second
  size_t empty_rounds_ = 0;
  int64_t due_ns_ = 0;  // the next round, if one was waited for
  double took_ns_ = 0;  // smoothed: from when a round was due to its end
};

}  // namespace cluster

#endif  // CORE_BASE_GATHERING_H_
