// What plugins print, and the log.
#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "plugins/testing/client.h"
#include "tests/integration/client_set.h"
#include "tests/integration/host_process.h"
#include "tests/integration/json_line.h"
#include "tests/plugins/prints.h"

namespace cluster {
namespace {

// Has one worker print, see prints.h, and ends the host. Returns the worker.
std::string PrintAndEnd(HostProcess& host) {
  Client client(ConnectTo(host.port()));
  client.Send("print\n");
  const std::string answer = client.ReadUntil("\n");
  client.SendEnd();
  host.EndCleanly();
  return answer.substr(0, answer.size() - 1);
}

// Returns the lines of `text` that a worker printed, without their prefix.
std::vector<std::string> LinesOf(const std::string& worker,
                                 const std::string& text) {
  const std::string prefix = absl::StrCat("[worker ", worker, "] ");
  std::vector<std::string> lines;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (absl::ConsumePrefix(&line, prefix)) lines.emplace_back(line);
  }
  return lines;
}

void ExpectWholeLines(const std::vector<std::string>& lines) {
  constexpr absl::string_view kContinues = " [line continues]";
  ASSERT_GE(lines.size(), 4u);
  EXPECT_EQ(lines[0], "first line");
  EXPECT_EQ(lines[1], "second line");
  std::string long_line;
  size_t i = 2;
  for (; absl::EndsWith(lines[i], kContinues); ++i) {
    absl::StrAppend(&long_line, absl::StripSuffix(lines[i], kContinues));
  }
  long_line += lines[i++];
  EXPECT_EQ(long_line, std::string(LONG_LINE_BYTES, 'x'));
  ASSERT_EQ(lines.size(), i + 1);
  EXPECT_EQ(lines[i], "unfinished");
}

TEST(OutputTest, PrintsComeOutInWholeLinesWithTheWorkerInFront) {
  HostProcess host({TestPlugin("puppet"), "--workers=2", "--log_format=text"});
  ASSERT_TRUE(host.AwaitServing(2));
  const std::string worker = PrintAndEnd(host);
  ExpectWholeLines(LinesOf(worker, host.Output()));
  ExpectWholeLines(LinesOf(worker, host.ErrorOutput()));
}

TEST(OutputTest, RawOutputLeavesPrintsAsTheyAre) {
  HostProcess host({TestPlugin("puppet"),
                    "--workers=2",
                    "--log_format=text",
                    "--raw_output"});
  ASSERT_TRUE(host.AwaitServing(2));
  PrintAndEnd(host);
  const std::string expected = absl::StrCat("first line\nsecond line\n",
                                            std::string(LONG_LINE_BYTES, 'x'),
                                            "\nunfinished");
  EXPECT_TRUE(absl::EndsWith(host.Output(), expected));
  EXPECT_TRUE(absl::StrContains(host.ErrorOutput(), expected));
  EXPECT_FALSE(absl::StrContains(host.Output(), "[worker"));
}

// Whatever is written, a collector that reads one object a line can go on.
TEST(OutputTest, EveryLineOfTheJsonLogIsJson) {
  HostProcess host({TestPlugin("puppet"), "--workers=2"});
  ASSERT_TRUE(host.AwaitServing(2));
  const std::string worker = PrintAndEnd(host);
  std::vector<std::string> printed;
  std::vector<std::string> lines = absl::StrSplit(host.ErrorOutput(), '\n');
  ASSERT_EQ(lines.back(), "") << "the last line has no end";
  lines.pop_back();
  for (const std::string& line : lines) {
    auto members = ParseJsonLine(line);
    ASSERT_TRUE(members) << line;
    EXPECT_NE((*members)["time"], "");
    EXPECT_NE((*members)["level"], "");
    EXPECT_NE((*members)["role"], "");
    EXPECT_NE((*members)["pid"], "");
    if ((*members)["output"] != "stderr") continue;
    EXPECT_EQ((*members)["worker_id"], worker);
    printed.push_back((*members)["message"]);
  }
  ExpectWholeLines(printed);
  ExpectWholeLines(LinesOf(worker, host.Output()));
}

TEST(OutputTest, LogLevelLeavesOutWhatIsBelow) {
  HostProcess host({TestPlugin("puppet"),
                    "--workers=1",
                    "--log_level=warning",
                    "--set=create=config"});
  EXPECT_TRUE(host.AwaitExit().has_value());
  EXPECT_FALSE(host.Log().empty());
  for (const LogLine& line : host.Log()) {
    EXPECT_TRUE(line.level == "warning" || line.level == "error") << line.level;
  }
}

}  // namespace
}  // namespace cluster
