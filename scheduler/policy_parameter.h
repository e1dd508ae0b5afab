// PolicyParameter: one thing about a policy that --policy can set.
//
// Each policy declares its parameters in one array; parsing, errors, help and
// docs are made from it. A value is a number whatever it means: a duration in
// seconds, a choice as its place among the choices.
//
// Thread safety: free functions, safe from any thread.
//
//   static constexpr PolicyParameter kParameters[] = {
//       {.name = "d", .meaning = "workers drawn", .least = 2, .greatest = 16,
//        .standard = 2}};
#ifndef SCHEDULER_POLICY_PARAMETER_H_
#define SCHEDULER_POLICY_PARAMETER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cluster {

struct PolicyParameter {
  enum class Kind {
    kWhole,     // 3
    kDecimal,   // 1.25
    kDuration,  // 10s, 250ms
    kChoice,    // one of `choices`
  };

  absl::string_view name;
  absl::string_view meaning;  // half a line
  Kind kind = Kind::kWhole;
  // The range, both ends included; not for choices.
  double least = 0;
  double greatest = 0;
  // What it is if nothing is said.
  double standard = 0;
  // Names with `|` between them.
  absl::string_view choices = {};
};

// The `tau` of policies that learn from times: after it, what was seen weighs
// 1/e of what is seen now.
constexpr PolicyParameter TauParameter(absl::string_view meaning) {
  return {.name = "tau",
          .meaning = meaning,
          .kind = PolicyParameter::Kind::kDuration,
          .least = 0.001,
          .greatest = 3600,
          .standard = 10};
}

// Returns the value that `text` says.
//   kInvalidArgument  it is no such value, or out of range; the message, one
//                     line, names the parameter and the range
absl::StatusOr<double> ReadParameter(const PolicyParameter& parameter,
                                     absl::string_view text);

// Returns `value` as --policy takes it: "10s", "1.25", "random".
std::string ShowParameter(const PolicyParameter& parameter, double value);

// Returns what is allowed: "from 2 to 16", "one of random, first".
std::string ParameterRange(const PolicyParameter& parameter);

}  // namespace cluster

#endif  // SCHEDULER_POLICY_PARAMETER_H_
