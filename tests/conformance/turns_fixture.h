// TurnsTest: workers that get connections by turns, and can be made to hang, so
// that what they are given stays on its way.
//
//   const auto workers = Start(2);
//   const int port = AllListen(workers);
//   Block(workers[0]);
//   const Client client(port);
//   AwaitGiven(1);
#ifndef TESTS_CONFORMANCE_TURNS_FIXTURE_H_
#define TESTS_CONFORMANCE_TURNS_FIXTURE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/cluster.h"
#include "tests/conformance/listening_fixture.h"

namespace cluster {

class TurnsTest : public ListeningTest {
 protected:
  TurnsTest();

  // All of them listen at one port, each with the options `more`; returns it.
  int AllListen(const std::vector<std::shared_ptr<Worker>>& workers,
                const std::string& more = "");
  // Hangs until the next line; what follows `after` is then done first.
  void Block(const std::shared_ptr<Worker>& worker,
             const std::string& after = "");
  // Runs the loop until the primary has given away as many connections as it
  // ever had: those for workers that hang are on their way then.
  void AwaitGiven(uint64_t connections);
};

}  // namespace cluster

#endif  // TESTS_CONFORMANCE_TURNS_FIXTURE_H_
