#include "core/worker/host_services.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "absl/strings/string_view.h"
#include "core/control/messages.h"
#include "core/worker/service_registry.h"
#include "core/worker/services/service_fixture.h"
#include "plugins/abi/cluster_plugin.h"
#include "plugins/testing/loading.h"

namespace cluster {
namespace {

class HostServicesTest : public ServiceFixture {};

TEST_F(HostServicesTest, EveryServiceThatIsNamedIsFound) {
  for (const absl::string_view id : services_.Ids()) {
    EXPECT_NE(host_->get_service(host_, id.data()), nullptr) << id;
  }
  EXPECT_EQ(host_->get_service(host_, "cluster.loop/2"), nullptr);
  EXPECT_EQ(host_->abi_major, CLUSTER_ABI_MAJOR);
}

// Tests that load plugins without a worker offer the same.
TEST_F(HostServicesTest, TestsOfferWhatAWorkerOffers) {
  EXPECT_THAT(services_.Ids(), ::testing::ElementsAreArray(kEveryService));
}

// There is no draft today: this one is the test's.
TEST_F(HostServicesTest, DraftIsThereOnlyIfDraftsAreAllowed) {
  static constexpr char kDraft[] = "cluster.x-draft.tea/1";
  static const int tea = 0;
  const Service both[] = {{"cluster.kettle/1", &tea}, {kDraft, &tea}};
  const ServiceRegistry registry(both);
  const HostServices services(context_, registry);
  const cluster_host* const host = services.host();
  EXPECT_EQ(host->get_service(host, "cluster.kettle/1"), &tea);
  EXPECT_EQ(host->get_service(host, kDraft), nullptr);
  EXPECT_THAT(services.Ids(), ::testing::ElementsAre("cluster.kettle/1"));

  Start start = context_.start();
  start.allow_draft = true;
  context_.Configure(std::move(start), *page_);
  EXPECT_EQ(host->get_service(host, kDraft), &tea);
  EXPECT_EQ(host->get_service(host, "cluster.x-draft.milk/1"), nullptr);
  EXPECT_THAT(services.Ids(),
              ::testing::ElementsAre("cluster.kettle/1", kDraft));
}

}  // namespace
}  // namespace cluster
