#include "core/worker/host_services.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/string_view.h"
#include "core/worker/services/service_fixture.h"
#include "plugins/abi/cluster_plugin.h"
#include "plugins/testing/loading.h"

namespace cluster {
namespace {

class HostServicesTest : public ServiceFixture {};

TEST_F(HostServicesTest, EveryServiceThatIsNamedIsFound) {
  for (const absl::string_view id : HostServices::Ids()) {
    EXPECT_NE(HostServices::Find(id), nullptr) << id;
  }
  EXPECT_EQ(host_->get_service(host_, "cluster.loop/2"), nullptr);
  EXPECT_EQ(host_->abi_major, CLUSTER_ABI_MAJOR);
}

// Tests that load plugins without a worker offer the same.
TEST_F(HostServicesTest, TestsOfferWhatAWorkerOffers) {
  EXPECT_THAT(HostServices::Ids(), ::testing::ElementsAreArray(kEveryService));
}

}  // namespace
}  // namespace cluster
