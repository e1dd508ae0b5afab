// callback_benchmark's callee behind the ABI, by the C++ SDK.
#include <cstdint>

#include "plugins/sdk/worker.h"

class SdkCallee : public cluster::sdk::Worker {
 public:
  using Worker::Worker;
  void OnConnection(cluster::sdk::Connection connection) override {
    sum_ += connection.id();
  }

 private:
  uint64_t sum_ = 0;
};

CLUSTER_PLUGIN(SdkCallee, {.name = "sdk_callee", .version = "1.0"});
