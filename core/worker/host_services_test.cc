#include "core/worker/host_services.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/unique_fd.h"
#include "core/control/messages.h"
#include "core/scoreboard/slot_page.h"
#include "core/worker/loop.h"
#include "ipc/fd_passing.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

std::string Text(cluster_string text) {
  return text.data == nullptr ? "(null)" : std::string(text.data, text.size);
}

// The services as a plugin finds them.
class HostServicesTest : public ::testing::Test {
 protected:
  HostServicesTest() {
    services_.Configure(
        {.worker_id = 7,
         .worker_count = 9,
         .plugin_path = "",
         .config = {{"key", "value"}, {"empty", ""}, {"key", "second"}},
         .arguments = {"first"}},
        *page_);
    services_.OnClosed([this] { ++told_; });
  }

  template <class Service>
  const Service* Find(const char* id) {
    return static_cast<const Service*>(host_->get_service(host_, id));
  }

  std::unique_ptr<SlotPage> page_ = std::make_unique<SlotPage>();
  std::unique_ptr<Loop> loop_ = *Loop::Create();
  std::vector<std::pair<int, std::string>> logged_;
  HostServices services_{*loop_,
                         [this](int level, std::string text) {
                           logged_.emplace_back(level, std::move(text));
                         },
                         [] { return cluster_status{CLUSTER_STOPPED}; }};
  const cluster_host* host_ = services_.host();
  const cluster_loop_v1* loop_service_ =
      Find<cluster_loop_v1>(CLUSTER_SERVICE_LOOP_V1);
  const cluster_connection_v1* connection_ =
      Find<cluster_connection_v1>(CLUSTER_SERVICE_CONNECTION_V1);
  const cluster_config_v1* config_ =
      Find<cluster_config_v1>(CLUSTER_SERVICE_CONFIG_V1);
  const cluster_log_v1* log_ = Find<cluster_log_v1>(CLUSTER_SERVICE_LOG_V1);
  int told_ = 0;
};

TEST_F(HostServicesTest, EveryServiceThatIsNamedIsFound) {
  for (const absl::string_view id : HostServices::Ids()) {
    EXPECT_NE(HostServices::Find(id), nullptr) << id;
  }
  EXPECT_EQ(host_->get_service(host_, "cluster.loop/2"), nullptr);
  EXPECT_EQ(host_->abi_major, CLUSTER_ABI_MAJOR);
}

TEST_F(HostServicesTest, ConfigurationIsTheHosts) {
  EXPECT_EQ(Text(config_->get(host_, "key")), "value");
  EXPECT_EQ(Text(config_->get(host_, "empty")), "");
  EXPECT_EQ(Text(config_->get(host_, "none")), "(null)");
  EXPECT_EQ(Text(config_->argument(host_, 0)), "first");
  EXPECT_EQ(Text(config_->argument(host_, 1)), "(null)");
  EXPECT_EQ(config_->worker_id(host_), 7u);
  EXPECT_EQ(config_->worker_count(host_), 9u);
}

TEST_F(HostServicesTest, ConfigurationCanBeListed) {
  cluster_string key;
  cluster_string value;
  config_->entry(host_, 2, &key, &value);
  EXPECT_EQ(Text(key), "key");
  EXPECT_EQ(Text(value), "second");
  config_->entry(host_, 3, &key, &value);
  EXPECT_EQ(key.data, nullptr);
  EXPECT_EQ(value.data, nullptr);
}

// ---- cluster.log/1

TEST_F(HostServicesTest, LogsAtOnceOnTheLoopThread) {
  log_->write(host_, CLUSTER_LOG_WARNING, {"text", 4});
  log_->write(host_, CLUSTER_LOG_INFO, {nullptr, 0});
  ASSERT_EQ(logged_.size(), 2u);
  EXPECT_EQ(logged_[0], std::pair(CLUSTER_LOG_WARNING, std::string("text")));
  EXPECT_EQ(logged_[1].second, "");
}

