#include "tools/bench/plugin_calls/callee.h"

#include <cstdint>
#include <memory>

namespace cluster {
namespace {

class Adder final : public Callee {
 public:
  void OnConnection(const cluster_connection& connection) override {
    sum_ += connection.id;
  }

 private:
  uint64_t sum_ = 0;
};

}  // namespace

std::unique_ptr<Callee> MakeCallee() { return std::make_unique<Adder>(); }

void CallDirectly(uint64_t* sum, const cluster_connection& connection) {
  *sum += connection.id;
}

}  // namespace cluster
