// CheckRun: all checks of one plugin, told one after the other.
//
// Thread safety: one thread.
//
//   CheckRun run(options, {.announce = ..., .report = ...});
//   RETURN_IF_ERROR(run.Run());
//   return run.tally().Of(Verdict::kFail) > 0 ? 1 : 0;
#ifndef TOOLS_PLUGIN_CHECK_CHECK_RUN_H_
#define TOOLS_PLUGIN_CHECK_CHECK_RUN_H_

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/plugin_check/check.h"
#include "tools/plugin_check/check_result.h"
#include "tools/plugin_check/probe/probe_request.h"
#include "tools/plugin_check/probe_process.h"
#include "tools/plugin_check/probe_set.h"

namespace cluster {

class CheckRun {
 public:
  struct Options {
    // The plugin, its settings and its arguments.
    ProbeRequest plugin;
    // For one probe; a check has up to five.
    std::chrono::milliseconds timeout{10'000};
    // Names, or names of families; empty: all.
    std::vector<std::string> only;
  };
  struct Listener {
    std::function<void(absl::string_view name)> announce;  // it begins
    std::function<void(const CheckResult& result)> report;
  };

  CheckRun(Options options, Listener listener);

  // Errors: the system's reason why no probe could be started.
  absl::Status Run();

  const Tally& tally() const { return tally_; }

 private:
  using Outcomes = std::vector<ProbeOutcome>;
  // A check of a family, and the probes that it takes.
  struct Trouble {
    Check check;
    std::vector<ProbeRequest> requests;
  };

  bool Wanted(absl::string_view name) const;
  ProbeRequest Request(absl::string_view scenario) const;
  // Why a check that needs `needs` makes no sense; empty if it does.
  std::string WhyNot(Needs needs) const;
  void Report(const CheckResult& result);
  // Begins what is played of every plugin that serves, so that it is there when
  // its check comes.
  void BeginServing();
  void Learn(const CheckResult& result, const Outcomes& outcomes);

  absl::Status RunPlain(const Check& check);
  absl::Status RunErrorMessage(const Check& check);
  absl::Status RunServiceFailures(const Check& family);
  absl::Status RunOptionalMissing(const Check& family);
  absl::Status RunRequiredMissing(const Check& family);
  // Plays all requests and reports, check by check, what they show that the
  // survey did not.
  absl::Status RunTroubles(std::vector<Trouble> troubles);
  // One life without trouble, against which those with trouble are held.
  absl::StatusOr<ProbeOutcome> Survey();

  const Options options_;
  const Listener listener_;
  ProbeSet probes_;
  Tally tally_;
  bool resolves_ = true;
  bool loads_ = true;
  bool starts_ = true;
  bool serves_ = true;
  bool died_ = false;  // a check has failed by a death
};

}  // namespace cluster

#endif  // TOOLS_PLUGIN_CHECK_CHECK_RUN_H_
