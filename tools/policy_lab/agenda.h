// Agenda: what is to happen at times that are known beforehand, the first of
// them first; at equal times in the order in which it was written down.
//
// Thread safety: none.
#ifndef TOOLS_POLICY_LAB_AGENDA_H_
#define TOOLS_POLICY_LAB_AGENDA_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <tuple>
#include <vector>

#include "tools/policy_lab/sim_time.h"

namespace cluster::lab {

class Agenda {
 public:
  enum class Kind : uint8_t { kRequest, kIncidentBegins, kIncidentEnds };

  struct Entry {
    int64_t ns = 0;
    uint64_t number = 0;
    Kind kind = Kind::kRequest;
    uint32_t subject = 0;  // a job, or an incident

    bool operator>(const Entry& other) const {
      return std::tie(ns, number) > std::tie(other.ns, other.number);
    }
  };

  bool empty() const { return heap_.empty(); }
  // The time of the first entry, kNever if there is none.
  int64_t next_ns() const { return heap_.empty() ? kNever : heap_.front().ns; }

  // What is to happen at kNever is left out.
  void Add(int64_t ns, Kind kind, uint32_t subject) {
    if (ns == kNever) return;
    heap_.push_back({ns, added_++, kind, subject});
    std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
  }

  // Takes the first entry. REQUIRES: there is one.
  Entry Take() {
    std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
    const Entry entry = heap_.back();
    heap_.pop_back();
    return entry;
  }

 private:
  std::vector<Entry> heap_;
  uint64_t added_ = 0;
};

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_AGENDA_H_
