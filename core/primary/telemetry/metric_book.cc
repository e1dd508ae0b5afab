#include "core/primary/telemetry/metric_book.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"

namespace cluster {
namespace {

// No count that is true gets here; sums of such counts do not overflow.
constexpr uint64_t kMaxCount = uint64_t{1} << 50;

// The cell with the bits of a double, if there is one.
bool is_double(const MetricDefinition& definition, size_t cell) {
  return definition.kind == MetricKind::kGauge ||
         (definition.kind == MetricKind::kHistogram &&
          cell == definition.bounds.size() + 1);
}

}  // namespace

absl::Status MetricBook::Define(uint32_t slot,
                                const MetricDefinition& definition) {
  Worker& worker = workers_[slot];
  if (const absl::Status status = CheckMetric(definition); !status.ok()) {
    return absl::DataLossError(
        absl::StrCat("it defines a metric, but ", status.message()));
  }
  if (definition.first_cell != worker.cells_used ||
      definition.cell_count() > kMaxMetricCells - worker.cells_used) {
    return absl::DataLossError("it defines a metric in cells that are not its");
  }
  worker.cells_used += definition.cell_count();
  const auto refuse = [&](absl::string_view why) {
    return absl::FailedPreconditionError(
        absl::StrCat("metric ", definition.name, " is not counted: ", why));
  };
  auto found = families_.find(definition.name);
  if (found != families_.end() &&
      !found->second->definition.same_as(definition)) {
    return refuse("another worker defined it otherwise");
  }
  if (found == families_.end()) {
    if (families_.size() == kMaxFamilies) return refuse("there are too many");
    for (const auto& [name, family] : families_) {
      if (names_clash(family->definition, definition)) {
        return refuse(absl::StrCat("its name is taken by ", name));
      }
    }
    found = families_
                .emplace(definition.name,
                         std::make_unique<Family>(Family{
                             definition, Values(definition.cell_count())}))
                .first;
  }
  worker.members.push_back({.family = found->second.get(),
                            .first_cell = definition.first_cell,
                            .values = Values(definition.cell_count())});
  return absl::OkStatus();
}

void MetricBook::Read(
    uint32_t slot,
    std::span<const std::atomic<uint64_t>, kMaxMetricCells> cells) {
  for (Member& member : workers_[slot].members) {
    Update(member.family->definition,
           cells.subspan(member.first_cell, member.values.size()),
           member.values);
  }
}

void MetricBook::Update(const MetricDefinition& definition,
                        std::span<const std::atomic<uint64_t>> cells,
                        Values& values) {
  for (size_t i = 0; i < values.size(); ++i) {
    const uint64_t read = cells[i].load(std::memory_order_relaxed);
    if (!is_double(definition, i)) {
      values[i] = std::clamp(read, values[i], kMaxCount);
    } else if (std::isfinite(std::bit_cast<double>(read))) {
      values[i] = read;
    }
  }
}

void MetricBook::Add(const MetricDefinition& definition,
                     const Values& values,
                     Values& sum) {
  for (size_t i = 0; i < values.size(); ++i) {
    if (is_double(definition, i)) {
      sum[i] = std::bit_cast<uint64_t>(std::bit_cast<double>(values[i]) +
                                       std::bit_cast<double>(sum[i]));
    } else {
      sum[i] += std::min(values[i], UINT64_MAX - sum[i]);
    }
  }
}

void MetricBook::Retire(uint32_t slot) {
  const auto found = workers_.find(slot);
  if (found == workers_.end()) return;
  for (const Member& member : found->second.members) {
    const MetricDefinition& definition = member.family->definition;
    if (definition.kind == MetricKind::kGauge) continue;
    Add(definition, member.values, member.family->retired);
  }
  workers_.erase(found);
}

std::vector<MetricFamily> MetricBook::Families() const {
  absl::btree_map<const Family*, Values> sums;
  for (const auto& [slot, worker] : workers_) {
    for (const Member& member : worker.members) {
      const auto sum =
          sums.emplace(member.family, member.family->retired).first;
      Add(member.family->definition, member.values, sum->second);
    }
  }
  std::vector<MetricFamily> families;
  for (const auto& [name, family] : families_) {
    const MetricDefinition& definition = family->definition;
    const auto found = sums.find(family.get());
    const Values& values =
        found != sums.end() ? found->second : family->retired;
    MetricFamily& shown = families.emplace_back();
    shown.name = name;
    shown.help = definition.help;
    shown.kind = definition.kind;
    if (definition.kind == MetricKind::kCounter) {
      shown.samples = {{"", values[0]}};
    } else if (definition.kind == MetricKind::kGauge) {
      shown.samples = {{"", std::bit_cast<double>(values[0])}};
    } else {
      shown.bounds = definition.bounds;
      shown.buckets.assign(values.begin(), values.end() - 1);
      shown.sum = std::bit_cast<double>(values.back());
    }
  }
  return families;
}

}  // namespace cluster
