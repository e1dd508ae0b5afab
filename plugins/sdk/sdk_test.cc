#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "plugins/host/exit_code.h"
#include "plugins/sdk/testing/scripted_worker.h"
#include "plugins/sdk/worker.h"
#include "plugins/testing/client.h"
#include "plugins/testing/fake_host.h"

namespace cluster::sdk {
namespace {

using std::chrono::milliseconds;

TEST_F(SdkTest, WorkerSeesItsHost) {
  host_.config["color"] = "blue";
  script.on_create = [](const Host& host) {
    EXPECT_EQ(host.Config("color"), "blue");
    EXPECT_EQ(host.Config("shape"), std::nullopt);
    EXPECT_EQ(host.ConfigEntry(0)->first, "color");
    EXPECT_EQ(host.ConfigEntry(0)->second, "blue");
    EXPECT_EQ(host.ConfigEntry(1), std::nullopt);
    EXPECT_EQ(host.Argument(0), std::nullopt);
    EXPECT_EQ(host.worker_id(), 7u);
    EXPECT_EQ(host.worker_count(), 8u);
    host.Log(CLUSTER_LOG_INFO, "here");
  };
  EXPECT_EQ(Run(), CLUSTER_OK);
  EXPECT_EQ(host_.log(), "1 here\n");
}

TEST_F(SdkTest, WorkerSeesItsPlaceAndArguments) {
  host_.arguments = {"one", ""};
  host_.worker_id = 12;
  host_.worker_count = 3;
  host_.slot = 2;
  host_.generation = 5;
  script.on_create = [](const Host& host) {
    EXPECT_EQ(host.Argument(0), "one");
    EXPECT_EQ(host.Argument(1), "");
    EXPECT_EQ(host.Argument(2), std::nullopt);
    EXPECT_EQ(host.worker_id(), 12u);
    EXPECT_EQ(host.worker_count(), 3u);
    EXPECT_EQ(host.slot(), 2u);
    EXPECT_EQ(host.generation(), 5u);
  };
  EXPECT_EQ(Run(), CLUSTER_OK);
}

TEST_F(SdkTest, FailureOfStartReachesTheHost) {
  script.on_start = [](const Host&) {
    return Status(CLUSTER_E_CONFIG, "color is missing");
  };
  EXPECT_EQ(Run(), CLUSTER_E_CONFIG);
  EXPECT_EQ(host_.error_message(), "color is missing");
}

TEST_F(SdkTest, ThrowingConstructorFailsCreate) {
  script.on_create = [](const Host&) { throw std::runtime_error("no luck"); };
  EXPECT_EQ(Run(), CLUSTER_E_FAILED);
  EXPECT_EQ(host_.error_message(), "no luck");
}

TEST_F(SdkTest, ThrowingStartFailsStart) {
  script.on_start = [](const Host&) -> Status { throw 7; };
  EXPECT_EQ(Run(), CLUSTER_E_FAILED);
  EXPECT_EQ(host_.error_message(), "threw what is no std::exception");
}

TEST_F(SdkTest, LongMessageIsCut) {
  script.on_start = [](const Host&) {
    return Status(CLUSTER_E_FAILED, std::string(1000, 'x'));
  };
  Run();
  EXPECT_EQ(host_.error_message(), std::string(247, 'x'));
}

TEST_F(SdkTest, ConnectionClosesAtTheEndOfItsLife) {
  script.on_connection = [](const Host&, Connection connection) {
    EXPECT_TRUE(connection.is_open());
    EXPECT_EQ(connection.id(), 1u);
    EXPECT_EQ(connection.LocalAddress()->family, CLUSTER_FAMILY_UNIX);
    Connection moved = std::move(connection);
    EXPECT_FALSE(connection.is_open());
    send(moved.fd(), "bye", 3, MSG_NOSIGNAL);
  };
  Run([&] { EXPECT_EQ(Client(host_.Connect()).ReadToEnd(), "bye"); });
}

TEST_F(SdkTest, ThrowingOnConnectionLosesThatConnectionAlone) {
  script.on_connection = [](const Host&, Connection connection) {
    if (connection.id() == 1) throw std::runtime_error("odd");
    send(connection.fd(), "bye", 3, MSG_NOSIGNAL);
  };
  Run([&] {
    EXPECT_EQ(Client(host_.Connect()).ReadToEnd(), "");
    EXPECT_EQ(Client(host_.Connect()).ReadToEnd(), "bye");
  });
  EXPECT_EQ(host_.log(), "3 OnConnection threw: odd\n");
}

// ---- The entry

constexpr PluginOptions WithAllServices() {
  PluginOptions options;
  options.name = "full";
  options.required_services.fill("a/1");
  options.optional_services.fill("b/1");
  return options;
}
constexpr PluginOptions kFullOptions = WithAllServices();

TEST(SdkEntryTest, ListsOfAsManyServicesAsThereIsRoomForEnd) {
  static constexpr cluster_plugin_entry_t kEntry =
      internal::MakeEntry<ScriptedWorker, kFullOptions>();
  // What the compiler reads beyond an array's end does not compile.
  constexpr auto kCount = [](const char* const* ids) {
    size_t count = 0;
    while (ids[count] != nullptr) ++count;
    return count;
  };
  static_assert(kCount(kEntry.optional_services) ==
                kFullOptions.optional_services.size());
  static_assert(kCount(kEntry.required_services) ==
                kFullOptions.required_services.size() + 4);
}

// ---- OnException::kEndWorker

using SdkDeathTest = SdkTest;

constexpr auto& kFragile = kTable<ScriptedWorker, OnException::kEndWorker>;

TEST_F(SdkDeathTest, ThrowingOnConnectionEndsTheWorkerThatWantsIt) {
  script.on_connection = [](const Host&, Connection) {
    throw std::runtime_error("odd");
  };
  EXPECT_EXIT(host_.Run(kFragile, [&] { Client(host_.Connect()).ReadToEnd(); }),
              testing::ExitedWithCode(cluster::kWorkerExitPluginThrew),
              "OnConnection threw: odd; the worker ends");
}

TEST_F(SdkDeathTest, ThrowingCallbackEndsTheWorkerThatWantsIt) {
  script.on_start = [](const Host& host) { return host.Post([] { throw 7; }); };
  EXPECT_EXIT(host_.Run(kFragile, [] {}),
              testing::ExitedWithCode(cluster::kWorkerExitPluginThrew),
              "a posted call threw: something that is no std::exception; the "
              "worker ends");
}

TEST_F(SdkDeathTest, ThrowingStartFailsStartAllTheSame) {
  script.on_start = [](const Host&) -> Status {
    throw std::runtime_error("no luck");
  };
  EXPECT_EQ(host_.Run(kFragile, [] {}), CLUSTER_E_FAILED);
  EXPECT_EQ(host_.error_message(), "no luck");
}

TEST_F(SdkTest, AssigningOverConnectionClosesIt) {
  std::optional<Connection> kept;
  script.on_connection = [&](const Host&, Connection connection) {
    if (!kept) {
      kept.emplace(std::move(connection));
    } else {
      *kept = std::move(connection);
    }
  };
  Run([&] {
    Client first(host_.Connect());
    Client second(host_.Connect());
    EXPECT_EQ(first.ReadToEnd(), "");
    EXPECT_EQ(host_.open(), 1u);
    host_.OnLoop([&] { kept.reset(); });
    EXPECT_EQ(second.ReadToEnd(), "");
  });
}

TEST_F(SdkTest, ReleasedConnectionIsReportedByHand) {
  script.on_connection = [](const Host& host, Connection connection) {
    const uint64_t id = connection.id();
    close(connection.Release());
    host.ReportClosed(id);
  };
  Run([&] { EXPECT_EQ(Client(host_.Connect()).ReadToEnd(), ""); });
}

TEST_F(SdkTest, DrainHasDeadlineAndCount) {
  std::vector<Drain> drains;
  script.on_drain = [&](const Drain& drain) { drains.push_back(drain); };
  Run([&] {
    host_.Drain(1500);
    host_.Drain(UINT64_MAX);
  });
  ASSERT_EQ(drains.size(), 2u);
  EXPECT_EQ(drains[0].deadline, milliseconds(1500));
  EXPECT_EQ(drains[0].open, 0u);
  EXPECT_EQ(drains[1].deadline, std::nullopt);
}

TEST_F(SdkTest, WorkerAsksForItsEnd) {
  script.on_connection = [&](const Host& host, Connection) {
    EXPECT_FALSE(host_.telemetry.asked_to_end());
    EXPECT_TRUE(host.Disconnect().ok());
    EXPECT_TRUE(host_.telemetry.asked_to_end());
    EXPECT_FALSE(host_.telemetry.asked_to_end_at_once());
    EXPECT_TRUE(host.Kill().ok());
    EXPECT_TRUE(host_.telemetry.asked_to_end_at_once());
  };
  Run([&] { Client(host_.Connect()).ReadToEnd(); });
}

TEST_F(SdkTest, OldHostEndsNoWorker) {
  host_.hidden_services = {CLUSTER_SERVICE_HEALTH_V1};
  script.on_start = [](const Host& host) {
    EXPECT_EQ(host.Disconnect().code(), CLUSTER_E_UNSUPPORTED);
    EXPECT_EQ(host.Kill().code(), CLUSTER_E_UNSUPPORTED);
    return Status();
  };
  EXPECT_EQ(Run(), CLUSTER_OK);
}

TEST_F(SdkTest, HostWithoutServiceLeavesItsTableEmpty) {
  host_.hidden_services = {CLUSTER_SERVICE_LOG_V1};
  script.on_create = [](const Host& host) {
    EXPECT_EQ(host.services().log.size, 0u);
    host.Log(CLUSTER_LOG_INFO, "nowhere");
  };
  EXPECT_EQ(Run(), CLUSTER_OK);
}

}  // namespace
}  // namespace cluster::sdk
