// How long a plugin takes from its path to a checked table.
//
//   bazel run //plugins/host:load_benchmark
//
// read: what the primary does, ReadPluginFile. load: what each new worker does,
// LoadPlugin, each time in a process that has not loaded it before, in CPU
// time: the files are in the page cache, so that there is nothing to wait for.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/base/unique_fd.h"
#include "plugins/abi/cluster_plugin.h"
#include "plugins/host/plugin_file.h"
#include "plugins/host/plugin_loader.h"

namespace cluster {
namespace {

constexpr std::array<absl::string_view, 5> kServices = {
    CLUSTER_SERVICE_LOOP_V1,
    CLUSTER_SERVICE_EMBEDDING_V1,
    CLUSTER_SERVICE_CONNECTION_V1,
    CLUSTER_SERVICE_CONFIG_V1,
    CLUSTER_SERVICE_LOG_V1};

double CpuSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec + now.tv_nsec / 1e9;
}

// Returns the seconds that a load takes here; below 0 if it failed.
double LoadHere(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const double begin = CpuSeconds();
  const bool ok = LoadPlugin(fd.get(), path, kServices).ok();
  return ok ? CpuSeconds() - begin : -1;
}

// The same in a process of its own.
double LoadInChild(const std::string& path) {
  int ends[2];
  double seconds = -1;
  if (pipe2(ends, O_CLOEXEC) != 0) return seconds;
  UniqueFd output(ends[0]);
  UniqueFd input(ends[1]);
  const pid_t child = fork();
  if (child == 0) {
    seconds = LoadHere(path);
    const bool told = write(input.get(), &seconds, sizeof(seconds)) > 0;
    _exit(told ? 0 : 1);
  }
  input.Reset();
  if (read(output.get(), &seconds, sizeof(seconds)) != sizeof(seconds)) {
    seconds = -1;
  }
  if (child > 0) waitpid(child, nullptr, 0);
  return seconds;
}

void Read(benchmark::State& state, const std::string& path) {
  for (auto _ : state) {
    const auto info = ReadPluginFile(path);
    if (info.ok()) continue;
    state.SkipWithError("cannot be read");
    break;
  }
}
BENCHMARK_CAPTURE(Read, echo, "plugins/echo/echo.so")
    ->Name("read/echo")
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(Read, hello_http, "plugins/hello_http/hello_http.so")
    ->Name("read/hello_http")
    ->Unit(benchmark::kMicrosecond);

void Load(benchmark::State& state, const std::string& path) {
  for (auto _ : state) {
    const double seconds = LoadInChild(path);
    if (seconds < 0) {
      state.SkipWithError("cannot be loaded");
      break;
    }
    state.SetIterationTime(seconds);
  }
}
BENCHMARK_CAPTURE(Load, echo, "plugins/echo/echo.so")
    ->Name("load/echo")
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(Load, hello_http, "plugins/hello_http/hello_http.so")
    ->Name("load/hello_http")
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace cluster
