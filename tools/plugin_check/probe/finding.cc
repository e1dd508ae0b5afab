#include "tools/plugin_check/probe/finding.h"

#include <iterator>

namespace cluster {
namespace {

struct Row {
  Finding finding;
  absl::string_view name;
  absl::string_view advice;
};

constexpr Row kRows[] = {
    {Finding::kCrashed,
     "crashed",
     "run the plugin's own test with --config=asan, which names the line"},
    {Finding::kExited,
     "exited",
     "return a status: a plugin never ends the process itself"},
    {Finding::kHung,
     "hung",
     "return from every callback at once and wait by watches and timers"},
    {Finding::kFileUnfit,
     "file_unfit",
     "build it with the rule worker_plugin or with pkg-config cluster-plugin"},
    {Finding::kFileUntidy,
     "file_untidy",
     "build it with the rule worker_plugin or with pkg-config cluster-plugin"},
    {Finding::kUndefinedSymbol,
     "undefined_symbol",
     "link what gives it, and link with -Wl,-z,defs, which finds such early"},
    {Finding::kNotLoadable, "not_loadable", "see plugin_check inspect"},
    {Finding::kPrinted,
     "printed",
     "log by cluster.log/1 once create has run, not from constructors"},
    {Finding::kThreadStarted,
     "thread_started",
     "start threads in create or start: a probe and a fork load plugins, too"},
    {Finding::kNotRefused,
     "not_refused",
     "list in the entry what the note lists"},
    {Finding::kRefused,
     "refused",
     "give it what it asks for: --set KEY=VALUE, or arguments after --"},
    {Finding::kNoMessage,
     "no_message",
     "write the reason to error->message, ended by a NUL, before returning"},
    {Finding::kLoopEnded,
     "loop_ended",
     "return from run only when dispatch has returned CLUSTER_STOPPED"},
    {Finding::kNotDrained,
     "not_drained",
     "close idle connections in drain: else each restart takes the deadline"},
    {Finding::kWrongThread,
     "wrong_thread",
     "go to the loop thread by cluster.loop/1 post, the door for threads"},
    {Finding::kWrongState,
     "wrong_state",
     "keep to the tag [thread & states] of the function in its header"},
    {Finding::kLateCall,
     "late_call",
     "join threads, end watches and timers in stop, before it returns"},
    {Finding::kBadArgument,
     "bad_argument",
     "look at what was passed: the status of the call before may say why"},
    {Finding::kUnknownId,
     "unknown_id",
     "close with the fd and id that came together in on_connection"},
    {Finding::kDoubleClose,
     "double_close",
     "end each connection by exactly one call of close or closed"},
    {Finding::kUnlistedService,
     "unlisted_service",
     "name it in the entry's required_services or optional_services"},
    {Finding::kConnectionOpen,
     "connection_open",
     "call close or closed when the peer has gone, and for the rest in stop"},
    {Finding::kDescriptorLeft,
     "descriptor_left",
     "close what was opened, on the paths of failure, too"},
    {Finding::kWatchLeft,
     "watch_left",
     "unwatch before the descriptor is closed, and the rest in stop"},
    {Finding::kTimerLeft,
     "timer_left",
     "cancel a connection's timers with it, and the rest in stop"},
    {Finding::kThreadLeft, "thread_left", "join threads in stop or destroy"},
    {Finding::kMemoryGrew,
     "memory_grew",
     "free what a connection needed when it ends"},
    {Finding::kSlow,
     "slow",
     "return at once: all connections of the worker wait meanwhile"},
    {Finding::kSpins,
     "spins",
     "read the end of the stream as the end, or ask for no events by modify"},
    {Finding::kSignalsChanged,
     "signals_changed",
     "leave signals alone: their dispositions are the host's"},
};

// The table has a row for each, in the order of the type.
constexpr bool Complete() {
  for (size_t i = 0; i < std::size(kRows); ++i) {
    if (kRows[i].finding != static_cast<Finding>(i)) return false;
  }
  return std::size(kRows) == size_t(Finding::kSignalsChanged) + 1;
}
static_assert(Complete());

}  // namespace

absl::string_view NameOf(Finding finding) {
  return kRows[static_cast<size_t>(finding)].name;
}

absl::string_view AdviceFor(Finding finding) {
  return kRows[static_cast<size_t>(finding)].advice;
}

std::optional<Finding> FindingCalled(absl::string_view name) {
  for (const Row& row : kRows) {
    if (row.name == name) return row.finding;
  }
  return std::nullopt;
}

}  // namespace cluster
