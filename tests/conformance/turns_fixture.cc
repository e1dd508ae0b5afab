#include "tests/conformance/turns_fixture.h"

#include "core/primary/primary.h"

namespace cluster {

TurnsTest::TurnsTest() { cluster_.set_scheduling_policy(kSchedRr); }

int TurnsTest::AllListen(const std::vector<std::shared_ptr<Worker>>& workers,
                         const std::string& more) {
  int port = -1;
  for (const auto& worker : workers) port = Listen(worker, "listen a " + more);
  return port;
}

void TurnsTest::Block(const std::shared_ptr<Worker>& worker,
                      const std::string& after) {
  Ask(worker, after.empty() ? "block" : "block\n" + after, "blocked");
}

void TurnsTest::AwaitGiven(uint64_t connections) {
  RunUntil([&] {
    const Accounts accounts = cluster_.engine().Snapshot();
    return accounts.ledger.accepted() == connections && accounts.pending == 0;
  });
}

}  // namespace cluster
