#include "core/log/logger.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/base/unique_fd.h"

namespace cluster {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

LogEvent Event(absl::string_view message) {
  return {absl::FromUnixMillis(1795359600123),
          LogLevel::kInfo,
          "worker",
          3,
          4711,
          message};
}

TEST(FormatTextTest, ReadsAsDocumented) {
  EXPECT_EQ(FormatText(Event("message")),
            "2026-11-22T15:00:00.123Z INFO  worker 3 [4711] message\n");
}

TEST(FormatTextTest, PrimaryHasNoId) {
  LogEvent event = Event("listening");
  event.role = "primary";
  event.worker_id = 0;
  event.level = LogLevel::kWarning;
  EXPECT_EQ(FormatText(event),
            "2026-11-22T15:00:00.123Z WARN  primary [4711] listening\n");
}

TEST(FormatTextTest, EscapesWhatWouldBreakTheLineOrSteerATerminal) {
  EXPECT_THAT(FormatText(Event("a\nb\r\x1b[31m\x7f\xc2\x9b")),
              EndsWith("] a\\nb\\x0d\\x1b[31m\\x7f\\x9b\n"));
}

TEST(FormatTextTest, KeepsUtf8AndShowsOtherBytes) {
  EXPECT_THAT(FormatText(Event("gr\xc3\xbc\xc3\x9f \xff")),
              EndsWith("] gr\xc3\xbc\xc3\x9f \\xff\n"));
}

TEST(FormatJsonTest, NamesTheOutputOfWhatWasPrinted) {
  LogEvent event = Event("message");
  event.output = "stderr";
  EXPECT_THAT(FormatJson(event),
              EndsWith("\"pid\":4711,\"output\":\"stderr\","
                       "\"message\":\"message\"}\n"));
}

TEST(FormatJsonTest, IsOneObjectALine) {
  EXPECT_EQ(FormatJson(Event("message")),
            "{\"time\":\"2026-11-22T15:00:00.123Z\",\"level\":\"info\","
            "\"role\":\"worker\",\"worker_id\":3,\"pid\":4711,"
            "\"message\":\"message\"}\n");
}

TEST(FormatJsonTest, EscapesQuotesAndControlCharacters) {
  EXPECT_THAT(FormatJson(Event(absl::string_view("\"\\\n\0x", 5))),
              HasSubstr("\"message\":\"\\\"\\\\\\u000a\\u0000x\"}"));
}

TEST(FormatJsonTest, MakesBytesValidUtf8) {
  EXPECT_THAT(FormatJson(Event("a\xff\xc0z")),
              HasSubstr("\"a\xef\xbf\xbd\xef\xbf\xbdz\""));
}

TEST(FormatTest, EveryByteGivesExactlyOneLine) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) {
    all.push_back(static_cast<char>(byte));
  }
  for (const std::string& line :
       {FormatText(Event(all)), FormatJson(Event(all))}) {
    EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
    EXPECT_EQ(line.back(), '\n');
  }
}

class LoggerTest : public testing::Test {
 protected:
  LoggerTest() {
    int fds[2];
    EXPECT_EQ(pipe2(fds, O_CLOEXEC), 0);
    reader_.Reset(fds[0]);
    writer_.Reset(fds[1]);
    EXPECT_EQ(fcntl(reader_.get(), F_SETFL, O_NONBLOCK), 0);
    EXPECT_GT(fcntl(writer_.get(), F_SETPIPE_SZ, 2 * PIPE_BUF), 0);
  }

  std::string ReadAll() {
    std::string all;
    char buffer[8192];
    ssize_t n = 0;
    while ((n = read(reader_.get(), buffer, sizeof(buffer))) > 0) {
      all.append(buffer, static_cast<size_t>(n));
    }
    return all;
  }

  UniqueFd reader_;
  UniqueFd writer_;
};

TEST_F(LoggerTest, WritesAsItsOwnProcess) {
  Logger log({.role = "worker", .worker_id = 7, .fd = writer_.get()});
  log.Info("up");
  EXPECT_THAT(ReadAll(),
              HasSubstr(absl::StrCat(" INFO  worker 7 [", getpid(), "] up\n")));
}

TEST_F(LoggerTest, WritesForAWorker) {
  Logger log({.format = LogFormat::kJson, .fd = writer_.get()});
  log.LogWorker(3, 99, LogLevel::kError, "down");
  EXPECT_THAT(ReadAll(),
              HasSubstr("\"level\":\"error\",\"role\":\"worker\","
                        "\"worker_id\":3,\"pid\":99,\"message\":\"down\""));
}

TEST_F(LoggerTest, NamesNoProcessWhereThereIsNone) {
  Logger text({.fd = writer_.get()});
  text.LogWorker(2, -1, LogLevel::kError, "error");
  EXPECT_THAT(ReadAll(), HasSubstr(" ERROR worker 2 error\n"));
  Logger json({.format = LogFormat::kJson, .fd = writer_.get()});
  json.LogWorker(2, -1, LogLevel::kError, "error");
  EXPECT_THAT(ReadAll(), HasSubstr("\"worker_id\":2,\"message\":\"error\""));
}

TEST_F(LoggerTest, WritesWhatAWorkerPrintedAsItsFormatSays) {
  Logger text({.min_level = LogLevel::kError, .fd = writer_.get()});
  text.LogOutput(3, 99, "printed");
  EXPECT_EQ(ReadAll(), "[worker 3] printed\n");
  Logger json({.format = LogFormat::kJson,
               .min_level = LogLevel::kError,
               .fd = writer_.get()});
  json.LogOutput(3, 99, "printed");
  EXPECT_THAT(ReadAll(),
              HasSubstr("\"pid\":99,\"output\":\"stderr\","
                        "\"message\":\"printed\"}\n"));
}

TEST_F(LoggerTest, BelowTheMinimalLevelIsNotWritten) {
  Logger log({.min_level = LogLevel::kWarning, .fd = writer_.get()});
  log.Info("quiet");
  EXPECT_THAT(ReadAll(), IsEmpty());
  log.Warning("heard");
  EXPECT_THAT(ReadAll(), HasSubstr("heard"));
}

TEST_F(LoggerTest, TellsHowManyLinesASlowReaderMissed) {
  Logger log({.fd = writer_.get()});
  log.Info(std::string(PIPE_BUF - 100, 'x'));
  while (log.dropped() < 3) log.Info(std::string(200, 'y'));
  ReadAll();

  log.Info("again");

  EXPECT_THAT(ReadAll(), HasSubstr("log: 3 lines were dropped"));
}

}  // namespace
}  // namespace cluster
