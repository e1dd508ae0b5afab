// A plugin that a host can run is one that can be checked.
#include "tools/plugin_check/probe/probe_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/worker/host_services.h"

namespace cluster {
namespace {

TEST(ProbeHostTest, OffersWhatTheHostOffers) {
  for (const bool allow_draft : {false, true}) {
    EXPECT_THAT(ProbeHost::ServiceIds(allow_draft),
                testing::UnorderedElementsAreArray(
                    HostServices::Registry().Ids(allow_draft)));
  }
}

}  // namespace
}  // namespace cluster
