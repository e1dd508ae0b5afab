#include "tests/conformance/agent_fixture.h"

#include <utility>

namespace cluster {

AgentTest::AgentTest() {
  cluster_.on(events::message,
              [this](Worker& worker, const Message& message, Handle& handle) {
                said_[worker.id()].push_back(TextOf(message));
                came_ = std::move(handle);
              });
}

std::shared_ptr<Worker> AgentTest::StartAgent(const std::string& how) {
  Settings settings;
  settings.args = {"agent", how};
  return Start(settings);
}

std::string AgentTest::Heard(const std::shared_ptr<Worker>& worker) {
  std::deque<std::string>& said = said_[worker->id()];
  RunUntil([&] { return !said.empty() || worker->is_dead(); });
  if (said.empty()) return "(it is dead)";
  std::string next = std::move(said.front());
  said.pop_front();
  return next;
}

std::string AgentTest::Order(const std::shared_ptr<Worker>& worker,
                             const std::string& order,
                             Handle handle) {
  worker->send(order, handle);
  return Heard(worker);
}

}  // namespace cluster
