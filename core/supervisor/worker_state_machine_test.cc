#include "core/supervisor/worker_state_machine.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "core/supervisor/worker_record.h"

namespace cluster {
namespace {

using Input = WorkerInput;

// A worker in the hands of a caller that does as it is told.
class Life {
 public:
  Life& Then(const Input& input) {
    const Step step = Apply(record_, input);
    record_ = step.record;
    violation_ = std::string(step.violation);
    bool close = false;
    for (WorkerEffect effect : step.effects) {
      Do(effect);
      close |= effect == WorkerEffect::kCloseChannel;
    }
    if (close) {
      const std::string violation = violation_;
      Then(Input::ChannelClosed());
      violation_ = violation;
    }
    return *this;
  }

  Life& Then(std::initializer_list<Input> inputs) {
    for (const Input& input : inputs) Then(input);
    return *this;
  }

  // The events so far, each with + if the worker was in `workers` at it, else
  // -.
  std::string events() const { return absl::StrJoin(events_, " "); }
  // Everything else it was told to do.
  std::string acts() const { return absl::StrJoin(acts_, ", "); }
  const WorkerRecord& record() const { return record_; }
  const std::string& violation() const { return violation_; }

 private:
  void Do(WorkerEffect effect) {
    absl::string_view name = WorkerEffectName(effect);
    if (effect == WorkerEffect::kLeaveWorkers) member_ = false;
    if (name.substr(0, 5) == "emit ") {
      events_.push_back(absl::StrCat(name.substr(5), member_ ? "+" : "-"));
    } else {
      acts_.emplace_back(name);
    }
  }

