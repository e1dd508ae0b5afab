#include "tools/clusterctl/status_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/admin/admin_messages.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

AdminStatus Sample() {
  return {.plugin = "echo",
          .plugin_version = "1.0",
          .build_id = "0123abcd",
          .reduced = "this host does not offer cluster.tea/1",
          .policy = "p2c:d=3",
          .data_path = "handoff",
          .listening = {"127.0.0.1:8080", "unix:/run/\"x\""},
          .workers = {{.id = 1,
                       .pid = 4242,
                       .slot = 0,
                       .state = "listening",
                       .weight = 3,
                       .in_flight = 17,
                       .requests = 4,
                       .finished = 1'000'000},
                      {.id = 12, .pid = 7, .slot = 1, .paused = true}},
          .accepted = 1'000'020,
          .completed = 1'000'000,
          .lost = 1,
          .live = 19,
          .pending = 2};
}

TEST(StatusTextTest, TableIsForPeople) {
  EXPECT_EQ(ToTable(Sample()),
            "echo on 127.0.0.1:8080, unix:/run/\"x\"\n"
            "  plugin       1.0, build id 0123abcd\n"
            "  reduced      this host does not offer cluster.tea/1\n"
            "  policy       p2c:d=3\n"
            "  data path    handoff\n"
            "  connections  19 live (2 wait), 1000020 accepted, 1000000 "
            "completed\n"
            "               1 lost, 0 refused, 0 expired\n"
            "\n"
            "WORKER      PID SLOT STATE        WEIGHT IN FLIGHT REQUESTS     "
            "FINISHED\n"
            "     1     4242    0 listening         3        17        4      "
            "1000000\n"
            "    12        7    1 paused            1         0        0      "
            "      0\n");
}

TEST(StatusTextTest, JsonIsOneLine) {
  EXPECT_EQ(
      ToJson(Sample()),
      "{\"plugin\":\"echo\",\"plugin_version\":\"1.0\",\"build_id\":"
      "\"0123abcd\",\"reduced\":\"this host does not offer cluster.tea/1\","
      "\"policy\":\"p2c:d=3\",\"data_path\":"
      "\"handoff\",\"listening\":[\"127.0.0.1:8080\",\"unix:/run/"
      "\\\"x\\\"\"],\"workers\":[{\"id\":1,\"pid\":4242,\"slot\":0,"
      "\"state\":\"listening\",\"ready\":true,\"paused\":false,"
      "\"weight\":3,\"in_flight\":17,\"requests\":4,\"finished\":1000000}"
      ",{\"id\":12,\"pid\":7,\"slot\":1,\"state\":\"\",\"ready\":true,"
      "\"paused\":true,\"weight\":1,\"in_flight\":0,\"requests\":0,"
      "\"finished\":0}],\"accepted\":1000020,\"completed\":1000000,"
      "\"lost\":1,\"refused\":0,\"expired\":0,\"redispatched\":0,"
      "\"live\":19,\"pending\":2}\n");
}

TEST(StatusTextTest, TableLeavesOutWhatIsNotKnown) {
  AdminStatus status = Sample();
  status.plugin_version = status.build_id = status.reduced = "";
  EXPECT_THAT(ToTable(status), Not(HasSubstr("  plugin ")));
  EXPECT_THAT(ToTable(status), Not(HasSubstr("  reduced ")));
}

TEST(StatusTextTest, WordsOfAWorkerDoNotReachTheTerminal) {
  AdminStatus status = Sample();
  status.reduced = "\x1b[2J\nall is well";
  EXPECT_THAT(ToTable(status), HasSubstr("\\033[2J\\nall is well\n"));
}

}  // namespace
}  // namespace cluster
