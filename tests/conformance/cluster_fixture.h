// ClusterTest: a cluster whose workers are the test's own program, and a log of
// its events.
//
// A worker does what its first argument says (worker_program.h). What it prints
// is kept; what happens is kept as text, such as "exit 1 0 9".
#ifndef TESTS_CONFORMANCE_CLUSTER_FIXTURE_H_
#define TESTS_CONFORMANCE_CLUSTER_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/cluster.h"

namespace cluster {

class ClusterTest : public ::testing::Test {
 protected:
  ClusterTest();
  explicit ClusterTest(const ClusterOptions& options);

  // Settings under which a worker does `does`, and its output is kept.
  static Settings Does(std::vector<std::string> does);
  // Forks one that does `does`.
  std::shared_ptr<Worker> Fork(std::vector<std::string> does, Env env = {});

  // Forks one that does what messages say (tests/conformance/agent.h).
  std::shared_ptr<Worker> ForkAgent(const std::string& how = "") {
    return Fork({"agent", how});
  }
  // The text of a message; empty if it is none.
  static std::string TextOf(const Message& message);

  // Events of the cluster in `log_` from now on, but for `setup`.
  void LogEvents();

  // Runs until all workers are gone and their output has ended.
  void Run() { EXPECT_EQ(cluster_.run(), 0); }

  // What worker `id` has printed.
  const std::string& Printed(uint32_t id) { return printed_[id]; }
  bool IsMember(const Worker& worker) {
    return cluster_.workers().count(worker.id()) > 0;
  }

  std::map<uint32_t, std::string> printed_;
  std::function<void()> on_printed_;  // called for all that comes there
  std::vector<std::string> log_;
  Cluster cluster_;

 private:
  void KeepOutput();
};

// A client that connects at once, to 127.0.0.1.
class Client {
 public:
  explicit Client(int port);
  ~Client();

  bool connected() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  // What comes until the end, waiting for it.
  std::string ReadAll();
  // What comes up to the end of a line, or the end, waiting for it.
  std::string ReadLine();
  // Whether the other end is open. What has come is lost.
  bool IsOpen() const;
  void Close();

 private:
  int fd_ = -1;
};

}  // namespace cluster

#endif  // TESTS_CONFORMANCE_CLUSTER_FIXTURE_H_
