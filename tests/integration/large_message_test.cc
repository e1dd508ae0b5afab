// 100 MB messages in both directions while connections are handed off: the
// primary may not be blocked by them.
#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/primary/messages/message_payload.h"
#include "core/primary/messages/primary_mailbox.h"
#include "core/worker/worker_main.h"
#include "ipc/shared_bytes.h"
#include "plugins/testing/client.h"
#include "tests/integration/client_set.h"
#include "tests/integration/running_primary.h"
#include "tests/integration/scale.h"

namespace cluster {
namespace {

constexpr size_t kHundredMegabytes = 100'000'000;
// The requirement, of CPU time: others may have the machine.
constexpr absl::Duration kLongestTurn = absl::Milliseconds(10);

TEST(LargeMessageTest, HundredMegabytesPassWhileConnectionsAreHandedOff) {
  RunningPrimary running("pen_pal", 3);
  ASSERT_TRUE(running.AwaitListening(3));
  const SharedBytes large{std::vector<std::byte>(kHundredMegabytes)};
  size_t heard = 0;
  running.mailbox().OnMessage([&](MailboxMessage& message) {
    if (message.bytes.size() == kHundredMegabytes) ++heard;
  });
  bool told = false;
  std::unique_ptr<RunningPrimary::Reply> reply;
  running.TakeLongestTurn();

  std::atomic<bool> done = false;
  std::atomic<bool> ended = false;
  size_t served = 0;
  absl::Duration longest = absl::ZeroDuration();
  const uint16_t port =
      ntohs(reinterpret_cast<const sockaddr_in*>(&running.address().storage)
                ->sin_port);
  std::thread clients([&] {
    while (!done) {
      const absl::Time begin = absl::Now();
      Client client(ConnectTo(port));
      const std::string who = client.ReadUntil("\n");
      if (!who.empty()) ++served;
      // The other two are busy with 100 MB themselves.
      if (who == "worker 3\n") longest = std::max(longest, absl::Now() - begin);
    }
    ended = true;
  });
  EXPECT_FALSE(
      running.mailbox()
          .Send(
              1,
              MessagePayload(large),
              {.fds = {},
               .done = [&](const absl::Status& status) { told = status.ok(); }})
          .value());
  running.AskLater(2, absl::StrCat("large 0 ", kHundredMegabytes), &reply);
  const bool passed =
      running.RunUntil([&] { return told && heard == 1 && reply != nullptr; });
  done = true;
  // The last client still needs the loop.
  running.RunUntil([&] { return ended.load(); });
  clients.join();
  EXPECT_TRUE(passed);
  EXPECT_GT(served, 10u);
  const absl::Duration turn = running.TakeLongestTurn();
  // A sanitizer spends more on 100 MB than this is about.
  if (!kSanitized) EXPECT_LT(turn, kLongestTurn) << "of CPU time";
  // Of a machine that others may use; it was 20 s if the primary were blocked
  // for good.
  EXPECT_LT(longest, Deadline() / 4);
  std::printf("longest turn %s of CPU, longest hand-off %s, %zu served\n",
              absl::FormatDuration(turn).c_str(),
              absl::FormatDuration(longest).c_str(),
              served);
}

}  // namespace
}  // namespace cluster

int main(int argc, char** argv) {
  if (cluster::IsWorkerProcess()) return cluster::WorkerMain();
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
