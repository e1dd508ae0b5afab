#include "core/host/scheduling_flags.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/nearest_name.h"
#include "core/base/status_macros.h"
#include "core/control/data_path.h"
#include "core/host/flag_value.h"
#include "scheduler/policy.h"
#include "scheduler/registry.h"

namespace cluster {
namespace {

// Of the data path `steer`, the default first.
constexpr absl::string_view kSteerPolicies[] = {kSteerRandom, kSteerCpuLocal};

// Flags of which the kernel knows nothing, where it picks.
absl::Status CheckNotGiven(const RawCommand& raw,
                           DataPath data_path,
                           std::initializer_list<const char*> flags) {
  for (const char* flag : flags) {
    if (const std::string* value = raw.Find(flag)) {
      return FlagError(flag,
                       *value,
                       absl::StrCat("does not go with --data_path=",
                                    DataPathName(data_path),
                                    ", where the kernel picks: drop one of "
                                    "them"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckShare(const RawCommand& raw) {
  return CheckNotGiven(raw,
                       DataPath::kShare,
                       {"--policy",
                        "--weights",
                        "--max_connections",
                        "--slow_start",
                        "--eject",
                        "--record_trace"});
}

bool IsSteerPolicy(absl::string_view name) {
  return std::ranges::find(kSteerPolicies, name) != std::end(kSteerPolicies);
}

// Why steer cannot have the policy.
absl::Status CheckSteerPolicy(const std::string& policy) {
  if (IsSteerPolicy(policy)) return absl::OkStatus();
  const absl::string_view name =
      absl::string_view(policy).substr(0, policy.find(':'));
  if (IsSteerPolicy(name)) {
    return FlagError("--policy",
                     policy,
                     absl::StrCat("has no parameters with --data_path=steer: "
                                  "use ",
                                  name));
  }
  std::vector<absl::string_view> known = PolicyNames();
  if (std::ranges::find(known, name) != known.end()) {
    return FlagError("--policy",
                     policy,
                     "does not go with --data_path=steer, where the kernel "
                     "picks before anybody can count: use random or "
                     "cpu_local, or --data_path=handoff");
  }
  known.push_back(kSteerCpuLocal);
  const absl::string_view nearest = NearestName(name, known);
  return FlagError(
      "--policy",
      policy,
      absl::StrCat(
          "is no policy; ",
          nearest.empty() ? "" : absl::StrCat("did you mean ", nearest, "? "),
          "--data_path=steer knows ",
          absl::StrJoin(kSteerPolicies, " and ")));
}

absl::Status CheckSteer(const RawCommand& raw, const HostOptions& options) {
  RETURN_IF_ERROR(CheckSteerPolicy(options.policy));
  RETURN_IF_ERROR(CheckNotGiven(
      raw,
      DataPath::kSteer,
      {"--max_connections", "--slow_start", "--eject", "--record_trace"}));
  const std::string* weights = raw.Find("--weights");
  if (weights == nullptr || options.policy != kSteerCpuLocal) {
    return absl::OkStatus();
  }
  return FlagError("--weights",
                   *weights,
                   "does not go with --policy=cpu_local, where the CPU picks: "
                   "use --policy=random");
}

absl::Status CheckHandoff(const HostOptions& options) {
  if (options.policy != kSteerCpuLocal) return absl::OkStatus();
  return FlagError("--policy",
                   options.policy,
                   "goes with --data_path=steer alone, where the kernel picks "
                   "by the CPU");
}

// Numbers from `least` to `greatest`, one for each worker.
absl::StatusOr<std::vector<uint32_t>> ReadList(absl::string_view flag,
                                               const std::string& value,
                                               uint32_t least,
                                               uint32_t greatest,
                                               uint32_t workers) {
  std::vector<uint32_t> numbers;
  for (const absl::string_view piece : absl::StrSplit(value, ',')) {
    ASSIGN_OR_RETURN(const uint32_t number,
                     ParseNumber(flag, piece, least, greatest));
    numbers.push_back(number);
  }
  if (numbers.size() == workers) return numbers;
  return FlagError(flag,
                   value,
                   absl::StrCat("has ",
                                numbers.size(),
                                " numbers for --workers=",
                                workers,
                                ": give one for each worker"));
}

// What a worker gets at most, and against the others.
absl::Status ReadShares(const RawCommand& raw, HostOptions* options) {
  if (const std::string* value = raw.Find("--weights")) {
    ASSIGN_OR_RETURN(
        options->weights,
        ReadList("--weights", *value, 1, kMaxWeight, options->workers));
  }
  if (const std::string* value = raw.Find("--max_connections")) {
    // One number is for all.
    const std::string each = absl::StrContains(*value, ',')
                                 ? *value
                                 : absl::StrJoin(std::vector<absl::string_view>(
                                                     options->workers, *value),
                                                 ",");
    ASSIGN_OR_RETURN(
        options->max_connections,
        ReadList("--max_connections", each, 0, 1000000000, options->workers));
  }
  if (const std::string* value = raw.Find("--slow_start")) {
    ASSIGN_OR_RETURN(
        options->slow_start,
        ParseFlagDuration("--slow_start", *value, absl::ZeroDuration()));
  }
  if (const std::string* value = raw.Find("--eject")) {
    ASSIGN_OR_RETURN(options->eject,
                     ParseNumber("--eject", *value, 0, 1000000));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadScheduling(const RawCommand& raw, HostOptions* options) {
  const std::string* policy = raw.Find("--policy");
  if (policy != nullptr) options->policy = *policy;
  if (const std::string* value = raw.Find("--data_path")) {
    ASSIGN_OR_RETURN(
        const size_t choice,
        ParseChoice("--data_path", *value, {"handoff", "share", "steer"}));
    options->data_path = static_cast<DataPath>(choice);
  }
  if (options->data_path == DataPath::kShare) {
    RETURN_IF_ERROR(CheckShare(raw));
    options->policy.clear();
  }
  if (options->data_path == DataPath::kSteer) {
    if (policy == nullptr) options->policy = std::string(kSteerPolicies[0]);
    RETURN_IF_ERROR(CheckSteer(raw, *options));
  }
  if (options->data_path == DataPath::kHandoff) {
    RETURN_IF_ERROR(CheckHandoff(*options));
  }
  RETURN_IF_ERROR(ReadShares(raw, options));
  if (const std::string* value = raw.Find("--gather_us")) {
    ASSIGN_OR_RETURN(const uint32_t us,
                     ParseNumber("--gather_us", *value, 0, 10000));
    options->gather = absl::Microseconds(us);
  }
  if (const std::string* value = raw.Find("--pending")) {
    ASSIGN_OR_RETURN(options->pending,
                     ParseNumber("--pending", *value, 0, 1000000));
  }
  if (const std::string* value = raw.Find("--pending_timeout")) {
    ASSIGN_OR_RETURN(
        options->pending_timeout,
        ParseFlagDuration("--pending_timeout", *value, absl::Milliseconds(1)));
  }
  return absl::OkStatus();
}

}  // namespace cluster
