#include "tools/plugin_check/check_result.h"

#include <algorithm>
#include <array>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/log/json_string.h"

namespace cluster {
namespace {

constexpr size_t kShownTexts = 3;
constexpr std::array<absl::string_view, 4> kWords = {
    "pass", "fail", "warn", "skip"};
constexpr std::array<absl::string_view, 4> kLoudWords = {
    "PASS", "FAIL", "WARN", "SKIP"};

bool Has(const std::vector<Finding>& list, Finding finding) {
  return std::find(list.begin(), list.end(), finding) != list.end();
}

bool IsDeath(Finding finding) {
  return finding == Finding::kCrashed || finding == Finding::kExited ||
         finding == Finding::kHung;
}

// What one check found, of one weight.
struct Found {
  void Add(Finding finding, const std::string& text) {
    if (advice.empty()) advice = AdviceFor(finding);
    if (std::find(texts.begin(), texts.end(), text) == texts.end()) {
      texts.push_back(text);
    }
  }
  std::string Text() const {
    const size_t shown = std::min(texts.size(), kShownTexts);
    std::string text =
        absl::StrJoin(texts.begin(), texts.begin() + shown, "; ");
    if (texts.size() > shown) {
      absl::StrAppend(&text, "; and ", texts.size() - shown, " more");
    }
    return text;
  }

  std::vector<std::string> texts;
  absl::string_view advice;
};

CheckResult Conclude(const Check& check, Verdict verdict, const Found& found) {
  return {check.name, verdict, found.Text(), std::string(found.advice)};
}

}  // namespace

CheckResult Judge(const Check& check,
                  std::span<const ProbeOutcome> outcomes,
                  bool others_died) {
  Found failures;
  Found deaths;
  Found warnings;
  std::string skipped;
  for (const ProbeOutcome& outcome : outcomes) {
    if (!outcome.skipped.empty()) skipped = outcome.skipped;
    for (const auto& [finding, text] : outcome.findings) {
      if (IsDeath(finding)) deaths.Add(finding, text);
      if (Has(check.fails, finding)) failures.Add(finding, text);
      if (Has(check.warns, finding)) warnings.Add(finding, text);
    }
  }
  const bool told_elsewhere = check.trusts_others && others_died;
  if (!failures.texts.empty()) {
    return Conclude(check, Verdict::kFail, failures);
  }
  if (!deaths.texts.empty() && !told_elsewhere) {
    return Conclude(check, Verdict::kFail, deaths);
  }
  if (!warnings.texts.empty()) {
    return Conclude(check, Verdict::kWarn, warnings);
  }
  if (!deaths.texts.empty()) {
    return {
        check.name, Verdict::kSkip, "the plugin ended the probe before", ""};
  }
  if (!skipped.empty()) return {check.name, Verdict::kSkip, skipped, ""};
  return {check.name, Verdict::kPass, check.proves, ""};
}

std::string FormatLine(const CheckResult& result) {
  return absl::StrFormat("%s  %-24s  %s%s%s\n",
                         kLoudWords[static_cast<size_t>(result.verdict)],
                         result.name,
                         result.seen,
                         result.advice.empty() ? "" : ". To do: ",
                         result.advice);
}

std::string FormatJsonLine(const CheckResult& result) {
  std::string json = "{\"check\":";
  AppendJsonString(result.name, &json);
  absl::StrAppend(&json,
                  ",\"result\":\"",
                  kWords[static_cast<size_t>(result.verdict)],
                  "\",\"seen\":");
  AppendJsonString(result.seen, &json);
  json += ",\"advice\":";
  AppendJsonString(result.advice, &json);
  return json + "}\n";
}

std::string FormatLine(const Tally& tally) {
  return absl::StrFormat("%d passed, %d failed, %d warned, %d skipped\n",
                         tally.Of(Verdict::kPass),
                         tally.Of(Verdict::kFail),
                         tally.Of(Verdict::kWarn),
                         tally.Of(Verdict::kSkip));
}

std::string FormatJsonLine(const Tally& tally) {
  return absl::StrFormat(
      "{\"passed\":%d,\"failed\":%d,\"warned\":%d,\"skipped\":%d}\n",
      tally.Of(Verdict::kPass),
      tally.Of(Verdict::kFail),
      tally.Of(Verdict::kWarn),
      tally.Of(Verdict::kSkip));
}

}  // namespace cluster
