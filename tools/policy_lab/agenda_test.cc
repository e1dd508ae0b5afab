#include "tools/policy_lab/agenda.h"

#include <gtest/gtest.h>

#include "tools/policy_lab/sim_time.h"

namespace cluster::lab {
namespace {

constexpr auto kRequest = Agenda::Kind::kRequest;

TEST(AgendaTest, FirstComesFirstAndEqualTimesInOrder) {
  Agenda agenda;
  agenda.Add(20, kRequest, 1);
  agenda.Add(10, kRequest, 2);
  agenda.Add(20, kRequest, 3);
  agenda.Add(20, kRequest, 4);
  EXPECT_EQ(agenda.next_ns(), 10);
  EXPECT_EQ(agenda.Take().subject, 2u);
  EXPECT_EQ(agenda.Take().subject, 1u);
  EXPECT_EQ(agenda.Take().subject, 3u);
  EXPECT_EQ(agenda.Take().subject, 4u);
  EXPECT_TRUE(agenda.empty());
}

TEST(AgendaTest, NeverIsLeftOut) {
  Agenda agenda;
  agenda.Add(kNever, kRequest, 1);
  EXPECT_TRUE(agenda.empty());
  EXPECT_EQ(agenda.next_ns(), kNever);
}

}  // namespace
}  // namespace cluster::lab
