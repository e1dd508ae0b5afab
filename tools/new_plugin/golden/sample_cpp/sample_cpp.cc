// sample_cpp: says what --set greeting=TEXT is, and closes.
#include <sys/socket.h>

#include <string>

#include "plugins/sdk/worker.h"

namespace sdk = cluster::sdk;

namespace {

class SampleCppWorker : public sdk::Worker {
 public:
  using Worker::Worker;

  // A status that is not OK refuses to serve, and says why.
  sdk::Status OnStart() override {
    greeting_ = host().Config("greeting").value_or("hello\n");
    return {};
  }

  void OnConnection(sdk::Connection connection) override {
    send(connection.fd(), greeting_.data(), greeting_.size(), MSG_NOSIGNAL);
  }  // closed here

 private:
  std::string greeting_;
};

}  // namespace

CLUSTER_PLUGIN(SampleCppWorker,
               {
                   .name = "sample_cpp",
                   .version = "0.1",
               });
