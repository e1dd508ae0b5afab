#include "scheduler/candidate_table.h"

#include <atomic>

namespace cluster {
namespace {

uint64_t NextVersion() {
  static std::atomic<uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

template <class T>
std::span<const T> Front(const std::vector<T>& column, size_t size) {
  return std::span<const T>(column).first(size);
}

template <class T>
void EraseAt(std::vector<T>& column, size_t row) {
  column.erase(column.begin() + row);
}

}  // namespace

Candidates CandidateTable::view() {
  if (changed_ || size_ != viewed_size_) {
    version_ = NextVersion();
    changed_ = false;
    viewed_size_ = size_;
  }
  return {.keys = Front(keys_, size_),
          .slots = Front(slots_, size_),
          .weights = Front(weights_, size_),
          .weight_unit = weight_unit_,
          .in_flight = Front(in_flight_, size_),
          .total_in_flight = total_in_flight_,
          .requests = Front(requests_, size_),
          .capacities = Front(capacities_, size_),
          .work_ns = {},
          .version = version_};
}

void CandidateTable::Add(const Candidate& candidate) {
  const size_t row = size_++;
  if (row == keys_.size()) {
    keys_.emplace_back();
    slots_.emplace_back();
    weights_.emplace_back();
    in_flight_.emplace_back();
    requests_.emplace_back();
    capacities_.emplace_back();
    changed_ = true;
  }
  changed_ |= keys_[row] != candidate.key || slots_[row] != candidate.slot ||
              weights_[row] != candidate.weight;
  keys_[row] = candidate.key;
  slots_[row] = candidate.slot;
  weights_[row] = candidate.weight;
  in_flight_[row] = candidate.in_flight;
  requests_[row] = candidate.requests;
  capacities_[row] = candidate.capacity;
  total_in_flight_ += candidate.in_flight;
}

void CandidateTable::Erase(size_t row) {
  total_in_flight_ -= in_flight_[row];
  EraseAt(keys_, row);
  EraseAt(slots_, row);
  EraseAt(weights_, row);
  EraseAt(in_flight_, row);
  EraseAt(requests_, row);
  EraseAt(capacities_, row);
  --size_;
  changed_ = true;
}

}  // namespace cluster
