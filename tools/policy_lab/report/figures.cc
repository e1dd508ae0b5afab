#include "tools/policy_lab/report/figures.h"

namespace cluster::lab {
namespace {

constexpr double kNsInMs = 1e6;

Interval InMs(const Moments& ns, double confidence) {
  const Interval interval = IntervalOf(ns, confidence);
  return {interval.mean / kNsInMs, interval.half_width / kNsInMs};
}

Figures FiguresOfOne(const Summary& summary, double confidence) {
  Figures figures = {
      .policy = summary.policy,
      .seeds = static_cast<uint32_t>(summary.mean_ns.count()),
      .mean_ms = InMs(summary.mean_ns, confidence),
      .p50_ms = InMs(summary.p50_ns, confidence),
      .p99_ms = InMs(summary.p99_ns, confidence),
      .p999_ms = InMs(summary.p999_ns, confidence),
      .max_ms = static_cast<double>(summary.response.max_ns()) / kNsInMs,
      .waited = IntervalOf(summary.waited, confidence),
      .busy = IntervalOf(summary.busy, confidence),
      .imbalance = IntervalOf(summary.imbalance, confidence),
      .arrived = summary.arrived,
      .ended = summary.ended,
      .lost = summary.lost,
      .present = summary.present,
      .theory = {}};
  if (figures.seeds == 1) {
    figures.mean_ms.half_width =
        InMs(summary.batches_ns, confidence).half_width;
  }
  return figures;
}

}  // namespace

std::vector<Figures> FiguresOf(const Experiment& experiment,
                               const std::vector<Summary>& summaries,
                               double confidence) {
  std::vector<Figures> rows;
  for (const Summary& summary : summaries) {
    rows.push_back(FiguresOfOne(summary, confidence));
    rows.back().theory = TheoryFor(experiment.scenario, summary.policy);
  }
  return rows;
}

}  // namespace cluster::lab
