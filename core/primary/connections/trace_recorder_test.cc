#include "core/primary/connections/trace_recorder.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace cluster {
namespace {

TEST(TraceRecorderTest, RowsAreInTheOrderOfArrivalFromZero) {
  TraceRecorder recorder(10);
  recorder.Placed(1, 5000, 7, 0);
  recorder.Placed(2, 6000, 8, 1);
  recorder.Saw(1, 1, 300);
  recorder.Saw(0, 1, 900);
  const std::vector<TraceRow> rows = recorder.Take();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].arrival_ns, 0);
  EXPECT_EQ(rows[0].service_ns, 900);
  EXPECT_EQ(rows[0].key, 7u);
  EXPECT_EQ(rows[1].arrival_ns, 1000);
  EXPECT_EQ(rows[1].service_ns, 300);
}

TEST(TraceRecorderTest, SeveralThatEndTogetherLastedTheirMean) {
  TraceRecorder recorder(10);
  for (uint64_t id = 1; id <= 3; ++id) recorder.Placed(id, id, 0, 0);
  recorder.Saw(0, 2, 100);
  recorder.Saw(0, 3, 107);
  const std::vector<TraceRow> rows = recorder.Take();
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].service_ns, 50);
  EXPECT_EQ(rows[1].service_ns, 50);
  EXPECT_EQ(rows[2].service_ns, 7);
}

TEST(TraceRecorderTest, OneThatWasTakenBackIsItsNewWorkers) {
  TraceRecorder recorder(10);
  recorder.Placed(1, 1, 0, 0);
  recorder.Placed(2, 2, 0, 0);
  recorder.Placed(1, 1, 0, 1);  // taken back
  recorder.Saw(0, 1, 40);
  recorder.Saw(1, 1, 60);
  const std::vector<TraceRow> rows = recorder.Take();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].service_ns, 60);
  EXPECT_EQ(rows[1].service_ns, 40);
  EXPECT_EQ(recorder.placed(), 2u);
}

TEST(TraceRecorderTest, WhatDiedWithItsWorkerIsLeftOut) {
  TraceRecorder recorder(10);
  recorder.Placed(1, 1, 0, 0);
  recorder.Forget(0);
  recorder.Placed(2, 2, 5, 0);  // the successor's
  recorder.Saw(0, 1, 10);
  const std::vector<TraceRow> rows = recorder.Take();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].key, 5u);
  EXPECT_EQ(recorder.placed(), 2u);
}

TEST(TraceRecorderTest, KeepsNoMoreThanItsCapacity) {
  TraceRecorder recorder(2);
  for (uint64_t id = 1; id <= 5; ++id) recorder.Placed(id, id, 0, 0);
  recorder.Saw(0, 5, 500);
  EXPECT_EQ(recorder.Take().size(), 2u);
  EXPECT_EQ(recorder.placed(), 5u);
}

}  // namespace
}  // namespace cluster
