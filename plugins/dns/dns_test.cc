#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "plugins/testing/client.h"
#include "plugins/testing/fake_host.h"
#include "plugins/testing/loading.h"

namespace cluster {
namespace {

class DnsTest : public testing::Test {
 protected:
  DnsTest() { host_.config["zone"] = DataPath("plugins/dns/example.org.zone"); }

  FakeHost host_;
  const LoadedPlugin plugin_ = LoadForTest("plugins/dns/dns.so");
};

TEST_F(DnsTest, ZoneThatIsAFolderIsAMistakeOfTheSettings) {
  const std::string folder = DataPath("plugins/dns");
  host_.config["zone"] = folder;
  EXPECT_EQ(host_.Run(plugin_.table, [] {}), CLUSTER_E_CONFIG);
  EXPECT_EQ(host_.error_message(),
            "cannot read the zone file " + folder + ": Is a directory");
}

TEST_F(DnsTest, ZoneThatIsMissingIsOne) {
  host_.config["zone"] = "/nowhere/at.all";
  EXPECT_EQ(host_.Run(plugin_.table, [] {}), CLUSTER_E_CONFIG);
  EXPECT_EQ(host_.error_message(),
            "cannot read the zone file /nowhere/at.all: "
            "No such file or directory");
}

TEST_F(DnsTest, SilentClientIsDisconnected) {
  EXPECT_EQ(host_.Run(plugin_.table,
                      [&] {
                        Client client(host_.Connect());
                        host_.FireTimers();  // it has just come
                        EXPECT_EQ(host_.open(), 1u);
                        host_.FireTimers();
                        EXPECT_EQ(host_.open(), 0u);
                        EXPECT_EQ(client.ReadToEnd(), "");
                      }),
            CLUSTER_OK);
}

TEST_F(DnsTest, SilentClientIsDisconnectedThoughATimerFailed) {
  host_.Run(plugin_.table, [&] {
    const Client silent(host_.Connect());
    host_.set_timer_outcome(CLUSTER_E_SYSTEM);
    host_.FireTimers();
    EXPECT_THAT(host_.log(), testing::HasSubstr("2 cannot start timer\n"));
    host_.set_timer_outcome(CLUSTER_OK);
    const Client next(host_.Connect());
    host_.FireTimers();
    EXPECT_EQ(host_.open(), 1u);
  });
  EXPECT_EQ(host_.open(), 0u);
}

}  // namespace
}  // namespace cluster
