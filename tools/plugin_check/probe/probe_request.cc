#include "tools/plugin_check/probe/probe_request.h"

#include <cstddef>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace cluster {
namespace {

constexpr size_t kFixedWords = 8;

}  // namespace

// The fixed ones, then pairs of settings, then arguments.
std::vector<std::string> ToArguments(const ProbeRequest& request) {
  std::vector<std::string> words = {request.scenario,
                                    request.plugin,
                                    absl::StrCat(request.patience.count()),
                                    request.failing_function,
                                    absl::StrCat(request.failing_call),
                                    request.hidden_service,
                                    request.allow_draft ? "1" : "0",
                                    absl::StrCat(request.settings.size())};
  for (const auto& [key, value] : request.settings) {
    words.push_back(key);
    words.push_back(value);
  }
  words.insert(words.end(), request.arguments.begin(), request.arguments.end());
  return words;
}

std::optional<ProbeRequest> FromArguments(
    const std::vector<std::string>& words) {
  ProbeRequest request;
  int64_t patience_ms = 0;
  size_t settings = 0;
  if (words.size() < kFixedWords || !absl::SimpleAtoi(words[2], &patience_ms) ||
      !absl::SimpleAtoi(words[4], &request.failing_call) ||
      !absl::SimpleAtob(words[6], &request.allow_draft) ||
      !absl::SimpleAtoi(words[7], &settings) ||
      (words.size() - kFixedWords) / 2 < settings) {
    return std::nullopt;
  }
  request.scenario = words[0];
  request.plugin = words[1];
  request.patience = std::chrono::milliseconds(patience_ms);
  request.failing_function = words[3];
  request.hidden_service = words[5];
  size_t at = kFixedWords;
  for (; settings > 0; --settings, at += 2) {
    request.settings.emplace_back(words[at], words[at + 1]);
  }
  request.arguments.assign(words.begin() + at, words.end());
  return request;
}

}  // namespace cluster
