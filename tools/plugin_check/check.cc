#include "tools/plugin_check/check.h"

namespace cluster {
namespace {

using enum Finding;

// What must not happen either when the host is in trouble.
std::vector<Finding> Graceful() {
  return {kNoMessage,
          kConnectionOpen,
          kDescriptorLeft,
          kWatchLeft,
          kTimerLeft,
          kThreadLeft,
          kWrongThread,
          kWrongState,
          kLateCall,
          kBadArgument,
          kUnknownId,
          kDoubleClose};
}

std::vector<Check> Beginnings() {
  return {
      {.name = "elf",
       .proves = "the file is a plugin that this host can run; a warning if it "
                 "exports more than one symbol",
       .scenarios = {"file"},
       .fails = {kFileUnfit},
       .warns = {kFileUntidy}},
      {.name = "undefined_symbols",
       .proves = "every import is given by a library that the file needs",
       .scenarios = {"symbols"},
       .fails = {kUndefinedSymbol}},
      {.name = "loads",
       .proves = "loading it has no effect: no crash, exit or descriptor; no "
                 "output or thread",
       .needs = Needs::kSymbols,
       .scenarios = {"load"},
       .fails = {kNotLoadable, kDescriptorLeft},
       .warns = {kPrinted, kThreadStarted}},
      {.name = "note",
       .proves = "the note and the entry say the same",
       .needs = Needs::kLoads,
       .scenarios = {"note"},
       .fails = {kFileUnfit}},
      {.name = "create_start_stop",
       .proves = "create, start, drain, stop and destroy work, also stop right "
                 "after create",
       .needs = Needs::kLoads,
       .scenarios = {"idle", "not_started", "drain_none"},
       .fails = {kRefused, kNoMessage, kLoopEnded}},
  };
}

std::vector<Check> Connections() {
  return {
      {.name = "serves",
       .proves = "a connection is taken, and ended once when its peer closes",
       .needs = Needs::kStarts,
       .scenarios = {"serve"},
       .fails = {kConnectionOpen}},
      {.name = "peer_closes_at_once",
       .proves = "a peer that closes without a word costs nothing",
       .needs = Needs::kServes,
       .scenarios = {"close_at_once"},
       .fails = {kConnectionOpen}},
      {.name = "peer_half_closes",
       .proves = "a peer that only sends its end does not keep the loop busy",
       .needs = Needs::kServes,
       .scenarios = {"half_close"},
       .fails = {kConnectionOpen, kSpins}},
      {.name = "peer_resets",
       .proves = "a connection that is reset is ended",
       .needs = Needs::kServes,
       .scenarios = {"resets"},
       .fails = {kConnectionOpen}},
      {.name = "many_connections",
       .proves = "256 connections at once are served, and leave nothing",
       .needs = Needs::kServes,
       .scenarios = {"many"},
       .fails = {kConnectionOpen, kDescriptorLeft, kWatchLeft, kTimerLeft}},
      {.name = "ends_open_connections",
       .proves =
           "what is open at drain, at a deadline of 0 or at stop is closed "
           "by destroy",
       .needs = Needs::kServes,
       .scenarios = {"drain_open", "drain_now", "stop_open"},
       .fails = {kConnectionOpen, kLoopEnded}},
      {.name = "drain_closes_idle",
       .proves = "drain ends idle connections before the deadline",
       .needs = Needs::kServes,
       .scenarios = {"drain_idle"},
       .fails = {kNotDrained}},
  };
}

std::vector<Check> Leaks() {
  const auto leak = [](const char* name, const char* proves, Finding finding) {
    return Check{.name = name,
                 .proves = proves,
                 .needs = Needs::kServes,
                 .scenarios = {"repeat"},
                 .fails = {finding}};
  };
  return {
      leak("descriptor_leak",
           "no descriptor is left by connections, nor after destroy",
           kDescriptorLeft),
      leak("watch_leak",
           "no watch is left by connections, nor after destroy",
           kWatchLeft),
      leak("timer_leak",
           "no timer is left by connections, nor after destroy",
           kTimerLeft),
      {.name = "memory_growth",
       .proves = "the heap does not grow with the number of connections served",
       .needs = Needs::kServes,
       .scenarios = {"memory"},
       .warns = {kMemoryGrew}},
  };
}

std::vector<Check> Contract() {
  const auto rule = [](const char* name,
                       const char* proves,
                       std::vector<Finding> fails,
                       std::vector<Finding> warns = {}) {
    return Check{.name = name,
                 .proves = proves,
                 .needs = Needs::kServes,
                 .scenarios = {"life"},
                 .fails = std::move(fails),
                 .warns = std::move(warns),
                 .trusts_others = true};
  };
  return {
      rule(
          "late_callback",
          "nothing calls the host after destroy; a warning if a thread runs on",
          {kLateCall},
          {kThreadLeft}),
      rule("wrong_thread",
           "functions of the loop thread are called there",
           {kWrongThread}),
      rule("wrong_state",
           "functions are called in the states of their tags",
           {kWrongState}),
      rule("bad_argument",
           "what is passed to the host exists: handles, descriptors, texts",
           {kBadArgument}),
      rule("unknown_id",
           "connections are ended by an id that came",
           {kUnknownId}),
      rule("double_close", "no connection is ended twice", {kDoubleClose}),
      rule("hang", "every callback returns within a second", {kSlow}),
      rule("signals",
           "signals and their mask stay as they were",
           {},
           {kSignalsChanged}),
      rule("services_listed",
           "the entry lists every service that is used",
           {},
           {kUnlistedService}),
  };
}

std::vector<Check> Troubles() {
  return {
      {.name = std::string(kErrorMessage),
       .proves = "a create or start that fails says why",
       .needs = Needs::kStarts,
       .scenarios = {"idle"},
       .fails = {kNoMessage}},
      {.name = std::string(kServiceFailure),
       .proves = "the first, the second or every call of a function fails, and "
                 "nothing crashes, hangs or stays",
       .needs = Needs::kServes,
       .scenarios = {"life"},
       .fails = Graceful()},
      {.name = std::string(kOptionalMissing),
       .proves = "it serves, or refuses with a message, on a host without a "
                 "service that it does not require",
       .needs = Needs::kServes,
       .scenarios = {"life"},
       .fails = Graceful()},
      {.name = std::string(kRequiredMissing),
       .proves = "a host without a service that it requires refuses it before "
                 "create",
       .needs = Needs::kLoads,
       .scenarios = {"missing_service"},
       .fails = {kNotRefused}},
  };
}

std::vector<Check> MakeAll() {
  std::vector<Check> all;
  for (const auto& part :
       {Beginnings(), Connections(), Leaks(), Contract(), Troubles()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

}  // namespace

const std::vector<Check>& AllChecks() {
  static const auto* const all = new std::vector<Check>(MakeAll());
  return *all;
}

const Check* FindCheck(absl::string_view name) {
  const absl::string_view family = name.substr(0, name.find(':'));
  const bool is_family = family == kServiceFailure ||
                         family == kOptionalMissing ||
                         family == kRequiredMissing;
  for (const Check& check : AllChecks()) {
    if (check.name == (is_family ? family : name)) return &check;
  }
  return nullptr;
}

}  // namespace cluster
