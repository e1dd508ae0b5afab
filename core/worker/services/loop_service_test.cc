#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "core/base/unique_fd.h"
#include "core/event_loop/refused_call.h"
#include "core/worker/services/service_fixture.h"
#include "ipc/fd_passing.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

class LoopServiceTest : public ServiceFixture {
 protected:
  const cluster_loop_v1* const loop_service_ =
      Find<cluster_loop_v1>(CLUSTER_SERVICE_LOOP_V1);
};

struct Events {
  uint32_t last = 0;
  int calls = 0;
  static void Ready(void* ctx, uint32_t events) {
    auto* self = static_cast<Events*>(ctx);
    self->last = events;
    ++self->calls;
  }
};

TEST_F(LoopServiceTest, WatchTellsTheEventsOfTheAbi) {
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

TEST_F(LoopServiceTest, HangupIsToldThoughNothingIsAskedFor) {
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
  ASSERT_EQ(loop_service_->modify(host_, watch, 0), CLUSTER_OK);
  ASSERT_EQ(write(pair.second.get(), "x", 1), 1);
  loop_->Dispatch();
  EXPECT_EQ(events.calls, 0);
  pair.second.Reset();
  loop_->Dispatch();
  EXPECT_EQ(events.last, CLUSTER_HANGUP);
  loop_service_->unwatch(host_, watch);
}

TEST_F(LoopServiceTest, WhatEpollRefusesIsTheSystems) {
  const auto pair = *MakeSocketPair(SOCK_STREAM);
  const auto* embedding =
      Find<cluster_embedding_v1>(CLUSTER_SERVICE_EMBEDDING_V1);
  cluster_watch* watch = nullptr;
  Events events;
  const RefusedCall refused(RefusedCall::kEpollAdd, ENOSPC);
  EXPECT_EQ(loop_service_->watch(host_,
                                 pair.first.get(),
                                 CLUSTER_READABLE,
                                 &Events::Ready,
                                 &events,
                                 &watch),
            CLUSTER_E_SYSTEM);
  EXPECT_EQ(errno, ENOSPC);
  EXPECT_EQ(watch, nullptr);
  errno = 0;
  EXPECT_EQ(embedding->pollable(host_), -1);
  EXPECT_EQ(errno, ENOSPC);
}

TEST_F(LoopServiceTest, ModifyOfAClosedDescriptorIsInvalid) {
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
  pair.first.Reset();
  EXPECT_EQ(loop_service_->modify(host_, watch, CLUSTER_WRITABLE),
            CLUSTER_E_INVALID);
  loop_service_->unwatch(host_, watch);
}

TEST_F(LoopServiceTest, WatchOfABadDescriptorIsInvalid) {
  cluster_watch* watch = nullptr;
  Events events;
  EXPECT_EQ(loop_service_->watch(
                host_, -1, CLUSTER_READABLE, &Events::Ready, &events, &watch),
            CLUSTER_E_INVALID);
}

TEST_F(LoopServiceTest, PostIsRefusedWhenTheQueueIsFull) {
  size_t posted = 0;
  while (loop_service_->post(host_, [](void*) {}, nullptr) == CLUSTER_OK) {
    ++posted;
  }
  EXPECT_EQ(posted, 4'096u);
}

TEST_F(LoopServiceTest, TimerRingsOnceUnlessCancelled) {
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
