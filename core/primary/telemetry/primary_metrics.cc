#include "core/primary/telemetry/primary_metrics.h"

#include <string>
#include <utility>

namespace cluster {
namespace {

MetricFamily Family(std::string name,
                    std::string help,
                    MetricKind kind,
                    std::vector<MetricSample> samples) {
  return {.name = std::move(name),
          .help = std::move(help),
          .kind = kind,
          .samples = std::move(samples)};
}

MetricFamily Counter(std::string name, std::string help, uint64_t value) {
  return Family(
      std::move(name), std::move(help), MetricKind::kCounter, {{"", value}});
}

MetricFamily Gauge(std::string name, std::string help, uint64_t value) {
  return Family(
      std::move(name), std::move(help), MetricKind::kGauge, {{"", value}});
}

}  // namespace

std::vector<MetricFamily> PrimaryMetrics(const Accounts& accounts,
                                         const WorkerCounts& workers) {
  const Ledger& ledger = accounts.ledger;
  return {
      Counter("cluster_connections_accepted_total",
              "Connections that were accepted.",
              ledger.accepted()),
      Family("cluster_connections_ended_total",
             "Connections by how they ended.",
             MetricKind::kCounter,
             {{"state=\"completed\"", ledger.completed()},
              {"state=\"refused\"", ledger.refused()},
              {"state=\"lost\"", ledger.lost()},
              {"state=\"expired\"", ledger.expired()}}),
      Gauge("cluster_connections_live",
            "Connections that are open or wait.",
            accounts.live),
      Gauge("cluster_connections_pending",
            "Connections that wait for a worker.",
            accounts.pending),
      Family("cluster_connections_imbalance",
             "Accepted less ended and live: not 0 is a bug.",
             MetricKind::kGauge,
             {{"", static_cast<double>(ledger.imbalance(accounts.live))}}),
      Counter("cluster_connections_redispatched_total",
              "Connections that went from one worker to another.",
              ledger.redispatched()),
      Counter("cluster_handoffs_total",
              "Connections that were sent to a worker.",
              accounts.handed_off),
      Gauge("cluster_requests",
            "Requests that run, as plugins say.",
            accounts.requests),
      Counter("cluster_bytes_received_total",
              "Bytes read from connections, as plugins say.",
              accounts.bytes_received),
      Counter("cluster_bytes_sent_total",
              "Bytes written to connections, as plugins say.",
              accounts.bytes_sent),
      Gauge(
          "cluster_workers_wanted", "Workers there should be.", workers.wanted),
      Gauge("cluster_workers", "Worker processes.", workers.alive),
      Gauge("cluster_workers_serving",
            "Workers that get connections.",
            workers.serving),
      Counter("cluster_worker_restarts_total",
              "Workers that replaced another.",
              workers.restarts),
      Family("cluster_worker_exits_total",
             "Ends of workers.",
             MetricKind::kCounter,
             {{"planned=\"true\"", workers.planned_exits},
              {"planned=\"false\"", workers.unplanned_exits}}),
  };
}

}  // namespace cluster
