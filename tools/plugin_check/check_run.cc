#include "tools/plugin_check/check_run.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "plugins/host/plugin_file.h"

namespace cluster {
namespace {

// Of a probe's time, what one wait within it may take: some follow each other.
constexpr int kPatienceShare = 4;

bool Has(const ProbeOutcome& outcome, Finding finding) {
  return std::any_of(outcome.findings.begin(),
                     outcome.findings.end(),
                     [&](const auto& each) { return each.first == finding; });
}

bool Succeeded(const ProbeOutcome& outcome) {
  return !outcome.died && !Has(outcome, Finding::kRefused) &&
         !Has(outcome, Finding::kNoMessage) &&
         !Has(outcome, Finding::kNotLoadable);
}

// Removes the kinds of findings that are there without trouble, too: they have
// checks of their own.
void RemoveKnown(const ProbeOutcome& survey, ProbeOutcome& outcome) {
  std::erase_if(outcome.findings,
                [&](const auto& each) { return Has(survey, each.first); });
}

}  // namespace

CheckRun::CheckRun(Options options, Listener listener)
    : options_(std::move(options)),
      listener_(std::move(listener)),
      probes_(options_.timeout) {}

absl::Status CheckRun::Run() {
  for (const Check& check : AllChecks()) {
    if (check.name == kErrorMessage) {
      RETURN_IF_ERROR(RunErrorMessage(check));
    } else if (check.name == kServiceFailure) {
      RETURN_IF_ERROR(RunServiceFailures(check));
    } else if (check.name == kOptionalMissing) {
      RETURN_IF_ERROR(RunOptionalMissing(check));
    } else if (check.name == kRequiredMissing) {
      RETURN_IF_ERROR(RunRequiredMissing(check));
    } else {
      RETURN_IF_ERROR(RunPlain(check));
    }
  }
  return absl::OkStatus();
}

bool CheckRun::Wanted(absl::string_view name) const {
  if (options_.only.empty()) return true;
  return std::any_of(
      options_.only.begin(), options_.only.end(), [&](const std::string& only) {
        return only == name || absl::StartsWith(name, only + ":") ||
               // The family runs for one of its members.
               absl::StartsWith(only, absl::StrCat(name, ":"));
      });
}

ProbeRequest CheckRun::Request(absl::string_view scenario) const {
  ProbeRequest request = options_.plugin;
  request.scenario = std::string(scenario);
  request.patience = options_.timeout / kPatienceShare;
  return request;
}

std::string CheckRun::WhyNot(Needs needs) const {
  if (needs >= Needs::kSymbols && !resolves_) {
    return "imports are missing: see undefined_symbols";
  }
  if (needs >= Needs::kLoads && !loads_)
    return "it cannot be loaded: see loads";
  if (needs >= Needs::kStarts && !starts_) {
    return "it does not start: see create_start_stop";
  }
  if (needs >= Needs::kServes && !serves_) {
    return "it does not serve a connection: see serves";
  }
  return "";
}

void CheckRun::Report(const CheckResult& result) {
  tally_.Add(result.verdict);
  listener_.report(result);
}

void CheckRun::BeginServing() {
  for (const Check& check : AllChecks()) {
    if (check.needs != Needs::kServes || !Wanted(check.name)) continue;
    for (const std::string& scenario : check.scenarios) {
      probes_.Begin(Request(scenario));
    }
  }
}

void CheckRun::Learn(const CheckResult& result, const Outcomes& outcomes) {
  for (const ProbeOutcome& outcome : outcomes) {
    if (outcome.died) died_ = true;
  }
  const bool failed = result.verdict == Verdict::kFail;
  const bool began = Succeeded(outcomes.front());
  if (result.name == "undefined_symbols") resolves_ = !failed;
  if (result.name == "loads") loads_ = began;
  if (result.name == "create_start_stop") starts_ = began;
  if (result.name == "serves") {
    serves_ = began && !failed;
    if (serves_) BeginServing();
  }
}

absl::Status CheckRun::RunPlain(const Check& check) {
  if (!Wanted(check.name)) return absl::OkStatus();
  if (const std::string why = WhyNot(check.needs); !why.empty()) {
    Report({check.name, Verdict::kSkip, why, ""});
    return absl::OkStatus();
  }
  listener_.announce(check.name);
  Outcomes outcomes;
  for (const std::string& scenario : check.scenarios) {
    ASSIGN_OR_RETURN(ProbeOutcome outcome, probes_.Await(Request(scenario)));
    outcomes.push_back(std::move(outcome));
    // The other ways begin like the first.
    if (!Succeeded(outcomes.front())) break;
  }
  const CheckResult result = Judge(check, outcomes, died_);
  Report(result);
  Learn(result, outcomes);
  return absl::OkStatus();
}

// A plugin that wants settings fails without, and one that wants anything of
// its host when that refuses all.
absl::Status CheckRun::RunErrorMessage(const Check& check) {
  if (!Wanted(check.name)) return absl::OkStatus();
  if (const std::string why = WhyNot(check.needs); !why.empty()) {
    Report({check.name, Verdict::kSkip, why, ""});
    return absl::OkStatus();
  }
  listener_.announce(check.name);
  ProbeRequest bare = Request("idle");
  bare.settings.clear();
  bare.arguments.clear();
  ProbeRequest refused = Request("idle");
  refused.failing_function = "*";
  Outcomes outcomes;
  for (const ProbeRequest& request : {Request("idle"), bare, refused}) {
    ASSIGN_OR_RETURN(ProbeOutcome outcome, probes_.Await(request));
    outcomes.push_back(std::move(outcome));
  }
  CheckResult result = Judge(check, outcomes, died_);
  const bool failed_once =
      std::any_of(outcomes.begin(), outcomes.end(), [](const auto& outcome) {
        return Has(outcome, Finding::kRefused);
      });
  if (result.verdict == Verdict::kPass && !failed_once) {
    result.verdict = Verdict::kSkip;
    result.seen =
        "create and start succeed without settings and on a host that refuses "
        "everything";
  }
  Report(result);
  return absl::OkStatus();
}

absl::StatusOr<ProbeOutcome> CheckRun::Survey() {
  return probes_.Await(Request("life"));
}

absl::Status CheckRun::RunTroubles(std::vector<Trouble> troubles) {
  std::erase_if(troubles, [&](const Trouble& trouble) {
    return !Wanted(trouble.check.name);
  });
  for (const Trouble& trouble : troubles) {
    for (const ProbeRequest& request : trouble.requests) {
      probes_.Begin(request);
    }
  }
  ASSIGN_OR_RETURN(const ProbeOutcome survey, Survey());
  for (const auto& [check, requests] : troubles) {
    listener_.announce(check.name);
    Outcomes outcomes;
    for (const ProbeRequest& request : requests) {
      ASSIGN_OR_RETURN(ProbeOutcome outcome, probes_.Await(request));
      RemoveKnown(survey, outcome);
      outcomes.push_back(std::move(outcome));
    }
    Report(Judge(check, outcomes, died_));
  }
  return absl::OkStatus();
}

absl::Status CheckRun::RunServiceFailures(const Check& family) {
  if (!Wanted(family.name)) return absl::OkStatus();
  std::string why = WhyNot(family.needs);
  ProbeOutcome survey;
  if (why.empty()) {
    listener_.announce(family.name);
    ASSIGN_OR_RETURN(survey, Survey());
    if (survey.died) why = "it does not survive a host without trouble";
    if (survey.functions.empty()) why = "it calls nothing that can fail";
  }
  if (!why.empty()) {
    Report({family.name, Verdict::kSkip, why, ""});
    return absl::OkStatus();
  }
  std::vector<Trouble> troubles;
  for (const std::string& function : survey.functions) {
    Trouble& trouble = troubles.emplace_back(Trouble{family, {}});
    trouble.check.name = absl::StrCat(family.name, ":", function);
    for (const uint64_t call : {1, 2, 0}) {
      ProbeRequest& request = trouble.requests.emplace_back(Request("life"));
      request.failing_function = function;
      request.failing_call = call;
    }
  }
  return RunTroubles(std::move(troubles));
}

absl::Status CheckRun::RunOptionalMissing(const Check& family) {
  if (!Wanted(family.name) || !WhyNot(family.needs).empty()) {
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const ProbeOutcome survey, Survey());
  if (survey.died) return absl::OkStatus();
  std::vector<Trouble> troubles;
  for (const std::string& id : survey.optional_services) {
    Trouble& trouble =
        troubles.emplace_back(Trouble{family, {Request("life")}});
    trouble.check.name = absl::StrCat(family.name, ":", id);
    trouble.requests.front().hidden_service = id;
  }
  return RunTroubles(std::move(troubles));
}

absl::Status CheckRun::RunRequiredMissing(const Check& family) {
  const absl::StatusOr<PluginInfo> info =
      ReadPluginFile(options_.plugin.plugin);
  if (!Wanted(family.name) || !WhyNot(family.needs).empty() || !info.ok()) {
    return absl::OkStatus();
  }
  for (const std::string& id : info->required_services) {
    Check check = family;
    check.name = absl::StrCat(family.name, ":", id);
    if (!Wanted(check.name)) continue;
    listener_.announce(check.name);
    ProbeRequest request = Request("missing_service");
    request.hidden_service = id;
    ASSIGN_OR_RETURN(const ProbeOutcome outcome, probes_.Await(request));
    Report(Judge(check, {&outcome, 1}, died_));
  }
  return absl::OkStatus();
}

}  // namespace cluster
