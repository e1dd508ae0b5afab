#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>

#include "core/control/listener_messages.h"
#include "core/event_loop/refused_call.h"
#include "core/worker/services/service_fixture.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

class AcceptorServiceTest : public ServiceFixture {
 protected:
  const cluster_acceptor_v1* const acceptor_ =
      Find<cluster_acceptor_v1>(CLUSTER_SERVICE_ACCEPTOR_V1);
};

TEST_F(AcceptorServiceTest,
       WhatTheKernelRefusesIsTheSystemsAndCanBeAskedAgain) {
  ASSERT_TRUE(listeners_
                  .Begin({{.listener = 0,
                           .kind = ListenerKind::kStream,
                           .address = {},
                           .text = "stream"}},
                         {})
                  .ok());
  int32_t pollable = -1;
  {
    const RefusedCall refused(RefusedCall::kEpollAdd, ENOSPC);
    EXPECT_EQ(acceptor_->take_over(host_, 0, &pollable), CLUSTER_E_SYSTEM);
    EXPECT_EQ(errno, ENOSPC);
  }
  EXPECT_EQ(pollable, -1);
  EXPECT_EQ(acceptor_->take_over(host_, 0, &pollable), CLUSTER_OK);
  EXPECT_GE(pollable, 0);
  EXPECT_EQ(acceptor_->take_over(host_, 0, &pollable), CLUSTER_E_STATE);
}

}  // namespace
}  // namespace cluster
