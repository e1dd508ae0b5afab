// RunningPrimary: a primary in the test's own process, with workers that run a
// plugin of tests/plugins, and a loop that the test turns until it has what it
// waits for. The test's binary is the worker, too: its main() begins with
//
//   run_if_plugin_worker();
//
// Thread safety: none.
//
//   RunningPrimary running("pen_pal", 2);
//   ASSERT_TRUE(running.AwaitListening(2));
//   EXPECT_EQ(running.Ask(1, "echo x").text, "echo x");
#ifndef TESTS_INTEGRATION_RUNNING_PRIMARY_H_
#define TESTS_INTEGRATION_RUNNING_PRIMARY_H_

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/base/unique_fd.h"
#include "core/primary/messages/primary_mailbox.h"
#include "core/primary/primary.h"
#include "core/primary/workers/primary_observer.h"
#include "ipc/address.h"

namespace cluster {

class RunningPrimary : private PrimaryObserver {
 public:
  using Config = std::vector<std::pair<std::string, std::string>>;

  // What came for a request, or why nothing did.
  struct Reply {
    absl::Status status;
    std::string text;
    std::vector<UniqueFd> fds;
  };

  RunningPrimary(const std::string& plugin,
                 uint32_t workers,
                 Config config = {});
  ~RunningPrimary() override;

  PrimaryMailbox& mailbox() { return primary_->messages(); }
  const ListenAddress& address() const { return address_; }
  pid_t pid(uint32_t worker) const { return pids_.at(worker); }
  // Lines about what hinders the primary.
  const std::vector<std::string>& troubles() const { return troubles_; }

  // Turns the loop until `fact`, and looks after each turn. False when that
  // takes too long.
  bool RunUntil(absl::FunctionRef<bool()> fact);
  // `count` workers in all have come to listen.
  bool AwaitListening(size_t count);
  bool AwaitExit(uint32_t worker);

  // Asks a worker and waits for the reply.
  Reply Ask(uint32_t worker,
            const std::string& text,
            std::vector<UniqueFd> fds = {});
  // Asks and does not wait. `*reply` is set once, within RunUntil().
  void AskLater(uint32_t worker,
                const std::string& text,
                std::unique_ptr<Reply>* reply,
                std::vector<UniqueFd> fds = {});

  // The CPU time of the longest turn of the loop since this was last asked.
  absl::Duration TakeLongestTurn() {
    return std::exchange(longest_turn_, absl::ZeroDuration());
  }

 private:
  void OnEvent(const WorkerEvent& event) override;
  void OnTrouble(absl::string_view text) override;
  void OnLog(uint32_t, pid_t, int, absl::string_view) override {}
  void OnOutput(uint32_t, pid_t, int, absl::string_view) override {}

  boost::asio::io_context io_{1};
  ListenAddress address_;
  UniqueFd plugin_file_;
  std::unique_ptr<Primary> primary_;
  std::map<uint32_t, pid_t> pids_;
  std::vector<uint32_t> exited_;
  std::vector<std::string> troubles_;
  size_t listening_ = 0;
  absl::Duration longest_turn_ = absl::ZeroDuration();
};

}  // namespace cluster

#endif  // TESTS_INTEGRATION_RUNNING_PRIMARY_H_