  WorkerRecord record_;
  bool member_ = true;
  std::vector<std::string> events_;
  std::vector<std::string> acts_;
  std::string violation_;
};

Life Listening() {
  Life life;
  life.Then({Input::Spawned(), Input::OnlineFrame(), Input::ListeningFrame()});
  return life;
}

Input ExitsWith(int code) { return Input::Exited({.code = code}); }
Input DiesOf(int signal) { return Input::Exited({.signal = signal}); }

TEST(WorkerStateMachineTest, B036NewWorker) {
  Life life;
  life.Then(Input::Spawned());
  EXPECT_EQ(life.record().state, WorkerState::kNone);
  EXPECT_TRUE(life.record().member);
  EXPECT_TRUE(life.record().connected);
  EXPECT_FALSE(life.record().dead());
  EXPECT_EQ(life.record().exited_after_disconnect, std::nullopt);
  EXPECT_EQ(life.events(), "fork+");
}

TEST(WorkerStateMachineTest, B061StatesInOrder) {
  Life life;
  life.Then(Input::Spawned());
  EXPECT_EQ(WorkerStateName(life.record().state), "none");
  life.Then(Input::OnlineFrame());
  EXPECT_EQ(WorkerStateName(life.record().state), "online");
  life.Then(Input::ListeningFrame());
  EXPECT_EQ(WorkerStateName(life.record().state), "listening");
  life.Then(Input::ChannelClosed());
  EXPECT_EQ(WorkerStateName(life.record().state), "disconnected");
  life.Then(ExitsWith(0));
  EXPECT_EQ(WorkerStateName(life.record().state), "dead");
}

TEST(WorkerStateMachineTest, B074EachServerThatListensIsAnEvent) {
  Life life = Listening();
  life.Then(Input::ListeningFrame());
  EXPECT_EQ(life.events(), "fork+ online+ listening+ listening+");
  EXPECT_EQ(life.record().state, WorkerState::kListening);
}

// How each ending looks.

TEST(WorkerStateMachineTest, B213DisconnectInPrimary) {
  Life life = Listening();
  life.Then(Input::DisconnectRequested());
  EXPECT_EQ(life.record().exited_after_disconnect, true);
  EXPECT_FALSE(life.record().member);
  EXPECT_EQ(life.record().state, WorkerState::kListening);
  EXPECT_EQ(life.acts(), "send drain, stop serving, leave workers");
  life.Then({Input::ChannelClosed(), ExitsWith(0)});
  EXPECT_EQ(life.events(), "fork+ online+ listening+ disconnect- exit-");
  EXPECT_EQ(life.record().exited_after_disconnect, true);
}

TEST(WorkerStateMachineTest, B217B218DisconnectInWorkerIsAcknowledged) {
  Life life = Listening();
  life.Then(Input::DisconnectNotice());
  EXPECT_EQ(life.record().exited_after_disconnect, true);
  EXPECT_TRUE(life.record().member);
  EXPECT_EQ(life.acts(), "stop serving, send drain");
  life.Then({Input::ChannelClosed(), ExitsWith(0)});
  EXPECT_EQ(life.events(), "fork+ online+ listening+ disconnect+ exit-");
  EXPECT_EQ(life.record().exited_after_disconnect, true);
}

// kill() in the worker gives notice too, and exits instead of draining.
TEST(WorkerStateMachineTest, B244SecondNoticeIsAcknowledgedAgain) {
  Life life = Listening();
  life.Then({Input::DisconnectNotice(), Input::DisconnectNotice()});
  EXPECT_EQ(life.acts(), "stop serving, send drain, send drain");
  EXPECT_EQ(life.violation(), "");
}

TEST(WorkerStateMachineTest, B235DeathBySignalIsNotAfterDisconnect) {
  Life life = Listening();
  life.Then({Input::ChannelClosed(), DiesOf(SIGTERM)});
  EXPECT_EQ(life.events(), "fork+ online+ listening+ disconnect+ exit-");
  EXPECT_EQ(life.record().exited_after_disconnect, false);
  EXPECT_EQ(life.record().exit, (WorkerExit{.signal = SIGTERM}));
}

TEST(WorkerStateMachineTest, B226ProcessLevelDisconnect) {
  Life life = Listening();
  life.Then({Input::ChannelClosed(), ExitsWith(0)});
  EXPECT_EQ(life.events(), "fork+ online+ listening+ disconnect+ exit-");
  EXPECT_EQ(life.record().exited_after_disconnect, false);
}

TEST(WorkerStateMachineTest, B247B250ExitCodeAndCrashAreNotAfterDisconnect) {
  for (const WorkerExit exit : {WorkerExit{.code = 7},
                                WorkerExit{.code = 1},
                                WorkerExit{.signal = SIGKILL}}) {
    Life life = Listening();
    life.Then({Input::ChannelClosed(), Input::Exited(exit)});
    EXPECT_EQ(life.events(), "fork+ online+ listening+ disconnect+ exit-");
    EXPECT_EQ(life.record().exit, exit);
    EXPECT_EQ(life.record().exited_after_disconnect, false);
  }
}

TEST(WorkerStateMachineTest, B241DisconnectThenKill) {
  Life life = Listening();
  life.Then(
      {Input::DisconnectRequested(), Input::ChannelClosed(), DiesOf(SIGTERM)});
  EXPECT_EQ(life.events(), "fork+ online+ listening+ disconnect- exit-");
  EXPECT_EQ(life.record().exited_after_disconnect, true);
  EXPECT_EQ(life.record().exit->signal, SIGTERM);
}

// The worker exited before its servers had closed, so it gave no notice.
TEST(WorkerStateMachineTest, B223ExitRightAfterItsOwnDisconnect) {
  Life life = Listening();
  life.Then({Input::ChannelClosed(), ExitsWith(7)});
  EXPECT_EQ(life.record().exited_after_disconnect, false);
  EXPECT_EQ(life.record().exit->code, 7);
}

TEST(WorkerStateMachineTest, B053B054GrandchildKeepsTheChannel) {
  Life life = Listening();
  life.Then(ExitsWith(0));
  EXPECT_EQ(life.events(), "fork+ online+ listening+ exit+");
  EXPECT_EQ(life.record().state, WorkerState::kDead);
  EXPECT_TRUE(life.record().connected);
  life.Then(Input::ChannelClosed());
  EXPECT_EQ(life.events(), "fork+ online+ listening+ exit+ disconnect-");
  EXPECT_EQ(life.record().state, WorkerState::kDisconnected);
  EXPECT_EQ(life.record().exited_after_disconnect, false);
}

TEST(WorkerStateMachineTest, DeadWorkerServesNothingThoughItsChannelIsOpen) {
  Life life = Listening();
  life.Then(ExitsWith(0));
  EXPECT_EQ(life.acts(), "stop serving");
}

TEST(WorkerStateMachineTest, B044SpawnFailure) {
  Life life;
  life.Then(Input::SpawnFailed(ENOENT));
  EXPECT_EQ(life.events(), "error+ fork+ disconnect-");
  EXPECT_TRUE(life.record().dead());
  EXPECT_EQ(life.record().spawn_errno, ENOENT);
  EXPECT_EQ(life.record().exit, std::nullopt);
  EXPECT_EQ(life.record().exited_after_disconnect, false);
  EXPECT_EQ(life.record().state, WorkerState::kDisconnected);
}

TEST(WorkerStateMachineTest, B044SpawnFailureHasNeitherOnlineNorExit) {
  Life life;
  life.Then(Input::SpawnFailed(ENOENT));
  life.Then({ExitsWith(0), Input::Spawned()});
  EXPECT_EQ(life.events(), "error+ fork+ disconnect-");
  EXPECT_EQ(life.acts(), "close channel, stop serving, leave workers");
}

TEST(WorkerStateMachineTest, B044StillConnectedWhenTheErrorIsTold) {
  const Step step = Apply(WorkerRecord(), Input::SpawnFailed(EAGAIN));
  EXPECT_TRUE(step.record.connected);
  EXPECT_TRUE(step.record.member);
  EXPECT_EQ(step.record.state, WorkerState::kNone);
}

TEST(WorkerStateMachineTest, B216DisconnectBeforeOnline) {
  Life life;
  life.Then({Input::Spawned(),
             Input::DisconnectRequested(),
             Input::OnlineFrame(),
             Input::ChannelClosed(),
             ExitsWith(0)});
  EXPECT_EQ(life.events(), "fork+ online- disconnect- exit-");
  EXPECT_EQ(life.record().exited_after_disconnect, true);
}

TEST(WorkerStateMachineTest, DisconnectBeforeForkIsSentWhenTheProcessIsThere) {
  Life life;
  life.Then({Input::DisconnectRequested(), Input::Spawned()});
  EXPECT_EQ(life.events(), "fork-");
  EXPECT_EQ(life.acts(), "stop serving, leave workers, send drain");
}

TEST(WorkerStateMachineTest, DeathBeforeOnline) {
  Life life;
  life.Then({Input::Spawned(), Input::ChannelClosed(), DiesOf(SIGTERM)});
  EXPECT_EQ(life.events(), "fork+ disconnect+ exit-");
  EXPECT_EQ(life.record().exited_after_disconnect, false);
}

TEST(WorkerStateMachineTest, B023PluginThatCannotBeLoadedGoesOnlineFirst) {
  Life life;
  life.Then({Input::Spawned(),
             Input::OnlineFrame(),
             Input::ChannelClosed(),
             ExitsWith(1)});
  EXPECT_EQ(life.events(), "fork+ online+ disconnect+ exit-");
}

// Once more, and too late.

TEST(WorkerStateMachineTest, B215RepeatedDisconnectIsHarmless) {
  Life life = Listening();
  life.Then({Input::DisconnectRequested(), Input::DisconnectRequested()});
  EXPECT_EQ(life.acts(), "send drain, stop serving, leave workers");
}

TEST(WorkerStateMachineTest, B215DisconnectOfADeadWorkerFlipsTheFlag) {
  Life life = Listening();
  life.Then({Input::ChannelClosed(), ExitsWith(0)});
  ASSERT_EQ(life.record().exited_after_disconnect, false);
  const std::string acts = life.acts();
  life.Then(Input::DisconnectRequested());
  EXPECT_EQ(life.record().exited_after_disconnect, true);
  EXPECT_EQ(life.acts(), acts);
}

TEST(WorkerStateMachineTest, B057ExitAndDisconnectCountOnce) {
  Life life = Listening();
  life.Then({Input::ChannelClosed(),
             Input::ChannelClosed(),
             ExitsWith(3),
             DiesOf(SIGKILL),
             Input::ChannelClosed()});
  EXPECT_EQ(life.events(), "fork+ online+ listening+ disconnect+ exit-");
  EXPECT_EQ(life.record().exit->code, 3);
}

// `listening` was on its way when the disconnect was asked for.
TEST(WorkerStateMachineTest, ListeningThatCrossesADisconnectIsStillAnEvent) {
  Life life;
  life.Then({Input::Spawned(),
             Input::OnlineFrame(),
             Input::DisconnectRequested(),
             Input::ListeningFrame()});
  EXPECT_EQ(life.events(), "fork+ online+ listening-");
  EXPECT_FALSE(life.record().serving);
}

TEST(WorkerStateMachineTest, NothingButDisconnectFollowsExit) {
  Life life;
  life.Then({Input::Spawned(),
             ExitsWith(0),
             Input::OnlineFrame(),
             Input::ListeningFrame(),
             Input::DisconnectNotice(),
             Input::ChannelClosed()});
  EXPECT_EQ(life.violation(), "");
  EXPECT_EQ(life.events(), "fork+ exit+ disconnect-");
  EXPECT_EQ(life.acts(), "stop serving, leave workers");
}

// Violations: the channel is closed, and nothing else happens.

struct Breach {
  std::vector<Input> before;
  Input input;
  absl::string_view violation;
};

TEST(WorkerStateMachineTest, FramesAgainstTheProtocolCloseTheChannel) {
  const Breach breaches[] = {
      {{}, Input::ListeningFrame(), "listening frame before online"},
      {{}, Input::DisconnectNotice(), "disconnect notice before online"},
      {{Input::OnlineFrame()}, Input::OnlineFrame(), "second online frame"},
  };
  for (const Breach& breach : breaches) {
    Life life;
    life.Then(Input::Spawned());
    for (const Input& input : breach.before) life.Then(input);
    const Step step = Apply(life.record(), breach.input);
    EXPECT_EQ(step.violation, breach.violation);
    EXPECT_EQ(step.record, life.record());
    ASSERT_EQ(step.effects.size(), 1u);
    EXPECT_EQ(step.effects[0], WorkerEffect::kCloseChannel);
    life.Then({breach.input, DiesOf(SIGKILL)});
    EXPECT_EQ(life.events().substr(life.events().size() - 18),
              " disconnect+ exit-");
  }
}

TEST(WorkerStateMachineTest, FrameOnAClosedChannelIsAViolation) {
  for (const Input& frame : {Input::OnlineFrame(),
                             Input::ListeningFrame(),
                             Input::DisconnectNotice()}) {
    Life life = Listening();
    life.Then(Input::ChannelClosed());
    const Step step = Apply(life.record(), frame);
    EXPECT_EQ(step.violation, "frame on a closed channel");
    EXPECT_EQ(step.record, life.record());
    EXPECT_TRUE(step.effects.empty());
  }
}

}  // namespace
}  // namespace cluster
