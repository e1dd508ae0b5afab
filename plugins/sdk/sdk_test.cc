#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "plugins/host/exit_code.h"
#include "plugins/sdk/worker.h"
#include "plugins/testing/client.h"
#include "plugins/testing/fake_host.h"

namespace cluster::sdk {
namespace {

using std::chrono::milliseconds;

// What a test wants of the worker that the host makes.
struct Script {
  std::function<void(const Host&)> on_create;
  std::function<Status(const Host&)> on_start;
  std::function<void(const Host&, Connection)> on_connection;
  std::function<void(const Drain&)> on_drain;
  std::function<void()> on_stop;
};
Script script;

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
      MakeEntry<ScriptedWorker, kFullOptions>();
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
              testing::ExitedWithCode(kExitPluginThrew),
              "OnConnection threw: odd; the worker ends");
}

TEST_F(SdkDeathTest, ThrowingCallbackEndsTheWorkerThatWantsIt) {
  script.on_start = [](const Host& host) { return host.Post([] { throw 7; }); };
  EXPECT_EXIT(host_.Run(kFragile, [] {}),
              testing::ExitedWithCode(kExitPluginThrew),
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

TEST_F(SdkTest, WatchMayEndItselfInItsCallback) {
  std::optional<Connection> kept;
  Watch watch;
  script.on_connection = [&](const Host& host, Connection connection) {
    kept.emplace(std::move(connection));
    const std::string text = "a capture that the callback still reads";
    auto started = host.StartWatch(
        kept->fd(), CLUSTER_READABLE, [&kept, &watch, text](uint32_t events) {
          EXPECT_EQ(events & CLUSTER_READABLE, CLUSTER_READABLE);
          watch = Watch();
          send(kept->fd(), text.data(), text.size(), MSG_NOSIGNAL);
          kept.reset();
        });
    ASSERT_TRUE(started.ok());
    watch = *std::move(started);
  };
  Run([&] {
    Client client(host_.Connect());
    client.Send("x");
    EXPECT_EQ(client.Read(8), "a captur");
  });
}

TEST_F(SdkTest, ThrowingWatchEnds) {
  int calls = 0;
  std::optional<Connection> kept;
  Watch watch;
  script.on_connection = [&](const Host& host, Connection connection) {
    kept.emplace(std::move(connection));
    watch = *host.StartWatch(kept->fd(), CLUSTER_READABLE, [&calls](uint32_t) {
      ++calls;
      throw std::runtime_error("odd");
    });
  };
  Run([&] {
    Client client(host_.Connect());
    client.Send("x");
    while (host_.log().empty()) host_.OnLoop([] {});
    host_.OnLoop([&] {
      EXPECT_EQ(watch.Modify(CLUSTER_READABLE).code(), CLUSTER_E_STATE);
      watch.Stop();
      kept.reset();
    });
  });
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(host_.log(), "3 a watch threw: odd\n");
}

// What a plugin keeps for each of its connections.
struct Peer {
  Connection connection;
  Watch watch;
};

TEST_F(SdkTest, ThrowingWatchOfAConnectionClosesIt) {
  std::map<uint64_t, Peer> peers;
  script.on_connection = [&](const Host& host, Connection connection) {
    const uint64_t id = connection.id();
    auto watch = host.StartWatch(
        connection,
        CLUSTER_READABLE,
        [](uint32_t) { throw std::runtime_error("odd"); },
        [&peers, id] { peers.erase(id); });
    ASSERT_TRUE(watch.ok());
    // It moves, as connections do.
    peers.emplace(id, Peer{std::move(connection), *std::move(watch)});
  };
  Run([&] {
    Client bad(host_.Connect());
    Client good(host_.Connect());
    bad.Send("x");
    EXPECT_EQ(bad.ReadToEnd(), "");
    EXPECT_TRUE(host_.WaitForOpen(1));
    host_.OnLoop([&] {
      EXPECT_EQ(peers.size(), 1u);
      peers.clear();
    });
    EXPECT_EQ(good.ReadToEnd(), "");
  });
  EXPECT_EQ(host_.log(), "3 a watch threw: odd\n");
}

TEST_F(SdkTest, ThrowingWatchOfAnEndedConnectionClosesNothing) {
  std::optional<Peer> peer;
  bool lost = false;
  script.on_connection = [&](const Host& host, Connection connection) {
    auto watch = host.StartWatch(
        connection,
        CLUSTER_READABLE,
        [&peer](uint32_t) {
          peer.reset();
          throw std::runtime_error("odd");
        },
        [&lost] { lost = true; });
    peer.emplace(std::move(connection), *std::move(watch));
  };
  Run([&] {
    Client client(host_.Connect());
    client.Send("x");
    EXPECT_EQ(client.ReadToEnd(), "");
    host_.OnLoop([] {});
  });
  EXPECT_FALSE(lost);
}

TEST_F(SdkTest, WatchOfAConnectionKnowsWhatTookItsPlace) {
  std::vector<Connection> kept;
  Watch watch;
  script.on_connection = [&](const Host& host, Connection connection) {
    if (kept.empty()) {
      watch = *host.StartWatch(connection, CLUSTER_READABLE, [](uint32_t) {
        throw std::runtime_error("odd");
      });
    }
    kept.push_back(std::move(connection));
  };
  Run([&] {
    Client first(host_.Connect());
    Client second(host_.Connect());
    host_.OnLoop([&] { std::swap(kept[0], kept[1]); });
    first.Send("x");
    EXPECT_EQ(first.ReadToEnd(), "");
    host_.OnLoop([&] {
      EXPECT_TRUE(kept[0].is_open());
      EXPECT_FALSE(kept[1].is_open());
      kept.clear();
    });
    EXPECT_EQ(second.ReadToEnd(), "");
  });
}

TEST_F(SdkTest, BadDescriptorCannotBeWatched) {
  script.on_start = [](const Host& host) {
    return host.StartWatch(-1, CLUSTER_READABLE, [](uint32_t) {}).status();
  };
  EXPECT_EQ(Run(), CLUSTER_E_INVALID);
}

TEST_F(SdkTest, TimerFiresOnceOrNever) {
  int fired = 0;
  Timer timer, cancelled;
  script.on_start = [&](const Host& host) {
    timer = *host.StartTimer(milliseconds(1), [&] {
      ++fired;
      timer = Timer();
    });
    cancelled = *host.StartTimer(milliseconds(0), [&] { fired += 100; });
    cancelled.Cancel();
    return Status();
  };
  Run([&] {
    for (int seen = 0; seen == 0;) host_.OnLoop([&] { seen = fired; });
    host_.OnLoop([] {});
  });
  EXPECT_EQ(fired, 1);
}

TEST_F(SdkTest, TimerOfAllTimeDoesNotFire) {
  bool fired = false;
  Timer timer;
  script.on_start = [&](const Host& host) {
    timer = *host.StartTimer(std::chrono::microseconds::max(),
                             [&] { fired = true; });
    return Status();
  };
  script.on_stop = [&] { timer.Cancel(); };
  Run([&] {
    for (int i = 0; i < 3; ++i) host_.OnLoop([] {});
  });
  EXPECT_FALSE(fired);
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

TEST_F(SdkTest, PostsRunInOrderAndMayThrow) {
  std::string order;
  script.on_start = [&](const Host& host) {
    for (const char c : {'a', 'b', 'c'}) {
      const Status status = host.Post([&order, c] {
        order += c;
        throw std::runtime_error("odd");
      });
      EXPECT_TRUE(status.ok());
    }
    return Status();
  };
  Run([&] { host_.OnLoop([] {}); });
  EXPECT_EQ(order, "abc");
}

TEST_F(SdkTest, PostsThatAreTooManyAreRefused) {
  int runs = 0;
  script.on_start = [&runs](const Host& host) {
    for (int i = 0; i < 4096; ++i) {
      EXPECT_TRUE(host.Post([&runs] { ++runs; }).ok());
    }
    EXPECT_EQ(host.Post([&runs] { ++runs; }).code(), CLUSTER_E_FULL);
    return Status();
  };
  Run([&] { host_.OnLoop([] {}); });
  EXPECT_EQ(runs, 4096);
}

// One that posts itself again is always queued when the worker stops.
TEST_F(SdkTest, PostThatNeverRunsEndsWithWhatItHas) {
  std::function<void(const Host&, Connection)> hand_on =
      [&hand_on](const Host& host, Connection connection) {
        auto held = std::make_shared<Connection>(std::move(connection));
        const Status status = host.Post(
            [&hand_on, host, held] { hand_on(host, std::move(*held)); });
        EXPECT_TRUE(status.ok());
      };
  script.on_connection = hand_on;
  std::optional<Client> client;
  Run([&] { client.emplace(host_.Connect()); });
  EXPECT_EQ(host_.open(), 0u);
  EXPECT_EQ(client->ReadToEnd(), "");
}

TEST_F(SdkTest, PostThatIsRefusedEndsAtOnce) {
  const auto capture = std::make_shared<int>(1);
  std::optional<Host> kept;
  script.on_start = [&](const Host& host) {
    kept = host;
    return Status();
  };
  script.on_stop = [&] {
    EXPECT_EQ(kept->Post([capture] {}).code(), CLUSTER_E_STATE);
    EXPECT_EQ(capture.use_count(), 1);
  };
  Run();
}

TEST_F(SdkTest, LoopOfTheHostIsNotDispatchedByThePlugin) {
  cluster_status status = CLUSTER_OK;
  script.on_connection = [&](const Host& host, Connection) {
    const Services& services = host.services();
    status = services.embedding.dispatch(services.host);
  };
  Run([&] { Client(host_.Connect()).ReadToEnd(); });
  EXPECT_EQ(status, CLUSTER_E_STATE);
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
