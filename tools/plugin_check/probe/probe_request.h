// ProbeRequest: what one probe is to do, and the command line that says so.
//
// Thread safety: pure functions.
//
//   const auto words = ToArguments(request);   // the tool
//   const auto request = FromArguments(words); // the probe
#ifndef TOOLS_PLUGIN_CHECK_PROBE_PROBE_REQUEST_H_
#define TOOLS_PLUGIN_CHECK_PROBE_PROBE_REQUEST_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cluster {

struct ProbeRequest {
  // Beside those of scenario.h: "file", "symbols", "load", "note", and
  // "missing_service", which loads on a host without `hidden_service`.
  std::string scenario;
  std::string plugin;  // an absolute path
  std::chrono::milliseconds patience{3'000};
  std::string failing_function;  // see Injection
  uint64_t failing_call = 0;
  std::string hidden_service;
  bool allow_draft = false;
  std::vector<std::pair<std::string, std::string>> settings;
  std::vector<std::string> arguments;
};

std::vector<std::string> ToArguments(const ProbeRequest& request);
// Returns none if the words are not what ToArguments makes.
std::optional<ProbeRequest> FromArguments(
    const std::vector<std::string>& words);

}  // namespace cluster

#endif  // TOOLS_PLUGIN_CHECK_PROBE_PROBE_REQUEST_H_
