#include "plugins/sdk/lambda_worker.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <map>
#include <stdexcept>
#include <string>
#include <utility>

#include "plugins/testing/client.h"
#include "plugins/testing/fake_host.h"

namespace sdk = cluster::sdk;

CLUSTER_PLUGIN_ON_CONNECTION(
    {.name = "greeter", .version = "1.2"},
    [](const sdk::Host& host, sdk::Connection connection) {
      const std::string text(host.Config("greeting").value_or("none"));
      send(connection.fd(), text.data(), text.size(), MSG_NOSIGNAL);
    });

namespace cluster::sdk {
namespace {

// What the lambdas of a test leave for it, and what lives on between them.
struct Kept {
  std::string calls;
  std::map<uint64_t, Connection> open;
};
Kept kept;

class LambdaWorkerTest : public testing::Test {
 protected:
  LambdaWorkerTest() { kept = {}; }
  ~LambdaWorkerTest() override {
    EXPECT_EQ(host_.open(), 0u);
    EXPECT_EQ(host_.misreported(), 0u);
  }

  template <typename... Hooks>
  cluster_status Run(
      internal::LambdaPlugin<Hooks...>, std::function<void()> client = [] {}) {
    return host_.Run(kTable<internal::LambdaWorker<Hooks...>>, client);
  }

  FakeHost host_;
};

TEST_F(LambdaWorkerTest, MacroDefinesThePlugin) {
  EXPECT_STREQ(cluster_plugin_entry.name, "greeter");
  EXPECT_STREQ(cluster_plugin_entry.version, "1.2");
  EXPECT_STREQ(cluster_plugin_entry.required_services[0],
               CLUSTER_SERVICE_LOOP_V1);
  host_.config["greeting"] = "good day";
  const auto* table =
      static_cast<const cluster_worker_plugin*>(cluster_plugin_entry.table);
  const cluster_status status = host_.Run(*table, [&] {
    EXPECT_EQ(Client(host_.Connect()).ReadToEnd(), "good day");
  });
  EXPECT_EQ(status, CLUSTER_OK);
}

TEST_F(LambdaWorkerTest, HooksAreCalledInTheOrderOfALife) {
  constexpr auto kPlugin = internal::PluginOfHooks(
      {.name = "x"},
      on_stop = [](const Host&) { kept.calls += "stop "; },
      on_drain =
          [](const Host&, const Drain& drain) {
            kept.calls += "drain " + std::to_string(drain.open) + " ";
            kept.open.clear();
          },
      on_start = [](const Host&) { kept.calls += "start "; },
      on_connection =
          [](const Host&, Connection connection) {
            kept.calls += "connection ";
            const uint64_t id = connection.id();
            kept.open.emplace(id, std::move(connection));
          });
  const cluster_status status = Run(kPlugin, [&] {
    Client client(host_.Connect());
    EXPECT_TRUE(host_.WaitForOpen(1));
    host_.Drain();
    EXPECT_EQ(client.ReadToEnd(), "");
  });
  EXPECT_EQ(status, CLUSTER_OK);
  EXPECT_EQ(kept.calls, "start connection drain 1 stop ");
}

TEST_F(LambdaWorkerTest, OnStartMayRefuse) {
  constexpr auto kPlugin = internal::PluginOfHooks(
      {.name = "x"},
      on_start = [](const Host&) -> Status {
        return {CLUSTER_E_CONFIG, "no tea"};
      },
      on_connection = [](const Host&, Connection) {});
  EXPECT_EQ(Run(kPlugin), CLUSTER_E_CONFIG);
  EXPECT_EQ(host_.error_message(), "no tea");
}

TEST_F(LambdaWorkerTest, WhatOnConnectionThrowsCostsThatConnection) {
  constexpr auto kPlugin = internal::PluginOfHooks(
      {.name = "x"}, on_connection = [](const Host&, Connection) {
        throw std::runtime_error("spilled");
      });
  const cluster_status status =
      Run(kPlugin, [&] { EXPECT_EQ(Client(host_.Connect()).ReadToEnd(), ""); });
  EXPECT_EQ(status, CLUSTER_OK);
  EXPECT_NE(host_.log().find("spilled"), std::string::npos) << host_.log();
}

}  // namespace
}  // namespace cluster::sdk
