// HostProcess: the host as its users run it, as a child of the test.
//
// It listens on a free port, logs JSON and gives connections in turn, so that
// who gets which is known, unless the arguments say otherwise.
// A thread reads what it prints, so that it is never held up, and keeps the
// lines; the functions that wait do so for a line or for the end, never for a
// time. The destructor kills what is left and fails the test if there was
// anything.
//
// Thread safety: one thread, apart from its own.
//
//   HostProcess host({"echo", "--workers=4"});
//   ASSERT_TRUE(host.AwaitServing(4));
//   Client client(ConnectTo(host.port()));
//   host.Signal(SIGTERM);
//   EXPECT_EQ(host.AwaitExit(), 0);
#ifndef TESTS_INTEGRATION_HOST_PROCESS_H_
#define TESTS_INTEGRATION_HOST_PROCESS_H_

#include <gtest/gtest.h>
#include <sys/types.h>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/unique_fd.h"
#include "tests/integration/host_log.h"
#include "tests/integration/scale.h"

namespace cluster {

class HostProcess {
 public:
  using Inherited = std::vector<std::pair<int, int>>;  // ours, its number

  explicit HostProcess(std::vector<std::string> arguments,
                       Inherited inherited = {});
  ~HostProcess();
  HostProcess(const HostProcess&) = delete;
  HostProcess& operator=(const HostProcess&) = delete;

  pid_t pid() const { return pid_; }

  // Waits until the host has said where it serves and `workers` workers listen.
  testing::AssertionResult AwaitServing(uint32_t workers);
  // The port of the n-th TCP address. REQUIRES: AwaitServing().
  uint16_t port(size_t n = 0);

  // ---- What it logs

  // All lines so far; of one worker.
  std::vector<LogLine> Log();
  std::vector<LogLine> LogOf(uint32_t worker_id);
  // Waits until `enough` holds of the lines.
  bool AwaitLog(const std::function<bool(const std::vector<LogLine>&)>& enough,
                absl::Duration limit = Deadline());
  // Waits for the `count`-th event `name` of any worker.
  bool AwaitEvent(absl::string_view name,
                  size_t count,
                  absl::Duration limit = Deadline());
  size_t CountEvents(absl::string_view name);
  // The pids of the workers that have not exited, by id.
  std::map<uint32_t, pid_t> Workers();
  // The worker that `pid` is, 0 if none.
  uint32_t WorkerOf(pid_t pid);
  // REQUIRES: the host has exited.
  std::optional<Books> FinalBooks();

  // What it wrote so far, as it is.
  std::string Output();
  std::string ErrorOutput();

  // ---- Its end

  void Signal(int signal);
  // Returns the exit code, minus the signal's number if one ended it, nothing
  // if it still runs at the limit. All it printed is there afterwards.
  std::optional<int> AwaitExit(absl::Duration limit = Deadline());
  // SIGTERM; expects exit code 0, balanced books and no process left.
  Books EndCleanly();
  // Waits until the workers of a host that was killed have seen that and ended.
  bool AwaitOrphans();

 private:
  void Start(const std::vector<std::string>& arguments,
             const Inherited& inherited);
  void ReadUntilEnd();
  void Take(bool is_error, absl::string_view bytes);
  bool Await(const std::function<bool()>& fact, absl::Duration limit);
  // Kills and reaps workers that outlived the host. Returns how many.
  int KillOrphans();

  pid_t pid_ = -1;
  UniqueFd pidfd_;
  UniqueFd output_reader_;
  UniqueFd error_reader_;
  UniqueFd stop_;  // an eventfd: the thread reads on until it is written
  std::optional<int> exit_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::string output_;
  std::string error_output_;
  size_t parsed_ = 0;  // of error_output_
  std::vector<LogLine> log_;
  bool ended_ = false;  // nobody holds the writing ends any more

  std::thread reader_;
};

// Returns the path of a plugin that tests/plugins builds.
std::string TestPlugin(absl::string_view name);

}  // namespace cluster

#endif  // TESTS_INTEGRATION_HOST_PROCESS_H_
