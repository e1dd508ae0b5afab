// ScriptedWorker: a worker that does what a test says, on a FakeHost.
//
//   TEST_F(SdkTest, ...) {
//     script.on_connection = [](const Host&, Connection connection) { ... };
//     Run([&] { Client client(host_.Connect()); });
//   }
#ifndef PLUGINS_SDK_TESTING_SCRIPTED_WORKER_H_
#define PLUGINS_SDK_TESTING_SCRIPTED_WORKER_H_

#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "plugins/sdk/worker.h"
#include "plugins/testing/fake_host.h"

namespace cluster::sdk {

// What a test wants of the worker that the host makes.
struct Script {
  std::function<void(const Host&)> on_create;
  std::function<Status(const Host&)> on_start;
  std::function<void(const Host&, Connection)> on_connection;
  std::function<void(const Drain&)> on_drain;
  std::function<void()> on_stop;
};
inline Script script;

class ScriptedWorker : public Worker {
 public:
  explicit ScriptedWorker(Host host) : Worker(host) {
    if (script.on_create) script.on_create(host);
  }
  Status OnStart() override {
    return script.on_start ? script.on_start(host()) : Status();
  }
  void OnConnection(Connection connection) override {
    if (script.on_connection) {
      script.on_connection(host(), std::move(connection));
    }
  }
  void OnDrain(const Drain& drain) override {
    if (script.on_drain) script.on_drain(drain);
  }
  void OnStop() override {
    if (script.on_stop) script.on_stop();
  }
};

class SdkTest : public testing::Test {
 protected:
  SdkTest() { script = {}; }
  ~SdkTest() override {
    script = {};
    EXPECT_EQ(host_.open(), 0u);
    EXPECT_EQ(host_.misreported(), 0u);
    EXPECT_EQ(host_.watches(), 0u);
    EXPECT_EQ(host_.timers(), 0u);
  }

  cluster_status Run(std::function<void()> client = [] {}) {
    return host_.Run(kTable<ScriptedWorker>, client);
  }

  FakeHost host_;
};

}  // namespace cluster::sdk

#endif  // PLUGINS_SDK_TESTING_SCRIPTED_WORKER_H_
