// Throws on each connection, and wants its worker to end for it.
#include <stdexcept>

#include "plugins/sdk/worker.h"

class Fragile : public cluster::sdk::Worker {
 public:
  using Worker::Worker;
  void OnConnection(cluster::sdk::Connection) override {
    throw std::runtime_error("the ball is out");
  }
};

CLUSTER_PLUGIN(Fragile,
               {.name = "fragile",
                .version = "1.0",
                .on_exception = cluster::sdk::OnException::kEndWorker});
