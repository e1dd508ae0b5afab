#include "tools/policy_lab/incident_spec.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/base/status_macros.h"
#include "core/host/flag_value.h"
#include "tools/policy_lab/sim_time.h"
#include "tools/policy_lab/spec.h"

namespace cluster::lab {
namespace {

constexpr char kFactor[] = "factor=";

// Returns the text with "3x" as the parameter "factor=3".
std::string WithFactor(absl::string_view text) {
  const std::pair<absl::string_view, absl::string_view> halves =
      absl::StrSplit(text, absl::MaxSplits(':', 1));
  std::vector<std::string> pieces;
  for (const absl::string_view piece : absl::StrSplit(halves.second, ',')) {
    const bool factor =
        absl::EndsWith(piece, "x") && !absl::StrContains(piece, '=');
    pieces.push_back(
        factor ? absl::StrCat(kFactor, piece.substr(0, piece.size() - 1))
               : std::string(piece));
  }
  return absl::StrCat(halves.first, ":", absl::StrJoin(pieces, ","));
}

}  // namespace

absl::StatusOr<Incident> ParseIncident(absl::string_view flag,
                                       absl::string_view text,
                                       Incident::Kind kind,
                                       uint32_t workers) {
  const bool slow = kind == Incident::Kind::kSlow;
  if (slow && !absl::StrContains(text, 'x')) {
    return FlagError(flag, text, "has no factor: write 0:3x");
  }
  ASSIGN_OR_RETURN(
      Spec spec,
      Spec::Parse(flag, slow ? WithFactor(text) : std::string(text)));
  Incident incident = {.kind = kind};
  if (!absl::SimpleAtoi(spec.name(), &incident.worker) ||
      incident.worker >= workers) {
    spec.Fail(absl::StrCat("names no worker: give 0 to ", workers - 1));
  }
  if (slow) incident.factor = spec.Number("factor", 1, 1e-6, 1e6);
  incident.from_ns = spec.DurationNs("from", 0);
  const int64_t for_ns = spec.DurationNs("for", 0);
  if (for_ns > 0) incident.to_ns = incident.from_ns + for_ns;
  RETURN_IF_ERROR(spec.Finish());
  return incident;
}

}  // namespace cluster::lab
