// Spec: a name with parameters, as options have them: "mmpp:peak=4,share=10%".
//
// A Spec is read by asking for each parameter that there may be; Finish() then
// finds those that nobody asked for. Of all errors the first is kept.
//
// Thread safety: none.
//
//   ASSIGN_OR_RETURN(Spec spec, Spec::Parse("--service", "pareto:alpha=2.5"));
//   const double alpha = spec.Number("alpha", 2.2, 1.01, 100);
//   RETURN_IF_ERROR(spec.Finish());
#ifndef TOOLS_POLICY_LAB_SPEC_H_
#define TOOLS_POLICY_LAB_SPEC_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace cluster::lab {

class Spec {
 public:
  // Reads the value of `flag`.
  //   kInvalidArgument  one line, as all errors here
  static absl::StatusOr<Spec> Parse(absl::string_view flag,
                                    absl::string_view text);

  const std::string& name() const { return name_; }

  // Returns a parameter, or `otherwise` where it is not given.
  double Number(absl::string_view key,
                double otherwise,
                double min,
                double max);
  // As "10%" or 0.1; within (0, 1).
  double Share(absl::string_view key, double otherwise);
  // As "10ms"; at least a nanosecond.
  int64_t DurationNs(absl::string_view key, int64_t otherwise_ns);
  std::string Text(absl::string_view key);

  // Keeps an error about the value as a whole.
  void Fail(absl::string_view problem);

  // Returns the first error.
  absl::Status Finish();

 private:
  absl::optional<std::string> Take(absl::string_view key);

  std::string flag_;
  std::string text_;
  std::string name_;
  std::vector<std::pair<std::string, std::string>> parameters_;
  std::vector<std::string> asked_;
  absl::Status status_;
};

// Returns the pieces of "a,b:x=1,y=2,c" that are specs: "a", "b:x=1,y=2", "c".
std::vector<std::string> SplitSpecs(absl::string_view text);

// Returns "0.9" or "90%" as 0.9.
absl::StatusOr<double> ParseShare(absl::string_view flag,
                                  absl::string_view value);

// Returns "10ms" in ns, at least 1; at most a year, so that sums stay exact.
absl::StatusOr<int64_t> ParseDurationNs(absl::string_view flag,
                                        absl::string_view value);

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_SPEC_H_
