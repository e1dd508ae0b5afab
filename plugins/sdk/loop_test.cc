#include "plugins/sdk/loop.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "plugins/sdk/testing/scripted_worker.h"
#include "plugins/sdk/worker.h"
#include "plugins/testing/client.h"
#include "plugins/testing/fake_host.h"

namespace cluster::sdk {
namespace {

using std::chrono::milliseconds;
using SdkLoopTest = SdkTest;

TEST_F(SdkLoopTest, WatchMayEndItselfInItsCallback) {
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

TEST_F(SdkLoopTest, ThrowingWatchEnds) {
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

TEST_F(SdkLoopTest, ThrowingWatchOfAConnectionClosesIt) {
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

TEST_F(SdkLoopTest, ThrowingWatchOfAnEndedConnectionClosesNothing) {
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

TEST_F(SdkLoopTest, WatchOfAConnectionKnowsWhatTookItsPlace) {
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

TEST_F(SdkLoopTest, BadDescriptorCannotBeWatched) {
  script.on_start = [](const Host& host) {
    return host.StartWatch(-1, CLUSTER_READABLE, [](uint32_t) {}).status();
  };
  EXPECT_EQ(Run(), CLUSTER_E_INVALID);
}

TEST_F(SdkLoopTest, TimerFiresOnceOrNever) {
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

TEST_F(SdkLoopTest, TimerOfAllTimeDoesNotFire) {
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

TEST_F(SdkLoopTest, PostsRunInOrderAndMayThrow) {
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

TEST_F(SdkLoopTest, PostsThatAreTooManyAreRefused) {
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
TEST_F(SdkLoopTest, PostThatNeverRunsEndsWithWhatItHas) {
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

TEST_F(SdkLoopTest, PostThatIsRefusedEndsAtOnce) {
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

TEST_F(SdkLoopTest, LoopOfTheHostIsNotDispatchedByThePlugin) {
  cluster_status status = CLUSTER_OK;
  script.on_connection = [&](const Host& host, Connection) {
    const Services& services = host.services();
    status = services.embedding.dispatch(services.host);
  };
  Run([&] { Client(host_.Connect()).ReadToEnd(); });
  EXPECT_EQ(status, CLUSTER_E_STATE);
}

}  // namespace
}  // namespace cluster::sdk
