#include "tools/policy_lab/board.h"

namespace cluster::lab {

Board::Board(const BoardConfig& config)
    : config_(config), rows_(config.workers, kNoRow) {
  for (uint32_t worker = 0; worker < config.workers; ++worker) Append(worker);
  Show();
}

void Board::Append(uint32_t worker) {
  rows_[worker] = static_cast<uint32_t>(keys_.size());
  keys_.push_back(next_key_++);
  slots_.push_back(worker);
  weights_.push_back(config_.weights.empty() ? 1 : config_.weights[worker]);
  capacities_.push_back(config_.capacity);
  in_flight_.push_back(0);
  requests_.push_back(0);
  shown_in_flight_.push_back(0);
  shown_requests_.push_back(0);
  if (config_.shows_work) work_ns_.push_back(0);
}

void Board::Show() {
  candidates_ = {.keys = keys_,
                 .slots = slots_,
                 .weights = weights_,
                 .in_flight = config_.stale ? shown_in_flight_ : in_flight_,
                 .total_in_flight = config_.stale ? shown_total_ : total_,
                 .requests = config_.stale ? shown_requests_ : requests_,
                 .capacities = capacities_,
                 .work_ns = work_ns_,
                 .version = version_};
}

void Board::Publish() {
  if (!config_.stale) return;
  shown_in_flight_ = in_flight_;
  shown_total_ = total_;
  shown_requests_ = requests_;
  Show();
}

void Board::Remove(uint32_t worker) {
  const uint32_t row = rows_[worker];
  total_ -= in_flight_[row];
  shown_total_ -= shown_in_flight_[row];
  const auto erase = [row](auto& column) {
    if (!column.empty()) column.erase(column.begin() + row);
  };
  erase(keys_);
  erase(slots_);
  erase(weights_);
  erase(capacities_);
  erase(in_flight_);
  erase(requests_);
  erase(shown_in_flight_);
  erase(shown_requests_);
  erase(work_ns_);
  rows_[worker] = kNoRow;
  ++version_;
  for (uint32_t& other : rows_) {
    if (other != kNoRow && other > row) --other;
  }
  Show();
}

void Board::Return(uint32_t worker) {
  Append(worker);
  ++version_;
  Show();
}

}  // namespace cluster::lab
