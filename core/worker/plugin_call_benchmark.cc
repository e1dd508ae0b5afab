// The cost of the calls between host and plugin that cost something beside the
// call itself: the host's code is the real one, the plugin's does nothing.
//
//   bazel run //core/worker:plugin_call_benchmark
//
// A service that this host has not yet is left out.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <utility>

#include "core/worker/acceptor.h"
#include "core/worker/contract.h"
#include "core/worker/plugin_instance.h"
#include "core/worker/services/service_fixture.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

// The services outside of a test.
class Rig : public ServiceFixture {
 public:
  void TestBody() override {}
  const cluster_host* host() const { return host_; }
  Contract& contract() { return context_.contract(); }
  template <class Service>
  const Service* Get(const char* id) {
    return Find<Service>(id);
  }
};

cluster_status Create(const cluster_host*, void** self, cluster_error*) {
  *self = nullptr;
  return CLUSTER_OK;
}
void OnConnection(void*, const cluster_connection* connection) {
  benchmark::DoNotOptimize(connection->id);
}

// on_connection, from the host's own struct on; without a descriptor.
void Give(benchmark::State& state) {
  cluster_worker_plugin table = {};
  table.size = sizeof(table);
  table.create = &Create;
  table.on_connection = &OnConnection;
  Rig rig;
  PluginInstance plugin(table, rig.contract());
  if (plugin.Create(rig.host()) || plugin.Start()) {
    state.SkipWithError("does not begin");
    return;
  }
  uint64_t id = 0;
  for (auto _ : state) {
    IncomingConnection connection;
    connection.id = ++id;
    plugin.Give(std::move(connection));
  }
  plugin.End();
}
BENCHMARK(Give)->Name("on_connection");

void GetService(benchmark::State& state) {
  Rig rig;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        rig.host()->get_service(rig.host(), CLUSTER_SERVICE_LOG_V1));
  }
}
BENCHMARK(GetService)->Name("get_service");

void WorkerId(benchmark::State& state) {
  Rig rig;
  const auto* config = rig.Get<cluster_config_v1>(CLUSTER_SERVICE_CONFIG_V1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(config->worker_id(rig.host()));
  }
}
BENCHMARK(WorkerId)->Name("config.worker_id");

// Of the first of three settings.
void ConfigGet(benchmark::State& state) {
  Rig rig;
  const auto* config = rig.Get<cluster_config_v1>(CLUSTER_SERVICE_CONFIG_V1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(config->get(rig.host(), "key"));
  }
}
BENCHMARK(ConfigGet)->Name("config.get");

void MetricAdd(benchmark::State& state) {
  Rig rig;
  const auto* metrics = rig.Get<cluster_metric_v1>(CLUSTER_SERVICE_METRIC_V1);
  cluster_metric* counter = nullptr;
  if (metrics == nullptr ||
      metrics->counter(rig.host(), "calls_total", "Calls.", &counter) !=
          CLUSTER_OK) {
    state.SkipWithError("this host has no cluster.metric/1");
    return;
  }
  for (auto _ : state) metrics->add(counter, 1);
}
BENCHMARK(MetricAdd)->Name("metric.add");

}  // namespace
}  // namespace cluster
