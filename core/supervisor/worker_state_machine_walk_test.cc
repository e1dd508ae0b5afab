// Every input at every reachable record, with all that led there.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <deque>
#include <iostream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/supervisor/worker_record.h"
#include "core/supervisor/worker_state_machine.h"

namespace cluster {
namespace {

using Input = WorkerInput;
using Effect = WorkerEffect;

std::vector<Input> AllInputs() {
  return {Input::Spawned(),
          Input::SpawnFailed(ENOENT),
          Input::OnlineFrame(),
          Input::ListeningFrame(),
          Input::DisconnectNotice(),
          Input::DisconnectRequested(),
          Input::ChannelClosed(),
          Input::Exited({.code = 0}),
          Input::Exited({.code = 7}),
          Input::Exited({.signal = SIGKILL})};
}

// A record, with what its life has shown to the outside.
struct Node {
  WorkerRecord record;
  std::map<Effect, int> seen;  // up to 2 of each
  bool asked = false;          // by request or legal notice
  std::string path;

  int count(Effect effect) const {
    const auto found = seen.find(effect);
    return found == seen.end() ? 0 : found->second;
  }
};

std::string RecordKey(const WorkerRecord& r) {
  const int after = r.exited_after_disconnect
                        ? static_cast<int>(*r.exited_after_disconnect)
                        : -1;
  return absl::StrCat(
      WorkerStateName(r.state),
      after,
      r.member,
      r.serving,
      r.connected,
      r.started,
      r.spawn_errno,
      r.online,
      r.disconnect_requested,
      r.exit ? absl::StrCat("/", r.exit->code, "/", r.exit->signal) : "-");
}

std::string NodeKey(const Node& node) {
  std::string key = absl::StrCat(RecordKey(node.record), "|", node.asked);
  for (const auto& [effect, count] : node.seen) {
    absl::StrAppend(&key, " ", static_cast<int>(effect), "=", count);
  }
  return key;
}

bool IsFrame(const Input& input) {
  return input.kind == Input::Kind::kOnlineFrame ||
         input.kind == Input::Kind::kListeningFrame ||
         input.kind == Input::Kind::kDisconnectNotice;
}

// What may be emitted or done at this point of the life `node`.
void ExpectLegal(const Node& node, const WorkerRecord& next, Effect effect) {
  const bool forked = node.count(Effect::kEmitFork) == 1;
  const bool disconnected = node.count(Effect::kEmitDisconnect) == 1;
  const bool exited = node.count(Effect::kEmitExit) == 1;
  const bool left = node.count(Effect::kLeaveWorkers) == 1;
  if (effect != Effect::kEmitListening && effect != Effect::kSendDrain) {
    EXPECT_EQ(node.count(effect), 0) << "a second time";
  }
  switch (effect) {
    case Effect::kEmitError:
      EXPECT_NE(next.spawn_errno, 0);
      [[fallthrough]];
    case Effect::kEmitFork:
      EXPECT_FALSE(forked || disconnected || exited);
      break;
    case Effect::kEmitOnline:
      EXPECT_TRUE(next.started && forked);
      EXPECT_FALSE(disconnected || exited);
      break;
    case Effect::kEmitListening:
      EXPECT_EQ(node.count(Effect::kEmitOnline), 1);
      EXPECT_FALSE(disconnected || exited);
      break;
    case Effect::kEmitDisconnect:
      EXPECT_TRUE(forked);
      EXPECT_EQ(node.count(Effect::kStopServing), 1);
      EXPECT_TRUE(left || !next.dead()) << "still a member after both";
      break;
    case Effect::kEmitExit:
      EXPECT_TRUE(next.started && forked);
      EXPECT_EQ(node.count(Effect::kStopServing), 1);
      EXPECT_TRUE(left || !disconnected) << "still a member after both";
      break;
    case Effect::kLeaveWorkers:
      EXPECT_TRUE(next.disconnect_requested ||
                  (next.dead() && !next.connected));
      break;
    case Effect::kSendDrain:
      EXPECT_TRUE(next.started && next.connected && !next.dead());
      break;
    case Effect::kStopServing:
    case Effect::kCloseChannel:
      break;
  }
}

// What holds in every record, whatever led there.
void ExpectConsistent(const Node& node) {
  const WorkerRecord& r = node.record;
  const bool disconnected = node.count(Effect::kEmitDisconnect) == 1;
  const bool exited = node.count(Effect::kEmitExit) == 1;
  EXPECT_EQ(r.member, node.count(Effect::kLeaveWorkers) == 0);
  EXPECT_EQ(r.serving, node.count(Effect::kStopServing) == 0);
  EXPECT_EQ(r.connected, !disconnected);
  EXPECT_EQ(r.exit.has_value(), exited);
  EXPECT_EQ(r.dead(), exited || node.count(Effect::kEmitError) == 1);
  EXPECT_FALSE(r.started && r.spawn_errno != 0);
  const std::optional<bool> expected = node.asked ? std::optional<bool>(true)
                                       : disconnected || exited
                                           ? std::optional<bool>(false)
                                           : std::nullopt;
  EXPECT_EQ(r.exited_after_disconnect, expected);
  EXPECT_EQ(
      r.state == WorkerState::kDisconnected || r.state == WorkerState::kDead,
      disconnected || exited);
}

void ExpectViolationChangesNothing(const Node& node,
                                   const Input& input,
                                   const Step& step) {
  EXPECT_TRUE(IsFrame(input));
  EXPECT_EQ(step.record, node.record);
  const bool can_close = node.record.started && node.record.connected;
  ASSERT_EQ(step.effects.size(), can_close ? 1u : 0u);
  if (can_close) {
    EXPECT_EQ(step.effects[0], Effect::kCloseChannel);
  }
}

// Applies `input`, checks the step, and returns where it leads.
Node Advance(const Node& node, const Input& input) {
  const Step step = Apply(node.record, input);
  Node next = node;
  absl::StrAppend(&next.path, " ", static_cast<int>(input.kind));
  if (!step.violation.empty()) {
    ExpectViolationChangesNothing(node, input, step);
    return next;
  }
  next.record = step.record;
  next.asked |= input.kind == Input::Kind::kDisconnectRequested ||
                input.kind == Input::Kind::kDisconnectNotice;
  for (Effect effect : step.effects) {
    ExpectLegal(next, step.record, effect);
    next.seen[effect] = std::min(next.count(effect) + 1, 2);
  }
  ExpectConsistent(next);
  return next;
}

// However far a life has come, its end is the same.
void ExpectEndsWell(Node node) {
  for (const Input& input :
       {Input::Spawned(), Input::ChannelClosed(), Input::Exited({.code = 0})}) {
    node = Advance(node, input);
  }
  EXPECT_EQ(node.count(Effect::kEmitFork), 1);
  EXPECT_EQ(node.count(Effect::kEmitDisconnect), 1);
  EXPECT_EQ(node.count(Effect::kEmitExit), node.record.started ? 1 : 0);
  EXPECT_FALSE(node.record.member);
  for (const Input& input : AllInputs()) {
    for (Effect effect : Apply(node.record, input).effects) {
      ADD_FAILURE() << WorkerEffectName(effect) << " after the end";
    }
  }
}

TEST(WorkerStateMachineWalkTest, EveryReachablePairKeepsThePromises) {
  std::deque<Node> frontier(1);
  std::set<std::string> known = {NodeKey(frontier.front())};
  std::set<std::string> records;
  size_t lives = 0;
  while (!frontier.empty()) {
    const Node node = frontier.front();
    frontier.pop_front();
    ++lives;
    records.insert(RecordKey(node.record));
    ExpectEndsWell(node);
    for (const Input& input : AllInputs()) {
      const Node next = Advance(node, input);
      if (HasFailure()) FAIL() << "inputs:" << next.path;
      if (known.insert(NodeKey(next)).second) frontier.push_back(next);
    }
  }
  const size_t pairs = records.size() * AllInputs().size();
  std::cout << records.size() << " records, " << pairs
            << " pairs of record and input, " << lives << " lives\n";
  RecordProperty("pairs", static_cast<int>(pairs));
  EXPECT_GT(records.size(), 50u);
}

}  // namespace
}  // namespace cluster
