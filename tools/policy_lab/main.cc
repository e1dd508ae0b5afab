// policy_lab: simulates how scheduling policies place connections on workers.
// docs/policy_lab.md says how it is used and how it was validated.
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/cpu_count.h"
#include "core/base/status_macros.h"
#include "tools/policy_lab/experiment.h"
#include "tools/policy_lab/flags.h"
#include "tools/policy_lab/options.h"
#include "tools/policy_lab/plot/plots.h"
#include "tools/policy_lab/progress_bar.h"
#include "tools/policy_lab/record_workload.h"
#include "tools/policy_lab/report/figures.h"
#include "tools/policy_lab/report/report.h"
#include "tools/policy_lab/summary.h"

namespace cluster::lab {
namespace {

constexpr int kExitOk = 0;
constexpr int kExitWrite = 1;
constexpr int kExitUsage = 2;

int Complain(const absl::Status& status, int exit_code) {
  std::fprintf(
      stderr, "policy_lab: %s\n", std::string(status.message()).c_str());
  return exit_code;
}

// BUILD_WORKING_DIRECTORY, which `bazel run` sets, else the process's own.
std::string UserWorkingDirectory() {
  const char* const directory = std::getenv("BUILD_WORKING_DIRECTORY");
  if (directory != nullptr && directory[0] == '/') return directory;
  char* const current = getcwd(nullptr, 0);
  const std::string result = current != nullptr ? current : "";
  std::free(current);
  return result;
}

absl::StatusOr<std::vector<Summary>> RunWithProgress(const Options& options) {
  const Experiment& experiment = options.experiment;
  std::atomic<uint64_t> done = 0;
  std::optional<ProgressBar> bar;
  if (!options.quiet && (options.progress || isatty(STDERR_FILENO) == 1)) {
    bar.emplace(experiment.scenario.simulation.arrivals * experiment.seeds *
                    experiment.policies.size(),
                done);
  }
  return RunExperiment(experiment, &done);
}

absl::Status WriteResults(const Options& options,
                          const std::vector<Summary>& summaries) {
  const std::vector<Figures> rows =
      FiguresOf(options.experiment, summaries, options.confidence);
  std::string text;
  if (options.json) {
    text = JsonOf(options, rows);
  } else if (!options.quiet) {
    text = TableOf(options, rows);
  }
  if (std::fputs(text.c_str(), stdout) < 0 || std::fflush(stdout) != 0) {
    return absl::UnavailableError("standard output cannot be written");
  }
  if (!options.csv.empty()) {
    std::ofstream file(options.csv, std::ios::binary);
    file << CsvOf(rows) << std::flush;
    if (!file) {
      return absl::UnavailableError(
          absl::StrCat(options.csv, " cannot be written"));
    }
  }
  if (options.plot.empty()) return absl::OkStatus();
  return WritePlots(summaries, DescribeScenario(options), options.plot);
}

int Main(const std::vector<std::string>& words) {
  const absl::StatusOr<Options> options =
      ParseOptions(words,
                   {.working_directory = UserWorkingDirectory(),
                    .cpus = static_cast<uint32_t>(AvailableCpus())});
  if (!options.ok()) return Complain(options.status(), kExitUsage);
  if (options->help) {
    std::fputs(HelpText().c_str(), stdout);
    return kExitOk;
  }
  if (!options->record.empty()) {
    const absl::Status recorded =
        RecordWorkload(options->experiment, options->record);
    if (!recorded.ok()) return Complain(recorded, kExitWrite);
  }
  const absl::StatusOr<std::vector<Summary>> summaries =
      RunWithProgress(*options);
  if (!summaries.ok()) return Complain(summaries.status(), kExitUsage);
  const absl::Status written = WriteResults(*options, *summaries);
  return written.ok() ? kExitOk : Complain(written, kExitWrite);
}

}  // namespace
}  // namespace cluster::lab

int main(int argc, char** argv) {
  return cluster::lab::Main(std::vector<std::string>(argv + 1, argv + argc));
}
