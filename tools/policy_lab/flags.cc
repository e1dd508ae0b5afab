#include "tools/policy_lab/flags.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/nearest_name.h"
#include "core/host/flag_value.h"

namespace cluster::lab {
namespace {

constexpr Flag kFlags[] = {
    {"Policies",
     "--policies",
     "SPEC,...",
     "which to compare, as the host's --policy has them\n"
     "(default: random,round_robin,least_connections)"},
    {"Workers", "--workers", "N", "how many, 1 to 10000 (default: 8)"},
    {"",
     "--worker",
     "KIND",
     "fcfs: one request after the other; ps: all at once, in\n"
     "equal shares (default: fcfs)"},
    {"",
     "--weights",
     "N,...",
     "what policies are told, from the first worker on and again\n"
     "from its start, each 1 to 65536 (default: 1)"},
    {"",
     "--capacity",
     "N",
     "what policies are told that a worker should have at most"},
    {"",
     "--slow",
     "W:Fx[,...]",
     "worker W (from 0) takes F times as long; from=T and for=T\n"
     "say when (default: always)",
     true},
    {"",
     "--stall",
     "W[:...]",
     "worker W does nothing, and nobody is told; from=T, for=T",
     true},
    {"",
     "--restart",
     "W[:...]",
     "worker W is gone and what it began is lost; from=T, for=T",
     true},
    {"",
     "--stale",
     "T",
     "policies see the workers as of the last multiple of T\n"
     "(default: as they are)"},
    {"Workload",
     "--arrivals",
     "N",
     "connections of a run, up to 10^10 (default: 1000000, or the\n"
     "whole trace)"},
    {"",
     "--traffic",
     "KIND",
     "poisson; mmpp:peak=4,share=10%,burst=100ms: at 4 times the\n"
     "rate in bursts; closed:clients=64,think=1ms: who wait for\n"
     "their answer (default: poisson)"},
    {"",
     "--load",
     "SHARE",
     "the work that comes, of what all can do: 0.9 or 90%\n"
     "(default: 90%); not for closed traffic"},
    {"",
     "--service",
     "KIND",
     "exponential; deterministic; hyperexponential:cv2=10;\n"
     "pareto:alpha=2.2; bimodal:long=10%,ratio=10;\n"
     "trace:file=FILE (default: exponential)"},
    {"",
     "--mean",
     "T",
     "of the service time (default: 1ms, or that of the trace)"},
    {"", "--requests", "N", "of a connection, on average (default: 1)"},
    {"",
     "--think",
     "T",
     "between requests of a connection, on average (default: 0)"},
    {"", "--keys", "N", "how many there are, all as likely (default: 1000)"},
    {"",
     "--replay",
     "FILE",
     "arrivals and sizes as recorded, in place of the above"},
    {"Statistics",
     "--seeds",
     "N",
     "runs of each policy, 1 to 10000 (default: 1)"},
    {"", "--seed", "N", "the first of them (default: 1)"},
    {"",
     "--warmup",
     "SHARE",
     "of the arrivals, which is not measured (default: 10%)"},
    {"", "--confidence", "SHARE", "of the intervals, as 99.9% (default: 95%)"},
    {"", "--threads", "N", "runs at a time (default: one for each CPU)"},
    {"Output", "--json", "", "one JSON object to standard output, no table"},
    {"", "--csv", "FILE", "the table with all figures"},
    {"",
     "--plot",
     "DIR",
     "tails.svg, load.svg and imbalance.svg in that folder"},
    {"",
     "--record",
     "FILE",
     "the first policy's and seed's arrivals, for --replay"},
    {"",
     "--progress",
     "",
     "a progress bar to standard error even if it is no terminal"},
    {"", "--quiet", "", "no progress bar, no table"},
    {"", "--help", "", "print this"},
};

constexpr char kIntroduction[] =
    "Usage: policy_lab [FLAG...]\n"
    "\n"
    "Simulates how the host's scheduling policies, the very same code, place\n"
    "connections on workers. Times T are as 10ms or 1.5s; SHARE is as 0.1 or\n"
    "10%. Equal flags give equal results.\n";

constexpr char kEnd[] =
    "\nExit codes: 0 done; 1 a file cannot be written; 2 wrong use or a bad\n"
    "trace (standard error says why, in one line).\n";

constexpr size_t kHelpColumn = 25;

const Flag* FindFlag(absl::string_view name) {
  const auto found =
      std::find_if(std::begin(kFlags), std::end(kFlags), [&](const Flag& flag) {
        return flag.name == name;
      });
  return found == std::end(kFlags) ? nullptr : found;
}

absl::Status UnknownFlag(const std::string& word) {
  const std::string shown = absl::Utf8SafeCEscape(word.substr(0, 100));
  if (!absl::StartsWith(word, "-")) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", shown, "\" is no flag: --help lists all"));
  }
  std::vector<absl::string_view> names;
  for (const Flag& flag : kFlags) names.push_back(flag.name);
  const absl::string_view nearest = NearestName(word, names);
  return absl::InvalidArgumentError(absl::StrCat(
      "unknown flag ",
      shown,
      nearest.empty() ? ": --help lists all"
                      : absl::StrCat(": did you mean ", nearest, "?")));
}

}  // namespace

std::span<const Flag> AllFlags() { return kFlags; }

std::string HelpText() {
  std::string text = kIntroduction;
  for (const Flag& flag : kFlags) {
    if (!flag.group.empty()) absl::StrAppend(&text, "\n", flag.group, "\n");
    std::string line = absl::StrCat(
        "  ", flag.name, flag.value.empty() ? "" : "=", flag.value);
    for (const absl::string_view part : absl::StrSplit(flag.help, '\n')) {
      line.resize(std::max(line.size() + 1, kHelpColumn), ' ');
      absl::StrAppend(&text, line, part, "\n");
      line.clear();
    }
  }
  return text + kEnd;
}

absl::StatusOr<FlagValues> SortFlags(const std::vector<std::string>& words) {
  FlagValues values;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const Flag* const flag = FindFlag(name);
    if (flag == nullptr) return UnknownFlag(name);
    std::vector<std::string>& given = values[name];
    if (!given.empty() && !flag->repeatable) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, " is given twice: give it once"));
    }
    std::string value;
    if (flag->value.empty()) {
      if (equals != word.npos) {
        return FlagError(name, word.substr(equals + 1), "takes no value");
      }
    } else if (equals != word.npos) {
      value = word.substr(equals + 1);
    } else if (i + 1 < words.size() && !absl::StartsWith(words[i + 1], "--")) {
      value = words[++i];
    }
    if (value.empty() && !flag->value.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, " needs a value: --help shows which"));
    }
    given.push_back(value);
  }
  return values;
}

}  // namespace cluster::lab
