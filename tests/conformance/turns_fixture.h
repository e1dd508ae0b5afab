// TurnsTest: workers that get connections by turns, and can be made to hang, so
// that what they are given stays on its way.
//
//   const auto workers = Start(2);
//   const int port = AllListen(workers);
//   Block(workers[0]);
//   const Client client(port);
#ifndef TESTS_CONFORMANCE_TURNS_FIXTURE_H_
#define TESTS_CONFORMANCE_TURNS_FIXTURE_H_

#include <memory>
#include <string>
#include <vector>

#include "core/cluster.h"
#include "tests/conformance/listening_fixture.h"

namespace cluster {

class TurnsTest : public ListeningTest {
 protected:
  TurnsTest() { cluster_.set_scheduling_policy(kSchedRr); }

  // All of them listen at one port, each with the options `more`; returns it.
  int AllListen(const std::vector<std::shared_ptr<Worker>>& workers,
                const std::string& more = "") {
    int port = -1;
    for (const auto& worker : workers) {
      port = Listen(worker, "listen a " + more);
    }
    return port;
  }
  // Hangs until the next line; what follows `after` is then done first.
  void Block(const std::shared_ptr<Worker>& worker,
             const std::string& after = "") {
    Ask(worker, after.empty() ? "block" : "block\n" + after, "blocked");
  }
};

}  // namespace cluster

#endif  // TESTS_CONFORMANCE_TURNS_FIXTURE_H_
