// MetricBook: the metrics of plugins, added up over workers.
//
// Each slot's worker defines metrics, and their values lie in cells that it
// writes. Counters and histograms of workers that have ended stay in the sums;
// gauges go with their worker. Nothing that a worker writes is trusted: a count
// never falls and has a bound, a definition must fit the cells.
//
// Thread safety: none.
//
//   book.Define(slot.index(), definition);
//   book.Read(slot.index(), slot.page().metric_cells);  // now and then
//   book.Retire(slot.index());                          // the worker has ended
//   std::vector<MetricFamily> families = book.Families();
#ifndef CORE_PRIMARY_TELEMETRY_METRIC_BOOK_H_
#define CORE_PRIMARY_TELEMETRY_METRIC_BOOK_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "core/control/metric_definition.h"
#include "core/primary/telemetry/metric_family.h"
#include "core/scoreboard/slot_page.h"

namespace cluster {

class MetricBook {
 public:
  // Metrics of all workers ever that are shown.
  static constexpr size_t kMaxFamilies = 1024;

  // Adds a metric of the slot's worker.
  //   kDataLoss            no worker of ours sends that
  //   kFailedPrecondition  an earlier worker defined it otherwise; or there are
  //                        kMaxFamilies. This worker's values do not count.
  absl::Status Define(uint32_t slot, const MetricDefinition& definition);

  // Reads the values of the slot's worker.
  void Read(uint32_t slot,
            std::span<const std::atomic<uint64_t>, kMaxMetricCells> cells);

  // The slot's worker has ended: what was read last is its last word.
  void Retire(uint32_t slot);

  // Returns the sums, sorted by name.
  std::vector<MetricFamily> Families() const;

 private:
  using Values = std::vector<uint64_t>;  // as the cells of a metric

  struct Family {
    MetricDefinition definition;  // first_cell means nothing
    Values retired;
  };
  struct Member {
    Family* family;
    size_t first_cell;
    Values values;
  };
  struct Worker {
    size_t cells_used = 0;
    std::vector<Member> members;
  };

  static void Update(const MetricDefinition& definition,
                     std::span<const std::atomic<uint64_t>> cells,
                     Values& values);
  static void Add(const MetricDefinition& definition,
                  const Values& values,
                  Values& sum);

  absl::btree_map<std::string, std::unique_ptr<Family>> families_;  // by name
  absl::btree_map<uint32_t, Worker> workers_;                       // by slot
};

}  // namespace cluster

#endif  // CORE_PRIMARY_TELEMETRY_METRIC_BOOK_H_
