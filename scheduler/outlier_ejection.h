// OutlierEjection: workers that fail again and again get nothing for a while.
//
// A worker that fails fast looks idle, and draws ever more connections (a black
// hole) under every policy that goes by load. It is ejected after a number of
// failures in a row, or when enough of what it did within an interval failed;
// for a base time, multiplied by how often it was ejected in a row, up to a
// limit. An interval without ejection takes one off that count. At most a part
// of the workers is ejected at once, but always one may be. Kept by slot: a
// worker that dies of what it gets does not come back as new.
//
// What a failure is, the owner says. How too many ejections are handled
// (panic), eligibility.h says.
//
// Source: outlier detection as Envoy documents it (consecutive_5xx 5, base time
// 30 s, at most 300 s, 10 %; failure percentage 85 of at least 50 in 10 s).
//
// Thread safety: none. It reads no clock.
//
//   ejection.Failed(slot, /*count=*/1, now_ns);
//   view.ejected = ejection.ejected(slot, now_ns);
#ifndef SCHEDULER_OUTLIER_EJECTION_H_
#define SCHEDULER_OUTLIER_EJECTION_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cluster {

struct EjectionOptions {
  // Failures in a row that eject; 0: nobody is ever ejected.
  uint32_t consecutive = 0;
  // Or such a part of at least `volume` outcomes within an interval.
  uint32_t failed_percent = 85;
  uint32_t volume = 50;
  int64_t interval_ns = 10'000'000'000;
  int64_t base_ns = 30'000'000'000;
  int64_t longest_ns = 300'000'000'000;
  uint32_t most_percent = 10;
};

class OutlierEjection {
 public:
  explicit OutlierEjection(const EjectionOptions& options)
      : options_(options) {}

  bool enabled() const { return options_.consecutive > 0; }

  // A worker listens in the slot: it counts among all.
  void Add(uint32_t slot);
  // What became of `count` connections. Time never falls.
  void Succeeded(uint32_t slot, uint64_t count, int64_t now_ns);
  void Failed(uint32_t slot, uint64_t count, int64_t now_ns);

  bool ejected(uint32_t slot, int64_t now_ns) const {
    return slot < slots_.size() && now_ns < slots_[slot].until_ns;
  }

 private:
  struct Outcomes {
    bool added = false;
    uint64_t in_a_row = 0;  // failures
    // Of the interval; the first begins when an ejection ends.
    int64_t begin_ns = 0;
    uint64_t succeeded = 0;
    uint64_t failed = 0;

    uint32_t times = 0;  // ejected, in a row
    int64_t until_ns = 0;
  };

  Outcomes& At(uint32_t slot, int64_t now_ns);
  void EjectIfDue(Outcomes& outcomes, int64_t now_ns);
  bool MayEject(int64_t now_ns) const;

  const EjectionOptions options_;
  std::vector<Outcomes> slots_;
};

}  // namespace cluster

#endif  // SCHEDULER_OUTLIER_EJECTION_H_
