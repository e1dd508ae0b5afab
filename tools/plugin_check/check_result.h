// CheckResult: what came of one check, and how it is judged and shown.
//
// Thread safety: pure functions.
//
//   std::fputs(FormatLine(Judge(check, outcomes)).c_str(), stdout);
#ifndef TOOLS_PLUGIN_CHECK_CHECK_RESULT_H_
#define TOOLS_PLUGIN_CHECK_CHECK_RESULT_H_

#include <cstdint>
#include <span>
#include <string>

#include "absl/strings/string_view.h"
#include "tools/plugin_check/check.h"
#include "tools/plugin_check/probe_process.h"

namespace cluster {

enum class Verdict : uint8_t { kPass, kFail, kWarn, kSkip };

struct CheckResult {
  std::string name;
  Verdict verdict = Verdict::kPass;
  std::string seen;
  std::string advice;  // what to do; empty unless it failed or warns
};

// Says what the probes of a check prove. `others_died` is true if an earlier
// check has found a death, which one that trusts others does not repeat.
CheckResult Judge(const Check& check,
                  std::span<const ProbeOutcome> outcomes,
                  bool others_died);

// One line for people: verdict, name, what was seen and what to do.
std::string FormatLine(const CheckResult& result);
// One line with a JSON object: "check", "result" (pass, fail, warn, skip),
// "seen", "advice".
std::string FormatJsonLine(const CheckResult& result);

// How many there were of each verdict.
struct Tally {
  void Add(Verdict verdict) { ++counts[static_cast<size_t>(verdict)]; }
  size_t Of(Verdict verdict) const {
    return counts[static_cast<size_t>(verdict)];
  }
  size_t counts[4] = {};
};
std::string FormatLine(const Tally& tally);
std::string FormatJsonLine(const Tally& tally);

}  // namespace cluster

#endif  // TOOLS_PLUGIN_CHECK_CHECK_RESULT_H_
