#include "core/primary/messages/primary_requests.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/deadline_ns.h"
#include "core/primary/messages/mailbox_message.h"

namespace cluster {
namespace {

void Ignore(const absl::StatusOr<MailboxMessage>&) {}

TEST(PrimaryRequestsTest, NumbersAreInOrderAndTakenOnce) {
  PrimaryRequests requests;
  EXPECT_EQ(requests.next_number(), 1u);
  EXPECT_EQ(requests.Add(7, kNeverNs, Ignore), 1u);
  EXPECT_EQ(requests.Add(8, kNeverNs, Ignore), 2u);
  const std::optional<PrimaryRequests::Waiting> waiting = requests.Take(1);
  ASSERT_TRUE(waiting.has_value());
  EXPECT_EQ(waiting->worker, 7u);
  EXPECT_FALSE(requests.Take(1).has_value());
  EXPECT_EQ(requests.size(), 1u);
}

TEST(PrimaryRequestsTest, ReplyGoesToWhoAsked) {
  PrimaryRequests requests;
  absl::StatusCode code = absl::StatusCode::kOk;
  const uint64_t number = requests.Add(
      7, kNeverNs, [&](const auto& reply) { code = reply.status().code(); });
  requests.Take(number)->replied(absl::AbortedError("x"));
  EXPECT_EQ(code, absl::StatusCode::kAborted);
}

TEST(PrimaryRequestsTest, DueAreTakenByTheirTime) {
  PrimaryRequests requests;
  requests.Add(1, 300, Ignore);
  requests.Add(2, 100, Ignore);
  requests.Add(3, 200, Ignore);
  EXPECT_EQ(requests.next_deadline_ns(), 100);
  EXPECT_FALSE(requests.TakeDue(99).has_value());
  EXPECT_EQ(requests.TakeDue(200)->worker, 2u);
  EXPECT_EQ(requests.TakeDue(200)->worker, 3u);
  EXPECT_FALSE(requests.TakeDue(200).has_value());
  EXPECT_EQ(requests.next_deadline_ns(), 300);
}

TEST(PrimaryRequestsTest, WhatWasTakenIsNotDue) {
  PrimaryRequests requests;
  requests.Add(1, 100, Ignore);
  requests.Take(1);
  EXPECT_EQ(requests.next_deadline_ns(), std::nullopt);
  EXPECT_FALSE(requests.TakeDue(kNeverNs).has_value());
}

TEST(PrimaryRequestsTest, OneWithoutATimeIsNeverDue) {
  PrimaryRequests requests;
  requests.Add(1, kNeverNs, Ignore);
  EXPECT_EQ(requests.next_deadline_ns(), std::nullopt);
  EXPECT_FALSE(requests.TakeDue(kNeverNs).has_value());
  EXPECT_EQ(requests.size(), 1u);
}

}  // namespace
}  // namespace cluster
