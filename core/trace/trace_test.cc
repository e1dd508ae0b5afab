#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/trace/trace_reader.h"
#include "core/trace/trace_row.h"
#include "core/trace/trace_writer.h"

namespace cluster {
namespace {

std::string PathFor(const std::string& name) {
  return absl::StrCat(testing::TempDir(), "/", name);
}

std::string WriteFile(const std::string& name, const std::string& text) {
  const std::string path = PathFor(name);
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

absl::StatusOr<std::vector<TraceRow>> ReadAll(const std::string& path) {
  auto reader = TraceReader::Open(path);
  if (!reader.ok()) return reader.status();
  std::vector<TraceRow> rows;
  TraceRow row;
  for (;;) {
    const absl::StatusOr<bool> more = reader->Next(&row);
    if (!more.ok()) return more.status();
    if (!*more) return rows;
    rows.push_back(row);
  }
}

// The error for a file of this text.
absl::Status Refusal(const std::string& text) {
  return ReadAll(WriteFile("bad.trace", text)).status();
}

std::string Written(int rows) {
  const std::string path = PathFor("written.trace");
  TraceWriter writer = *TraceWriter::Create(path);
  for (int i = 0; i < rows; ++i) {
    writer.Write({.arrival_ns = int64_t{i} * 1'234'567,
                  .service_ns = i * 100 % 1000,
                  .key = ~uint64_t{0} - i});
  }
  EXPECT_TRUE(writer.Finish().ok());
  return path;
}

TEST(TraceTest, RoundTripsToTheNanosecond) {
  for (int count : {0, 1, 10'000}) {
    const auto rows = ReadAll(Written(count));
    ASSERT_TRUE(rows.ok()) << rows.status();
    ASSERT_EQ(rows->size(), static_cast<size_t>(count));
    for (int i = 0; i < count; ++i) {
      ASSERT_EQ((*rows)[i].arrival_ns, int64_t{i} * 1'234'567);
      ASSERT_EQ((*rows)[i].service_ns, i * 100 % 1000);
      ASSERT_EQ((*rows)[i].key, ~uint64_t{0} - i);
    }
  }
}

TEST(TraceTest, IsTextAsDocumented) {
  const auto rows = ReadAll(WriteFile(
      "doc.trace", "cluster-trace 1\n0 850 1\n12.5 1.001 2\nend 2\n"));
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ((*rows)[0].service_ns, 850'000);
  EXPECT_EQ((*rows)[1].arrival_ns, 12'500);
  EXPECT_EQ((*rows)[1].service_ns, 1001);
}

TEST(TraceTest, EveryCutIsFound) {
  const std::string whole = ReadFile(Written(3));
  for (size_t size = 0; size < whole.size(); ++size) {
    const absl::Status status = Refusal(whole.substr(0, size));
    EXPECT_FALSE(status.ok()) << size;
    EXPECT_EQ(absl::StrContains(status.message(), "was cut short"), size > 15)
        << size << ": " << status;
  }
}

TEST(TraceTest, CutInTheMiddleIsFound) {
  EXPECT_TRUE(absl::StrContains(
      Refusal("cluster-trace 1\n1 2 3\nend 2\n").message(),
      "bad.trace:3 does not fit: 1 rows came before \"end 2\""));
}

TEST(TraceTest, WhatIsNoTraceIsTold) {
  for (const std::string& text : {std::string(),
                                  std::string("GET / HTTP/1.1\n"),
                                  std::string(5000, 'x'),
                                  std::string("cluster-trace 2\nend 0\n"),
                                  std::string(100, '\0')}) {
    const absl::Status status = Refusal(text);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_TRUE(absl::StrContains(status.message(), "is no trace")) << status;
  }
  EXPECT_TRUE(
      absl::StrContains(ReadAll("/").status().message(), "not a regular file"));
  EXPECT_EQ(ReadAll("/nowhere").status().code(), absl::StatusCode::kNotFound);
}

TEST(TraceTest, BadRowsAreNamedByLine) {
  for (const char* row : {"1 2",
                          "1 2 3 4",
                          "-1 2 3",
                          "1 2 -3",
                          "1 2.0001 3",
                          "1. 2 3",
                          ".5 2 3",
                          "1  2 3",
                          "99999999999999999999 2 3",
                          "1 2 99999999999999999999",
                          "x y z",
                          "nan 1 1",
                          "",
                          "\x1b[2J"}) {
    const absl::Status status =
        Refusal(absl::StrCat("cluster-trace 1\n0 1 1\n", row, "\nend 2\n"));
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << row;
    EXPECT_TRUE(absl::StrContains(status.message(), "bad.trace:3 ")) << status;
    EXPECT_FALSE(absl::StrContains(status.message(), "\x1b"));
  }
}

TEST(TraceTest, TimeMustNotFall) {
  EXPECT_TRUE(absl::StrContains(
      Refusal("cluster-trace 1\n5 1 1\n4 1 1\nend 2\n").message(),
      "bad.trace:3 arrives before the row above it"));
}

TEST(TraceTest, NothingFollowsTheEnd) {
  EXPECT_FALSE(Refusal("cluster-trace 1\nend 0\n1 1 1\nend 1\n").ok());
  EXPECT_FALSE(Refusal("cluster-trace 1\nend 0\nend 0\n").ok());
}

// To open one waits for whoever reads it.
TEST(TraceTest, WriterRefusesAFifo) {
  const std::string path = PathFor("trace.fifo");
  (void)unlink(path.c_str());
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const absl::StatusOr<TraceWriter> writer = TraceWriter::Create(path);
  EXPECT_TRUE(absl::IsInvalidArgument(writer.status())) << writer.status();
  EXPECT_EQ(writer.status().message(),
            absl::StrCat(path, " is there and is no regular file"));
}

TEST(TraceTest, WriterSaysWhatFails) {
  EXPECT_FALSE(TraceWriter::Create("/nowhere/x").ok());
  TraceWriter full = *TraceWriter::Create("/dev/full");
  EXPECT_EQ(full.Finish().code(), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace cluster
