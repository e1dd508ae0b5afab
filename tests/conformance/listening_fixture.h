// ListeningTest: workers that do what they are told, line by line
// (obedient_worker.h), and the loop that the test runs until they have.
//
//   const auto worker = Start();
//   const int port = PortIn(Ask(worker, "listen a", "a listening"));
//   EXPECT_EQ(ServedBy(port), worker->id());
#ifndef TESTS_CONFORMANCE_LISTENING_FIXTURE_H_
#define TESTS_CONFORMANCE_LISTENING_FIXTURE_H_

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/cluster.h"
#include "tests/conformance/cluster_fixture.h"

namespace cluster {

// Older than the cluster that runs on it.
struct LoopOfTheTest {
  boost::asio::io_context io_{1};
};

class ListeningTest : public LoopOfTheTest, public ClusterTest {
 protected:
  // On the loop of the test.
  explicit ListeningTest(ClusterOptions options = {});
  ~ListeningTest() override;

  // A worker that is online. `settings` may say more.
  std::shared_ptr<Worker> Start(Settings settings = {});
  std::vector<std::shared_ptr<Worker>> Start(int count);

  // Sends lines, to be done in one turn.
  void Tell(const std::shared_ptr<Worker>& worker, const std::string& lines);
  // The next line of its that begins with `prefix`, which was not returned yet.
  std::string Await(const std::shared_ptr<Worker>& worker,
                    const std::string& prefix);
  std::string Ask(const std::shared_ptr<Worker>& worker,
                  const std::string& lines,
                  const std::string& prefix);
  // Whether such a line came.
  bool HasSaid(const std::shared_ptr<Worker>& worker,
               const std::string& prefix);

  // `what` is "listen a" or "bind a", with options: the port, or -1.
  int Listen(const std::shared_ptr<Worker>& worker, const std::string& what);

  // Runs the loop until `done`.
  void RunUntil(const std::function<bool()>& done);
  void RunUntilDead(const std::shared_ptr<Worker>& worker);

  // The id of the worker that greets a new connection; 0 if it ends without, or
  // never was one.
  uint32_t ServedBy(int port);
  uint32_t Greeting(int fd);
  // Connects until two workers have served. (By turns, but a worker that a
  // loaded machine does not let run is passed by.)
  void AwaitBothServe(int port);
  // Whether a connection is refused, in the end: the worker's word that it
  // closes is still on its way when it says so to the test.
  void AwaitRefused(int port);

  std::vector<std::string> listening_;  // events, as "1 127.0.0.1 80 tcp4"

 private:
  std::map<uint32_t, size_t> seen_;  // bytes that Await() is done with
};

// The word of `line` at `index`.
std::string WordOf(const std::string& line, size_t index);
// "a listening ADDRESS PORT ..."
inline int PortIn(const std::string& line) {
  const std::string word = WordOf(line, 3);
  return word.empty() ? -1 : std::atoi(word.c_str());
}

}  // namespace cluster

#endif  // TESTS_CONFORMANCE_LISTENING_FIXTURE_H_
