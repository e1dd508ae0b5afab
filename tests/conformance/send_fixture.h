// SendTest: notes what send() tells of its messages, and has workers stand
// still, so that what they are sent waits.
#ifndef TESTS_CONFORMANCE_SEND_FIXTURE_H_
#define TESTS_CONFORMANCE_SEND_FIXTURE_H_

#include <gtest/gtest.h>
#include <signal.h>

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/cluster.h"
#include "tests/conformance/cluster_fixture.h"
#include "tests/integration/process_facts.h"

namespace cluster {

class SendTest : public ClusterTest {
 protected:
  // Notes what `sent` is told.
  SendCallback Sent() {
    return
        [this](const absl::Status& status) { sent_.push_back(status.code()); };
  }
  using Codes = std::vector<absl::StatusCode>;

  // Calls `then` when the worker is online and stopped.
  void WhenStopped(const std::shared_ptr<Worker>& worker,
                   std::function<void()> then) {
    worker->on(events::online, [worker, then = std::move(then)] {
      kill(worker->process().pid(), SIGSTOP);
      ASSERT_TRUE(
          AwaitTrue([&] { return IsStopped(worker->process().pid()); }));
      then();
    });
  }
  void Continue(const std::shared_ptr<Worker>& worker) {
    kill(worker->process().pid(), SIGCONT);
  }

  Codes sent_;
};

}  // namespace cluster

#endif  // TESTS_CONFORMANCE_SEND_FIXTURE_H_
