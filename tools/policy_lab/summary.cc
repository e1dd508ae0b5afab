#include "tools/policy_lab/summary.h"

namespace cluster::lab {

void Summary::Add(const RunResult& run) {
  const auto measured = static_cast<double>(run.response.count());
  if (arrived == 0) {
    batches_ns = run.batches.means();
    load = run.load.points();
    workers = run.workers.size();
  }
  mean_ns.Add(run.mean_ns());
  p50_ns.Add(run.response.Quantile(0.5));
  p99_ns.Add(run.response.Quantile(0.99));
  p999_ns.Add(run.response.Quantile(0.999));
  waited.Add(measured == 0 ? 0 : static_cast<double>(run.waited) / measured);
  busy.Add(run.busy_share);
  imbalance.Add(run.load.Imbalance(run.warm_ns));
  response.Merge(run.response);
  arrived += run.arrived;
  ended += run.ended;
  lost += run.lost;
  present += run.present;
}

}  // namespace cluster::lab
