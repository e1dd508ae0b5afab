// The cost of one callback through the ABI, beside other calls that do the
// same.
//
//   bazel run //tools/bench/plugin_calls:callback_benchmark
//
// direct: a function of another source file. virtual: a member function, by a
// pointer to its base. table: on_connection of a plugin in C, loaded as the
// host does. sdk: the same of a plugin by the C++ SDK, which catches exceptions
// and makes an object of the connection.
#include <benchmark/benchmark.h>
#include <dlfcn.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "plugins/abi/cluster_plugin.h"
#include "tools/bench/plugin_calls/callee.h"

namespace cluster {
namespace {

constexpr cluster_connection kConnection = {.size = sizeof(cluster_connection),
                                            .fd = -1,
                                            .id = 1,
                                            .accepted_ns = 0,
                                            .listener = 0,
                                            .reserved = 0,
                                            .peer = {}};

// A host that has no service: these plugins call none.
const void* NoService(const cluster_host*, const char*) { return nullptr; }

constexpr cluster_host kHost = {.size = sizeof(cluster_host),
                                .flags = 0,
                                .abi_major = CLUSTER_ABI_MAJOR,
                                .abi_minor = CLUSTER_ABI_MINOR,
                                .host_data = nullptr,
                                .get_service = &NoService};

// Loads the plugin at `path`, which is relative to where `bazel run` starts.
const cluster_worker_plugin& Load(const char* path) {
  void* const handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  const auto* entry = handle == nullptr
                          ? nullptr
                          : static_cast<const cluster_plugin_entry_t*>(
                                dlsym(handle, CLUSTER_PLUGIN_SYMBOL));
  if (entry == nullptr) {
    std::fprintf(stderr, "%s: %s\n", path, dlerror());
    std::exit(1);
  }
  return *static_cast<const cluster_worker_plugin*>(entry->table);
}

void Direct(benchmark::State& state) {
  uint64_t sum = 0;
  for (auto _ : state) {
    benchmark::ClobberMemory();  // nothing is kept in registers over a call
    CallDirectly(&sum, kConnection);
  }
  benchmark::DoNotOptimize(sum);
}
BENCHMARK(Direct)->Name("direct");

void Virtual(benchmark::State& state) {
  const std::unique_ptr<Callee> callee = MakeCallee();
  for (auto _ : state) {
    benchmark::ClobberMemory();
    callee->OnConnection(kConnection);
  }
}
BENCHMARK(Virtual)->Name("virtual");

void Table(benchmark::State& state, const char* path) {
  const cluster_worker_plugin table = Load(path);  // a copy, as in the host
  void* self = nullptr;
  if (table.create(&kHost, &self, nullptr) != CLUSTER_OK) {
    state.SkipWithError("create failed");
    return;
  }
  for (auto _ : state) {
    benchmark::ClobberMemory();
    table.on_connection(self, &kConnection);
  }
  if (table.destroy != nullptr) table.destroy(self);
}
BENCHMARK_CAPTURE(Table, c, "tools/bench/plugin_calls/callee_plugin.so")
    ->Name("table");
BENCHMARK_CAPTURE(Table, sdk, "tools/bench/plugin_calls/sdk_callee_plugin.so")
    ->Name("sdk");

}  // namespace
}  // namespace cluster
