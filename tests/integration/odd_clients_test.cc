// Clients that do not behave as a server would wish.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cstddef>

#include "absl/strings/str_cat.h"
#include "core/base/unique_fd.h"
#include "plugins/testing/client.h"
#include "tests/integration/client_set.h"
#include "tests/integration/host_process.h"
#include "tests/integration/process_facts.h"
#include "tests/integration/scale.h"

namespace cluster {
namespace {

class OddClientsTest : public testing::TestWithParam<const char*> {
 protected:
  OddClientsTest()
      : host_(
            {"echo", "--workers=4", absl::StrCat("--data_path=", GetParam())}) {
  }

  void SetUp() override {
    ASSERT_TRUE(host_.AwaitServing(4));
    idle_ = OpenDescriptors(host_.pid());
  }

  // Expects that the host serves and holds nothing of `odd` earlier clients.
  void ExpectWell(size_t odd) {
    const ClientSet clients =
        RunLoad({.port = host_.port(), .request = "hello\n"}, 100, 4);
    EXPECT_EQ(clients.count(End::kAnswered), 100u);
    EXPECT_TRUE(
        AwaitTrue([&] { return OpenDescriptors(host_.pid()) == idle_; }));
    EXPECT_EQ(host_.CountEvents("fork"), 4u);
    const Books books = host_.EndCleanly();
    // One that was reset before it was accepted need not be counted.
    EXPECT_LE(books.completed, odd + 100);
    EXPECT_EQ(books.completed, books.accepted);
  }

  HostProcess host_;
  size_t idle_ = 0;
};

INSTANTIATE_TEST_SUITE_P(DataPaths,
                         OddClientsTest,
                         testing::Values("handoff", "share"),
                         [](const auto& info) { return info.param; });

TEST_P(OddClientsTest, ThoseWhoLeaveAtOnceLeaveNothingBehind) {
  const size_t count = Scaled(5'000);
  for (size_t i = 0; i < count; ++i) {
    ASSERT_TRUE(ConnectTo(host_.port())) << i;
  }
  ExpectWell(count);
}

TEST_P(OddClientsTest, ThoseWhoResetLeaveNothingBehind) {
  const size_t count = Scaled(1'000);
  const linger reset = {.l_onoff = 1, .l_linger = 0};
  for (size_t i = 0; i < count; ++i) {
    const UniqueFd fd = ConnectTo(host_.port());
    ASSERT_TRUE(fd) << i;
    if (i % 2 == 0) (void)!send(fd.get(), "x", 1, MSG_NOSIGNAL);
    setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  }
  ExpectWell(count);
}

TEST_P(OddClientsTest, ThoseWhoSendTheirEndFirstGetTheirAnswer) {
  for (int i = 0; i < 20; ++i) {
    Client client(ConnectTo(host_.port()));
    client.Send("last words");
    client.SendEnd();
    EXPECT_EQ(client.ReadToEnd(), "last words");
  }
  ExpectWell(20);
}

TEST_P(OddClientsTest, ThoseWhoSayNothingDelayNobody) {
  const size_t count = Scaled(500);
  ClientSet silent({.port = host_.port()});
  silent.Open(count);
  ASSERT_TRUE(silent.AwaitConnected(count));
  const ClientSet clients =
      RunLoad({.port = host_.port(), .request = "hello\n"}, 100, 4);
  EXPECT_EQ(clients.count(End::kAnswered), 100u);
  EXPECT_EQ(silent.settled(), 0u);
  for (size_t i = 0; i < count; ++i) silent.Close(i);
  ExpectWell(count + 100);
}

}  // namespace
}  // namespace cluster
