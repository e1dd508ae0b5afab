#include "scheduler/policy_parameter.h"

#include <cmath>
#include <cstddef>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"

namespace cluster {
namespace {

using Kind = PolicyParameter::Kind;

// More of a bad value than this helps nobody.
constexpr size_t kMaxShownBytes = 32;

std::vector<absl::string_view> Choices(const PolicyParameter& parameter) {
  return absl::StrSplit(parameter.choices, '|');
}

// Returns NaN if `text` is no value of this kind.
double Parse(const PolicyParameter& parameter, absl::string_view text) {
  switch (parameter.kind) {
    case Kind::kWhole: {
      int64_t whole = 0;
      return absl::SimpleAtoi(text, &whole) ? static_cast<double>(whole) : NAN;
    }
    case Kind::kDecimal: {
      double decimal = 0;
      return absl::SimpleAtod(text, &decimal) ? decimal : NAN;
    }
    case Kind::kDuration: {
      absl::Duration duration;
      return absl::ParseDuration(text, &duration)
                 ? absl::ToDoubleSeconds(duration)
                 : NAN;
    }
    case Kind::kChoice: {
      const std::vector<absl::string_view> choices = Choices(parameter);
      for (size_t i = 0; i < choices.size(); ++i) {
        if (choices[i] == text) return static_cast<double>(i);
      }
      return NAN;
    }
  }
  return NAN;
}

}  // namespace

absl::StatusOr<double> ReadParameter(const PolicyParameter& parameter,
                                     absl::string_view text) {
  const double value = Parse(parameter, text);
  const bool choice = parameter.kind == Kind::kChoice;
  if (!std::isnan(value) &&
      (choice || (parameter.least <= value && value <= parameter.greatest))) {
    return value;
  }
  return absl::InvalidArgumentError(
      absl::StrCat(parameter.name,
                   " must be ",
                   ParameterRange(parameter),
                   ", not \"",
                   absl::CHexEscape(text.substr(0, kMaxShownBytes)),
                   text.size() > kMaxShownBytes ? "..." : "",
                   "\""));
}

std::string ShowParameter(const PolicyParameter& parameter, double value) {
  switch (parameter.kind) {
    case Kind::kDuration:
      return absl::FormatDuration(absl::Seconds(value));
    case Kind::kChoice:
      return std::string(Choices(parameter)[static_cast<size_t>(value)]);
    case Kind::kWhole:
      return absl::StrCat(static_cast<int64_t>(value));
    case Kind::kDecimal:
      return absl::StrCat(value);
  }
  return "";
}

std::string ParameterRange(const PolicyParameter& parameter) {
  if (parameter.kind == Kind::kChoice) {
    return absl::StrCat("one of ", absl::StrJoin(Choices(parameter), ", "));
  }
  return absl::StrCat(
      parameter.kind == Kind::kWhole ? "a whole number from " : "from ",
      ShowParameter(parameter, parameter.least),
      " to ",
      ShowParameter(parameter, parameter.greatest));
}

}  // namespace cluster
