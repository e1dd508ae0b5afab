// FakeTelemetry: what a plugin told a FakeHost of itself, for a test to look
// at.
//
// Thread safety: any thread.
//
//   EXPECT_EQ(host.telemetry.value("app_requests_total"), 3);
//   EXPECT_FALSE(host.telemetry.ready());
#ifndef PLUGINS_TESTING_FAKE_TELEMETRY_H_
#define PLUGINS_TESTING_FAKE_TELEMETRY_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "plugins/abi/cluster_plugin.h"

struct cluster_metric {
  enum Kind { kCounter, kGauge, kHistogram };
  Kind kind;
  std::atomic<uint64_t> count{0};  // of a counter, or values of a histogram
  std::atomic<double> value{0};    // of a gauge, or the sum of a histogram
};

namespace cluster {

class FakeTelemetry {
 public:
  // Returns the table of a service that is told to the FakeTelemetry that `Of`
  // finds for a host; null for services of other kinds.
  template <FakeTelemetry& (*Of)(const cluster_host*)>
  static const void* Table(std::string_view id);
  // The functions of cluster_connection_v1 that are.
  template <FakeTelemetry& (*Of)(const cluster_host*)>
  static void Requests(const cluster_host* host, uint64_t, int32_t change) {
    Of(host).requests += change;
  }
  template <FakeTelemetry& (*Of)(const cluster_host*)>
  static void Bytes(const cluster_host* host,
                    uint64_t,
                    uint64_t received,
                    uint64_t sent) {
    Of(host).bytes_received += received;
    Of(host).bytes_sent += sent;
  }

  // What a counter counted, a gauge was set to, a histogram was given; -1 if
  // there is no such metric.
  double value(const std::string& name);
  // Values that a histogram was given.
  uint64_t count(const std::string& name);

  bool ready() const { return ready_; }
  std::string reason();  // why it was last not ready
  uint64_t heartbeats() const { return heartbeats_; }

  // It asked that its worker ends; at once. A host drains it then, or stops it:
  // here the test does, by FakeHost::Drain(), or by the end of its client.
  bool asked_to_end() const { return asked_to_end_; }
  bool asked_to_end_at_once() const { return asked_to_end_at_once_; }

  // Over all connections; see cluster_connection_v1.
  std::atomic<int64_t> requests{0};
  std::atomic<uint64_t> bytes_received{0};
  std::atomic<uint64_t> bytes_sent{0};

 private:
  template <FakeTelemetry& (*Of)(const cluster_host*)>
  static constexpr cluster_metric_v1 MetricTable();
  template <FakeTelemetry& (*Of)(const cluster_host*)>
  static constexpr cluster_health_v1 HealthTable();

  cluster_status Make(cluster_metric::Kind kind,
                      const char* name,
                      cluster_metric** metric);
  cluster_metric* Find(const std::string& name);
  void SetNotReady(cluster_string reason);

  static void Add(cluster_metric* counter, uint64_t amount) {
    counter->count += amount;
  }
  static void Set(cluster_metric* gauge, double value) { gauge->value = value; }
  static void Observe(cluster_metric* histogram, double value) {
    histogram->count += 1;
    histogram->value = histogram->value + value;
  }

  std::atomic<bool> ready_{true};
  std::atomic<uint64_t> heartbeats_{0};
  std::atomic<bool> asked_to_end_{false};
  std::atomic<bool> asked_to_end_at_once_{false};
  std::mutex mu_;
  std::string reason_;                                              // by mu_
  std::map<std::string, std::unique_ptr<cluster_metric>> metrics_;  // by mu_
};

template <FakeTelemetry& (*Of)(const cluster_host*)>
constexpr cluster_metric_v1 FakeTelemetry::MetricTable() {
  cluster_metric_v1 table = {};
  table.size = sizeof(table);
  table.counter = [](const cluster_host* host,
                     const char* name,
                     const char*,
                     cluster_metric** metric) {
    return Of(host).Make(cluster_metric::kCounter, name, metric);
  };
  table.gauge = [](const cluster_host* host,
                   const char* name,
                   const char*,
                   cluster_metric** metric) {
    return Of(host).Make(cluster_metric::kGauge, name, metric);
  };
  table.histogram = [](const cluster_host* host,
                       const char* name,
                       const char*,
                       const double*,
                       uint64_t,
                       cluster_metric** metric) {
    return Of(host).Make(cluster_metric::kHistogram, name, metric);
  };
  table.add = &Add;
  table.set = &Set;
  table.observe = &Observe;
  return table;
}

template <FakeTelemetry& (*Of)(const cluster_host*)>
constexpr cluster_health_v1 FakeTelemetry::HealthTable() {
  cluster_health_v1 table = {};
  table.size = sizeof(table);
  table.ready = [](const cluster_host* host) -> cluster_status {
    Of(host).ready_ = true;
    return CLUSTER_OK;
  };
  table.not_ready = [](const cluster_host* host,
                       cluster_string reason) -> cluster_status {
    Of(host).SetNotReady(reason);
    return CLUSTER_OK;
  };
  table.heartbeat = [](const cluster_host* host) { ++Of(host).heartbeats_; };
  table.end = [](const cluster_host* host, uint8_t at_once) -> cluster_status {
    Of(host).asked_to_end_ = true;
    if (at_once != 0) Of(host).asked_to_end_at_once_ = true;
    return CLUSTER_OK;
  };
  return table;
}

template <FakeTelemetry& (*Of)(const cluster_host*)>
const void* FakeTelemetry::Table(std::string_view id) {
  static constexpr cluster_metric_v1 kMetric = MetricTable<Of>();
  static constexpr cluster_health_v1 kHealth = HealthTable<Of>();
  if (id == CLUSTER_SERVICE_METRIC_V1) return &kMetric;
  if (id == CLUSTER_SERVICE_HEALTH_V1) return &kHealth;
  return nullptr;
}

}  // namespace cluster

#endif  // PLUGINS_TESTING_FAKE_TELEMETRY_H_
