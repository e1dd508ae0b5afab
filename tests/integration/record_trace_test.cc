// A host records what came to it (--record_trace), and the policy lab replays
// that.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/trace/trace_reader.h"
#include "core/trace/trace_row.h"
#include "tests/integration/client_set.h"
#include "tests/integration/host_process.h"

namespace cluster {
namespace {

class RecordTraceTest : public ::testing::Test {
 protected:
  std::vector<std::string> Arguments() const {
    return {TestPlugin("puppet"),
            "--workers=2",
            "--policy=least_connections",
            "--record_trace=" + trace_};
  }

  // What a host records that serves so many clients.
  void Record(size_t clients) {
    HostProcess host(Arguments());
    ASSERT_TRUE(host.AwaitServing(2));
    const ClientSet served =
        RunLoad({.port = host.port(), .request = "who\n"}, clients, 4);
    EXPECT_EQ(served.count(End::kAnswered), clients);
    host.EndCleanly();
  }

  // The lab's exit code and all that it prints.
  std::pair<int, std::string> Replay() const {
    const std::string command = absl::StrCat(
        "tools/policy_lab/policy_lab --replay=",
        trace_,
        " --policies=round_robin,least_connections --workers=2 2>&1");
    FILE* const pipe = popen(command.c_str(), "r");
    std::string text;
    std::array<char, 4096> buffer;
    size_t size;
    while ((size = fread(buffer.data(), 1, buffer.size(), pipe)) > 0) {
      text.append(buffer.data(), size);
    }
    const int status = pclose(pipe);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text};
  }

  const std::string trace_ = testing::TempDir() + "/host.trace";
};

TEST_F(RecordTraceTest, LabReplaysWhatAHostRecorded) {
  Record(300);
  absl::StatusOr<TraceReader> reader = TraceReader::Open(trace_);
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_EQ(reader->rows(), 300u);
  std::set<uint64_t> keys;
  int64_t service_ns = 0;
  for (TraceRow row; *reader->Next(&row);) {
    keys.insert(row.key);
    service_ns += row.service_ns;
  }
  EXPECT_EQ(keys.size(), 1u);  // all clients are of one address
  EXPECT_GT(service_ns, 0);
  const auto [code, text] = Replay();
  EXPECT_EQ(code, 0) << text;
  EXPECT_TRUE(absl::StrContains(text, "300 arrivals")) << text;
}

TEST_F(RecordTraceTest, FileThatWasCutIsRefusedByTheLab) {
  Record(20);
  std::filesystem::resize_file(trace_, std::filesystem::file_size(trace_) - 5);
  EXPECT_TRUE(absl::IsDataLoss(TraceReader::Open(trace_).status()));
  const auto [code, text] = Replay();
  EXPECT_NE(code, 0);
  EXPECT_TRUE(absl::StrContains(text, "cut short")) << text;
}

TEST_F(RecordTraceTest, HostThatIsKilledLeavesATraceThatCountsAsCut) {
  {
    HostProcess host(Arguments());
    ASSERT_TRUE(host.AwaitServing(2));
    host.Signal(SIGKILL);
    host.AwaitExit();
  }
  EXPECT_FALSE(TraceReader::Open(trace_).ok());
}

TEST_F(RecordTraceTest, WhatCannotBeIsRefusedAtStart) {
  HostProcess nowhere({TestPlugin("puppet"), "--record_trace=/nonexistent/t"});
  EXPECT_EQ(nowhere.AwaitExit(), 2);
  EXPECT_TRUE(absl::StartsWith(nowhere.ErrorOutput(), "host: --record_trace: "))
      << nowhere.ErrorOutput();
  HostProcess shared(
      {TestPlugin("puppet"), "--data_path=share", "--record_trace=" + trace_});
  EXPECT_EQ(shared.AwaitExit(), 2);
  EXPECT_TRUE(absl::StrContains(shared.ErrorOutput(), "--record_trace"))
      << shared.ErrorOutput();
}

size_t SizeOf(const std::string& path) {
  return std::filesystem::file_size(path);
}

// What the host that runs has written is not for the second to wipe.
TEST_F(RecordTraceTest, StartThatFindsTheAddressTakenLeavesTheFilesAlone) {
  Record(20);
  const size_t trace_bytes = SizeOf(trace_);
  const std::string metrics = testing::TempDir() + "/taken.prom";
  HostProcess first({TestPlugin("puppet"),
                     "--workers=1",
                     "--metrics_file=" + metrics,
                     "--metrics_interval=1h"});
  ASSERT_TRUE(first.AwaitServing(1));
  std::ofstream(metrics) << "n 1\n";
  const std::string taken = absl::StrCat("--listen=127.0.0.1:", first.port());
  const std::string socket = testing::TempDir() + "/taken.sock";
  HostProcess second({TestPlugin("puppet"),
                      "--listen=unix:" + socket,
                      taken,
                      "--metrics_file=" + metrics,
                      "--record_trace=" + trace_});
  EXPECT_EQ(second.AwaitExit(), 3) << second.ErrorOutput();
  EXPECT_EQ(SizeOf(metrics), 4u);
  EXPECT_EQ(SizeOf(trace_), trace_bytes);
  EXPECT_FALSE(std::filesystem::exists(socket)) << "a socket file is left";
  first.EndCleanly();
}

// The addresses are bound before; nothing of them stays.
TEST_F(RecordTraceTest, FilesThatCannotBeLeaveNoSocketFile) {
  const std::string socket = testing::TempDir() + "/refused.sock";
  HostProcess host({TestPlugin("puppet"),
                    "--listen=unix:" + socket,
                    "--record_trace=/nonexistent/t"});
  EXPECT_EQ(host.AwaitExit(), 2);
  EXPECT_FALSE(std::filesystem::exists(socket));
}

}  // namespace
}  // namespace cluster
