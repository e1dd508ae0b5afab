#include "tools/plugin_check/probe/scenario.h"

#include <malloc.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/monotonic_clock.h"
#include "core/base/unique_fd.h"
#include "tools/plugin_check/probe/connection_table.h"
#include "tools/plugin_check/probe/finding.h"
#include "tools/plugin_check/probe/reporter.h"

namespace cluster {
namespace {

using std::chrono::milliseconds;

constexpr size_t kMany = 256;
constexpr size_t kRepeats = 32;
constexpr size_t kMemoryRound = 128;
constexpr size_t kGrowthBytes = 64;  // a connection; less is noise
constexpr milliseconds kSpinWindow{400};
constexpr int64_t kSpinCpuNs = 100'000'000;
constexpr milliseconds kShortDrain{300};

// One connection from its first byte to its end.
void Converse(Stage& stage) {
  UniqueFd peer = stage.Connect();
  stage.Talk(peer.get());
  stage.ReadAll(peer.get());
}

void Idle(Stage&) {}

void DrainNone(Stage& stage) { stage.Drain(1'000); }

void DrainOpen(Stage& stage) {
  UniqueFd talked = stage.Connect();
  UniqueFd silent = stage.Connect();
  stage.Talk(talked.get());
  stage.Drain(UINT64_MAX);
  UniqueFd late = stage.Connect();  // was on its way
  stage.Talk(late.get());
  for (UniqueFd* peer : {&talked, &silent, &late}) peer->Reset();
  stage.Await(kShortDrain, [] { return OpenConnections() == 0; });
}

void StopOpen(Stage& stage) {
  // The peers go when the plugin has been stopped: they outlive the call.
  static UniqueFd talked;
  static UniqueFd silent;
  talked = stage.Connect();
  silent = stage.ConnectTcp();
  stage.Talk(talked.get());
}

void DrainNow(Stage& stage) {
  StopOpen(stage);
  stage.Drain(0);
}

void Serve(Stage& stage) {
  Converse(stage);
  UniqueFd tcp = stage.ConnectTcp();
  stage.Talk(tcp.get());
  stage.ReadAll(tcp.get());
  tcp.Reset();
  stage.AwaitEnded("after its peer closed");
}

void CloseAtOnce(Stage& stage) {
  for (int i = 0; i < 4; ++i) {
    stage.GiveAbandoned();
    stage.Connect();
    stage.ConnectTcp();
  }
  stage.AwaitEnded("after its peer closed");
}

// Says so if the process is busy while there is nothing to do.
void LookForSpinning(Stage& stage, int peer) {
  const int64_t cpu_before_ns = ClockNs(CLOCK_PROCESS_CPUTIME_ID);
  const auto deadline = std::chrono::steady_clock::now() + kSpinWindow;
  while (std::chrono::steady_clock::now() < deadline) {
    pollfd ended = {peer, POLLIN, 0};
    if (poll(&ended, 1, 20) > 0 && stage.ReadAll(peer)) return;
    const int64_t cpu_ns = ClockNs(CLOCK_PROCESS_CPUTIME_ID) - cpu_before_ns;
    if (cpu_ns < kSpinCpuNs) continue;
    Reporter::Get().Found(
        Finding::kSpins,
        absl::StrCat("it used ",
                     cpu_ns / 1'000'000,
                     " ms of CPU time while a peer that had sent its end "
                     "waited"));
    return;
  }
}

void HalfClose(Stage& stage) {
  UniqueFd talked = stage.Connect();
  UniqueFd silent = stage.ConnectTcp();
  stage.Talk(talked.get());
  for (UniqueFd* peer : {&talked, &silent}) {
    shutdown(peer->get(), SHUT_WR);
    if (!stage.ReadAll(peer->get())) LookForSpinning(stage, peer->get());
    peer->Reset();
  }
  stage.AwaitEnded("after its peer closed");
}

void Resets(Stage& stage) {
  for (const bool talks : {false, true}) {
    for (int i = 0; i < 4; ++i) {
      UniqueFd tcp = stage.ConnectTcp();
      if (talks) stage.Talk(tcp.get());
      Stage::ResetPeer(std::move(tcp));
    }
  }
  stage.AwaitEnded("after its peer was reset");
}

// Waits for what connections held to come back, and reports what does not.
// `timers` may stay: one for all connections may still run.
void AwaitReturned(Stage& stage, const Held& before, size_t timers) {
  const auto deadline = std::chrono::steady_clock::now() + stage.patience();
  Held now = stage.Look();
  const auto returned = [&] {
    return now.process.descriptors.size() <=
               before.process.descriptors.size() &&
           now.watches <= before.watches &&
           now.timers <= before.timers + timers;
  };
  while (!returned() && std::chrono::steady_clock::now() < deadline) {
    poll(nullptr, 0, 1);
    now = stage.Look();
  }
  const auto report = [](Finding finding, const char* what, size_t more) {
    Reporter::Get().Found(
        finding,
        absl::StrCat(
            more, " ", what, " more than before the connections that ended"));
  };
  const size_t descriptors = now.process.descriptors.size();
  const size_t had = before.process.descriptors.size();
  if (descriptors > had) {
    report(Finding::kDescriptorLeft, "descriptors", descriptors - had);
  }
  if (now.watches > before.watches) {
    report(Finding::kWatchLeft, "watches", now.watches - before.watches);
  }
  if (now.timers > before.timers + timers) {
    report(Finding::kTimerLeft, "timers", now.timers - before.timers);
  }
}

void Many(Stage& stage) {
  Converse(stage);  // what is made once is there
  if (!stage.AwaitEnded("after its peer closed")) return;
  const Held before = stage.Look();
  std::vector<UniqueFd> peers;
  for (size_t i = 0; i < kMany; ++i) {
    peers.push_back(stage.Connect());
    stage.Talk(peers.back().get());
  }
  peers.clear();
  if (stage.AwaitEnded("after its peer closed")) {
    AwaitReturned(stage, before, kMany / 2);
  }
}

void Repeat(Stage& stage) {
  for (int i = 0; i < 2; ++i) Converse(stage);
  if (!stage.AwaitEnded("after its peer closed")) return;
  const Held before = stage.Look();
  for (size_t i = 0; i < kRepeats; ++i) Converse(stage);
  if (stage.AwaitEnded("after its peer closed")) {
    AwaitReturned(stage, before, kRepeats / 2);
  }
}

// Returns the bytes in use on the heap, when no connection is open.
size_t HeapAfterRound(Stage& stage) {
  for (size_t i = 0; i < kMemoryRound; ++i) {
    UniqueFd peer = stage.Connect();
    stage.Talk(peer.get());
  }
  stage.AwaitEnded("after its peer closed");
  size_t bytes = 0;
  stage.Await(milliseconds(0), [&] {
    bytes = mallinfo2().uordblks + mallinfo2().hblkhd;
    return true;
  });
  return bytes;
}

void Memory(Stage& stage) {
  if (mallinfo2().uordblks == 0) {
    Reporter::Get().Skip("the heap of a sanitizer is not counted");
    return;
  }
  HeapAfterRound(stage);
  const size_t first = HeapAfterRound(stage);
  const size_t second = HeapAfterRound(stage);
  const size_t third = HeapAfterRound(stage);
  // What is made once, or doubles now and then, does not grow each time.
  if (second <= first || third <= second) return;
  const size_t each = std::min(second - first, third - second) / kMemoryRound;
  if (each < kGrowthBytes) return;
  Reporter::Get().Found(
      Finding::kMemoryGrew,
      absl::StrCat("each connection leaves ", each, " bytes on the heap"));
}

// One that has been served and one that is silent: both must be gone at the
// deadline.
void DrainIdle(Stage& stage) {
  UniqueFd talked = stage.Connect();
  UniqueFd silent = stage.Connect();
  stage.Talk(talked.get());
  stage.ReadAll(talked.get());
  stage.Drain(stage.patience().count());
  if (stage.Await(stage.patience(), [] { return OpenConnections() == 0; })) {
    return;
  }
  Reporter::Get().Found(
      Finding::kNotDrained,
      absl::StrCat(OpenConnections(),
                   " of 2 idle connections were open at the deadline, ",
                   stage.patience().count(),
                   " ms after drain"));
}

// Everything at least once, with connections open to the end.
void Life(Stage& stage) {
  Converse(stage);
  UniqueFd half = stage.ConnectTcp();
  stage.Talk(half.get());
  shutdown(half.get(), SHUT_WR);
  stage.ReadAll(half.get());
  half.Reset();
  UniqueFd flooding = stage.Connect();
  stage.Flood(flooding.get());
  flooding.Reset();
  Stage::ResetPeer(stage.ConnectTcp());
  if (!stage.AwaitEnded("after its peer closed")) return;
  UniqueFd talked = stage.Connect();
  UniqueFd silent = stage.Connect();
  stage.Talk(talked.get());
  stage.Drain(kShortDrain.count());
  stage.Await(kShortDrain, [] { return OpenConnections() == 0; });
}

constexpr Scenario kScenarios[] = {
    {"not_started", nullptr},
    {"idle", &Idle},
    {"drain_none", &DrainNone},
    {"drain_open", &DrainOpen},
    {"drain_now", &DrainNow},
    {"stop_open", &StopOpen},
    {"serve", &Serve},
    {"close_at_once", &CloseAtOnce},
    {"half_close", &HalfClose},
    {"resets", &Resets},
    {"many", &Many},
    {"repeat", &Repeat},
    {"memory", &Memory},
    {"drain_idle", &DrainIdle},
    {"life", &Life},
};

}  // namespace

const Scenario* FindScenario(absl::string_view name) {
  const auto* at = std::find_if(
      std::begin(kScenarios), std::end(kScenarios), [&](const Scenario& each) {
        return each.name == name;
      });
  return at == std::end(kScenarios) ? nullptr : at;
}

}  // namespace cluster