TEST_F(HostServicesTest, LongLinesAreCut) {
  const std::string text(100'000, 'x');
  log_->write(host_, CLUSTER_LOG_INFO, {text.data(), text.size()});
  EXPECT_EQ(logged_[0].second.size(), size_t{64} << 10);
}

TEST_F(HostServicesTest, OtherThreadsLogThroughTheLoop) {
  std::thread([&] {
    log_->write(host_, CLUSTER_LOG_INFO, {"text", 4});
  }).join();
  EXPECT_TRUE(logged_.empty());
  loop_->Dispatch();
  ASSERT_EQ(logged_.size(), 1u);
  EXPECT_EQ(logged_[0].second, "text");
}

// ---- cluster.connection/1

TEST_F(HostServicesTest, CloseEndsTheConnectionThoughACopyLives) {
  auto pair = *MakeSocketPair(SOCK_STREAM);
  const UniqueFd copy(dup(pair.first.get()));
  connection_->close(host_, pair.first.Release(), 1);
  char byte;
  EXPECT_EQ(recv(pair.second.get(), &byte, 1, MSG_DONTWAIT), 0);
  EXPECT_EQ(page_->completed.load(), 1u);
}

TEST_F(HostServicesTest, EndIsToldOnlyToWhoWantsToKnow) {
  connection_->closed(host_, 1);
  EXPECT_EQ(told_, 0);
  page_->wanted = 1;
  connection_->closed(host_, 2);
  EXPECT_EQ(told_, 1);
  page_->wanted = 0;
  services_.WakeOnClose();
  connection_->closed(host_, 3);
  EXPECT_EQ(told_, 2);
  EXPECT_EQ(page_->completed.load(), 3u);
}

TEST_F(HostServicesTest, EndOnAnotherThreadIsToldOnTheLoops) {
  services_.WakeOnClose();
  std::thread([&] { connection_->closed(host_, 1); }).join();
  EXPECT_EQ(page_->completed.load(), 1u);
  EXPECT_EQ(told_, 0);
  loop_->Dispatch();
  EXPECT_EQ(told_, 1);
}

// The plugin's posts fill the queue, and the last connection ends meanwhile.
TEST_F(HostServicesTest, EndOnAnotherThreadIsToldThoughTheQueueIsFull) {
  services_.WakeOnClose();
  while (loop_service_->post(host_, [](void*) {}, nullptr) == CLUSTER_OK) {
  }
  std::thread([&] { connection_->closed(host_, 1); }).join();
  loop_->Dispatch();
  loop_->Dispatch();
  EXPECT_EQ(told_, 1);
}

TEST_F(HostServicesTest, LocalAddressOfNoSocketIsASystemError) {
  cluster_address address;
  const UniqueFd event(eventfd(0, EFD_CLOEXEC));
  EXPECT_EQ(connection_->local_address(host_, event.get(), &address),
            CLUSTER_E_SYSTEM);
  EXPECT_EQ(errno, ENOTSOCK);
  auto pair = *MakeSocketPair(SOCK_STREAM);
  EXPECT_EQ(connection_->local_address(host_, pair.first.get(), &address),
            CLUSTER_OK);
  EXPECT_EQ(address.family, CLUSTER_FAMILY_UNIX);
}

// ---- cluster.loop/1

struct Events {
  uint32_t last = 0;
  int calls = 0;
  static void Ready(void* ctx, uint32_t events) {
    auto* self = static_cast<Events*>(ctx);
    self->last = events;
    ++self->calls;
  }
};

TEST_F(HostServicesTest, WatchTellsTheEventsOfTheAbi) {
  auto pair = *MakeSocketPair(SOCK_STREAM);
  Events events;
  cluster_watch* watch = nullptr;
  ASSERT_EQ(loop_service_->watch(host_,
                                 pair.first.get(),
                                 CLUSTER_READABLE,
                                 &Events::Ready,
                                 &events,
                                 &watch),
            CLUSTER_OK);
  loop_->Dispatch();
  EXPECT_EQ(events.calls, 0);
  ASSERT_EQ(write(pair.second.get(), "x", 1), 1);
  loop_->Dispatch();
  EXPECT_EQ(events.last, CLUSTER_READABLE);
  ASSERT_EQ(loop_service_->modify(host_, watch, CLUSTER_WRITABLE), CLUSTER_OK);
  loop_->Dispatch();
  EXPECT_EQ(events.last, CLUSTER_WRITABLE);
  pair.second.Reset();
  loop_->Dispatch();
  EXPECT_NE(events.last & CLUSTER_HANGUP, 0u);
  loop_service_->unwatch(host_, watch);
  events.calls = 0;
  loop_->Dispatch();
  EXPECT_EQ(events.calls, 0);
}

TEST_F(HostServicesTest, WatchOfABadDescriptorIsInvalid) {
  cluster_watch* watch = nullptr;
  Events events;
  EXPECT_EQ(loop_service_->watch(
                host_, -1, CLUSTER_READABLE, &Events::Ready, &events, &watch),
            CLUSTER_E_INVALID);
}

TEST_F(HostServicesTest, PostIsRefusedWhenTheQueueIsFull) {
  size_t posted = 0;
  while (loop_service_->post(host_, [](void*) {}, nullptr) == CLUSTER_OK) {
    ++posted;
  }
  EXPECT_EQ(posted, 4'096u);
}

TEST_F(HostServicesTest, TimerRingsOnceUnlessCancelled) {
  int rings = 0;
  const auto ring = [](void* ctx) { ++*static_cast<int*>(ctx); };
  cluster_timer* timer = nullptr;
  ASSERT_EQ(loop_service_->start_timer(host_, 0, ring, &rings, &timer),
            CLUSTER_OK);
  loop_->RunOnce();
  EXPECT_EQ(rings, 1);
  ASSERT_EQ(loop_service_->start_timer(host_, 0, ring, &rings, &timer),
            CLUSTER_OK);
  loop_service_->cancel_timer(host_, timer);
  loop_->Dispatch();
  EXPECT_EQ(rings, 1);
}

}  // namespace
}  // namespace cluster
