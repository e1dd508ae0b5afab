// ParseOptions: what the user asked of policy_lab, checked and complete.
#ifndef TOOLS_POLICY_LAB_OPTIONS_H_
#define TOOLS_POLICY_LAB_OPTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/policy_lab/experiment.h"

namespace cluster::lab {

struct Options {
  bool help = false;  // print HelpText() and do nothing else
  Experiment experiment;
  std::string service = "exponential";  // as it was typed
  // What befalls workers and connections, as it was typed; empty: nothing.
  std::string twists;
  double confidence = 0.95;

  // Paths, absolute; empty: none.
  std::string csv;
  std::string plot;
  std::string record;
  bool json = false;
  bool quiet = false;
  bool progress = false;  // even if there is no terminal
};

// Where the command was typed.
struct OptionsEnvironment {
  std::string working_directory;  // where relative paths start
  uint32_t cpus = 1;
};

// Reads the words after the program's name. A trace that is named is opened, to
// see that it is one and how long it is.
//   kInvalidArgument, and those of TraceReader  one line
absl::StatusOr<Options> ParseOptions(const std::vector<std::string>& words,
                                     const OptionsEnvironment& environment);

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_OPTIONS_H_
