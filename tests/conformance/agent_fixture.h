// AgentTest: workers that do what messages say (agent.h), and the loop that the
// test runs until they have answered.
//
//   const auto worker = StartAgent();
//   EXPECT_EQ(Order(worker, "meet", std::move(handle)), "met tcp socket");
#ifndef TESTS_CONFORMANCE_AGENT_FIXTURE_H_
#define TESTS_CONFORMANCE_AGENT_FIXTURE_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "core/cluster.h"
#include "tests/conformance/listening_fixture.h"

namespace cluster {

class AgentTest : public ListeningTest {
 protected:
  AgentTest();

  // One that is online.
  std::shared_ptr<Worker> StartAgent(const std::string& how = "");
  // What it says next; "(it is dead)" if it will not.
  std::string Heard(const std::shared_ptr<Worker>& worker);
  // What it says to an order.
  std::string Order(const std::shared_ptr<Worker>& worker,
                    const std::string& order,
                    Handle handle = Handle());

  Handle came_;  // what came with the newest message, if it had something

 private:
  std::map<uint32_t, std::deque<std::string>> said_;
};

}  // namespace cluster

#endif  // TESTS_CONFORMANCE_AGENT_FIXTURE_H_
