// What callback_benchmark calls, by each way there is. Every way does the same:
// adds the connection's id to a sum. Compiled on its own, so that no compiler
// sees through a call.
#ifndef TOOLS_BENCH_PLUGIN_CALLS_CALLEE_H_
#define TOOLS_BENCH_PLUGIN_CALLS_CALLEE_H_

#include <cstdint>
#include <memory>

#include "plugins/abi/cluster_plugin.h"

namespace cluster {

class Callee {
 public:
  virtual ~Callee() = default;
  virtual void OnConnection(const cluster_connection& connection) = 0;
};

std::unique_ptr<Callee> MakeCallee();

void CallDirectly(uint64_t* sum, const cluster_connection& connection);

}  // namespace cluster

#endif  // TOOLS_BENCH_PLUGIN_CALLS_CALLEE_H_
