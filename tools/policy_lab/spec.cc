#include "tools/policy_lab/spec.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "core/base/status_macros.h"
#include "core/host/flag_value.h"

namespace cluster::lab {
namespace {

constexpr absl::Duration kLongest = absl::Hours(24 * 365);

}  // namespace

absl::StatusOr<double> ParseShare(absl::string_view flag,
                                  absl::string_view value) {
  absl::string_view digits = value;
  const bool percent = absl::ConsumeSuffix(&digits, "%");
  double number = 0;
  if (digits.empty() || !absl::SimpleAtod(digits, &number) ||
      !std::isfinite(number) || number < 0) {
    return FlagError(
        flag, value, "is not a share: give a number, such as 0.9 or 90%");
  }
  return percent ? number / 100 : number;
}

absl::StatusOr<int64_t> ParseDurationNs(absl::string_view flag,
                                        absl::string_view value) {
  ASSIGN_OR_RETURN(const absl::Duration duration,
                   ParseFlagDuration(flag, value, absl::Nanoseconds(1)));
  if (duration <= kLongest) return absl::ToInt64Nanoseconds(duration);
  return FlagError(flag, value, "is too long: give at most a year, 8760h");
}

std::vector<std::string> SplitSpecs(absl::string_view text) {
  std::vector<std::string> specs;
  for (const absl::string_view piece : absl::StrSplit(text, ',')) {
    const size_t equals = piece.find('=');
    const bool goes_on =
        equals != piece.npos && piece.substr(0, equals).find(':') == piece.npos;
    if (goes_on && !specs.empty()) {
      absl::StrAppend(&specs.back(), ",", piece);
    } else {
      specs.emplace_back(piece);
    }
  }
  return specs;
}

absl::StatusOr<Spec> Spec::Parse(absl::string_view flag,
                                 absl::string_view text) {
  Spec spec;
  spec.flag_ = std::string(flag);
  spec.text_ = std::string(text);
  const std::pair<std::string, std::string> halves =
      absl::StrSplit(text, absl::MaxSplits(':', 1));
  spec.name_ = halves.first;
  if (!absl::StrContains(text, ':')) return spec;
  for (const absl::string_view piece : absl::StrSplit(halves.second, ',')) {
    const std::pair<std::string, std::string> pair =
        absl::StrSplit(piece, absl::MaxSplits('=', 1));
    if (pair.first.empty() || !absl::StrContains(piece, '=')) {
      return FlagError(flag, text, "has no KEY=VALUE after the ':'");
    }
    for (const auto& [key, value] : spec.parameters_) {
      if (key != pair.first) continue;
      return FlagError(
          flag, text, absl::StrCat("gives ", key, " twice: give it once"));
    }
    spec.parameters_.push_back(pair);
  }
  return spec;
}

absl::optional<std::string> Spec::Take(absl::string_view key) {
  asked_.emplace_back(key);
  for (const auto& [name, value] : parameters_) {
    if (name == key) return value;
  }
  return absl::nullopt;
}

double Spec::Number(absl::string_view key,
                    double otherwise,
                    double min,
                    double max) {
  const absl::optional<std::string> value = Take(key);
  if (!value) return otherwise;
  double number = 0;
  if (absl::SimpleAtod(*value, &number) && number >= min && number <= max) {
    return number;
  }
  Fail(absl::StrCat(
      "has a bad ", key, ": give a number from ", min, " to ", max));
  return otherwise;
}

double Spec::Share(absl::string_view key, double otherwise) {
  const absl::optional<std::string> value = Take(key);
  if (!value) return otherwise;
  const absl::StatusOr<double> share = ParseShare(key, *value);
  if (share.ok() && *share > 0 && *share < 1) return *share;
  Fail(absl::StrCat(
      "has a bad ", key, ": give a share between 0 and 1, such as 10%"));
  return otherwise;
}

int64_t Spec::DurationNs(absl::string_view key, int64_t otherwise_ns) {
  const absl::optional<std::string> value = Take(key);
  if (!value) return otherwise_ns;
  const absl::StatusOr<int64_t> ns = ParseDurationNs(key, *value);
  if (ns.ok()) return *ns;
  Fail(absl::StrCat("has a bad duration: ", ns.status().message()));
  return otherwise_ns;
}

std::string Spec::Text(absl::string_view key) { return Take(key).value_or(""); }

void Spec::Fail(absl::string_view problem) {
  if (status_.ok()) status_ = FlagError(flag_, text_, problem);
}

absl::Status Spec::Finish() {
  for (const auto& [key, value] : parameters_) {
    if (std::find(asked_.begin(), asked_.end(), key) != asked_.end()) continue;
    Fail(absl::StrCat("has an unknown parameter ",
                      key,
                      asked_.empty() ? ": there is none" : ": there is ",
                      absl::StrJoin(asked_, ", ")));
  }
  return status_;
}

}  // namespace cluster::lab
