// Gathering: when to let connections collect before accepting them.
//
// Waking a process on another core costs as much as a hundred descriptors.
// Under load, accepting at once wakes a worker for nearly every connection;
// waiting a moment first makes the same wake-ups carry ten. A primary that
// waits stalls nobody. At light load waiting only adds latency, so the load
// decides: on above kStartRate accepted a second (or, from kBusyRate on, when
// this thread is busy most of the time), off again below kStopRate.
//
// It reads no clock and has no timer: the owner reports each round and asks.
//
// Thread safety: none.
//
//   gathering.Record(now_ns, accepted, thread_cpu_ns);
//   if (gathering.delay_ns() > 0) WaitThenAccept(); else AcceptWhenReadable();
#ifndef CORE_PRIMARY_CONNECTIONS_GATHERING_H_
#define CORE_PRIMARY_CONNECTIONS_GATHERING_H_

#include <cstddef>
#include <cstdint>

namespace cluster {

class Gathering {
 public:
  // Connections a second, measured: at 10,000 gathering adds its delay to each
  // and saves nothing, at 20,000 it saves a fifth of the CPU.
  static constexpr double kStartRate = 12'500;
  static constexpr double kStopRate = 11'000;
  // Above this rate a thread that is busy for kBusyShare of the time gathers
  // too: on a slow machine it may never reach kStartRate without.
  static constexpr double kBusyRate = 4'000;
  static constexpr double kBusyShare = 0.45;
  // Once on, it stays on for that reason above this share.
  static constexpr double kStillBusyShare = 0.35;

  // Waits `gather_ns` before accepting, when on; 0 never gathers. Measured with
  // two workers on two busy cores: 200 µs cost 1.2 times the CPU of raw
  // SO_REUSEPORT for each connection, 300 µs the same as it, 400 µs no less.
  explicit Gathering(int64_t gather_ns) : gather_ns_(gather_ns) {}

  // How long to wait before the next accept; 0: accept when a connection comes.
  int64_t delay_ns() const { return on_ ? gather_ns_ : 0; }

  // True if Record() wants `thread_cpu_ns` now; asking the kernel costs a call,
  // so that is not every time.
  bool WantsCpuTime(int64_t now_ns) const;

  // After each round of accepts: the time, how many were accepted, and the CPU
  // time of this thread so far (ignored unless WantsCpuTime()).
  void Record(int64_t now_ns, size_t accepted, int64_t thread_cpu_ns);

 private:
  const int64_t gather_ns_;
  bool on_ = false;
  int64_t window_start_ns_ = 0;
  int64_t window_start_cpu_ns_ = 0;
  size_t window_accepted_ = 0;
  double rate_ = 0;  // smoothed, connections a second
};

}  // namespace cluster

#endif  // CORE_PRIMARY_CONNECTIONS_GATHERING_H_
