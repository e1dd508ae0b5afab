// What the tests of Primary share: one that is watched, whose workers are the
// test's own binary. With PRIMARY_TEST_WORKER set that says what it tells it to
// say, which need not make sense: scripted_worker.cc has the main().
#ifndef CORE_PRIMARY_TESTING_PRIMARY_FIXTURE_H_
#define CORE_PRIMARY_TESTING_PRIMARY_FIXTURE_H_

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/primary/primary.h"
#include "core/primary/testing/loopback.h"
#include "core/primary/workers/replacement.h"

namespace cluster {

inline constexpr char kWorkerVariable[] = "PRIMARY_TEST_WORKER";

// Keeps the events as text, and calls back.
class RecordingObserver : public PrimaryObserver {
 public:
  void OnEvent(const WorkerEvent& event) override {
    events.push_back(absl::StrCat(WorkerEventName(event.kind),
                                  " ",
                                  event.worker_id,
                                  event.detail.empty() ? "" : ": ",
                                  event.detail));
    if (on_event) on_event(event);
  }
  void OnAccepting() override { accepts = true; }
  void OnLog(uint32_t, pid_t, int, absl::string_view) override {}
  void OnOutput(uint32_t, pid_t, int, absl::string_view) override {}

  int64_t Count(absl::string_view kind) const {
    return std::count_if(events.begin(), events.end(), [&](const auto& event) {
      return absl::StartsWith(event, kind);
    });
  }

  std::vector<std::string> events;
  bool accepts = false;
  std::function<void(const WorkerEvent&)> on_event;
};

class PrimaryTest : public ::testing::Test {
 protected:
  PrimaryTest() { getrlimit(RLIMIT_NOFILE, &limit_); }
  ~PrimaryTest() override { AllowDescriptors(); }

  void Make(const std::string& does, uint32_t workers = 1) {
    setenv(kWorkerVariable, does.c_str(), 1);
    PrimaryOptions options;
    options.sockets.push_back(loopback_.TakeListener());
    options.kill_at_end = true;
    if (!weights_.empty()) {
      options.listeners.policy = "least_connections";
      options.listeners.dispatch.weights = weights_;
    }
    options.replacement = {.program = {.name = "test"},
                           .workers = workers,
                           .restarts = 3,
                           .shortest_life = shortest_life_};
    primary_ = std::make_unique<Primary>(io_, std::move(options), observer_);
  }

  PrimaryEnd StartAndRun() {
    const absl::Status status = primary_->Start();
    EXPECT_TRUE(status.ok()) << status;
    return primary_->Run();
  }

  // Drains as soon as `count` workers listen.
  void DrainWhenListening(int count) {
    observer_.on_event = [this, count](const WorkerEvent&) {
      if (observer_.Count("listening") == count) primary_->Drain();
    };
  }

  // From here on nothing can be opened.
  void DenyDescriptors() {
    rlimit none = limit_;
    none.rlim_cur = 3;
    setrlimit(RLIMIT_NOFILE, &none);
  }
  void AllowDescriptors() { setrlimit(RLIMIT_NOFILE, &limit_); }

  rlimit limit_;
  std::vector<uint32_t> weights_;  // of the slots, if not empty
  absl::Duration shortest_life_ = ReplacementOptions().shortest_life;
  boost::asio::io_context io_{1};
  Loopback loopback_;
  RecordingObserver observer_;
  std::unique_ptr<Primary> primary_;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_TESTING_PRIMARY_FIXTURE_H_
