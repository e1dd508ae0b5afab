#include "scheduler/outlier_ejection.h"

#include <gtest/gtest.h>

namespace cluster {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

OutlierEjection Among(uint32_t workers, EjectionOptions options) {
  if (options.consecutive == 0) options.consecutive = 5;
  OutlierEjection ejection(options);
  for (uint32_t slot = 0; slot < workers; ++slot) ejection.Add(slot);
  return ejection;
}

TEST(OutlierEjectionTest, FailuresInARowEject) {
  OutlierEjection ejection = Among(4, {});
  for (int i = 0; i < 4; ++i) ejection.Failed(2, 1, kSecond);
  EXPECT_FALSE(ejection.ejected(2, kSecond));
  ejection.Failed(2, 1, kSecond);
  EXPECT_TRUE(ejection.ejected(2, kSecond));
  EXPECT_FALSE(ejection.ejected(1, kSecond));
}

TEST(OutlierEjectionTest, ASuccessBreaksTheRow) {
  OutlierEjection ejection = Among(4, {});
  for (int i = 0; i < 40; ++i) {
    ejection.Failed(2, 4, kSecond);
    ejection.Succeeded(2, 4, kSecond);
  }
  EXPECT_FALSE(ejection.ejected(2, kSecond));
}

TEST(OutlierEjectionTest, TooManyOfAnIntervalEject) {
  OutlierEjection ejection = Among(4, {.consecutive = 1000});
  ejection.Succeeded(1, 10, kSecond);
  ejection.Failed(1, 39, kSecond);
  EXPECT_FALSE(ejection.ejected(1, kSecond)) << "fewer than the volume";
  ejection.Failed(1, 20, kSecond);
  EXPECT_TRUE(ejection.ejected(1, kSecond));

  OutlierEjection slow = Among(4, {.consecutive = 1000});
  for (int i = 0; i < 10; ++i) slow.Failed(1, 20, i * 11 * kSecond);
  EXPECT_FALSE(slow.ejected(1, 100 * kSecond)) << "over several intervals";
}

TEST(OutlierEjectionTest, EachEjectionLastsLongerAndQuietForgives) {
  OutlierEjection ejection = Among(4, {.longest_ns = 70 * kSecond});
  int64_t now = 0;
  for (const int64_t lasts : {30, 60, 70, 70}) {
    ejection.Failed(0, 5, now);
    EXPECT_TRUE(ejection.ejected(0, now + lasts * kSecond - 1));
    now += lasts * kSecond;
    EXPECT_FALSE(ejection.ejected(0, now)) << lasts;
  }
  ejection.Succeeded(0, 1, now + 100 * kSecond);
  ejection.Failed(0, 5, now + 100 * kSecond);
  EXPECT_FALSE(ejection.ejected(0, now + 130 * kSecond));
}

TEST(OutlierEjectionTest, OnlyAPartIsEjectedButOneAlwaysMayBe) {
  OutlierEjection two = Among(2, {});
  two.Failed(0, 5, 0);
  two.Failed(1, 5, 0);
  EXPECT_TRUE(two.ejected(0, 1));
  EXPECT_FALSE(two.ejected(1, 1));

  OutlierEjection ten = Among(10, {.most_percent = 30});
  for (uint32_t slot = 0; slot < 10; ++slot) ten.Failed(slot, 5, 0);
  int out = 0;
  for (uint32_t slot = 0; slot < 10; ++slot)
    out += ten.ejected(slot, 1) ? 1 : 0;
  EXPECT_EQ(out, 3);
}

TEST(OutlierEjectionTest, OffEjectsNobody) {
  OutlierEjection off({});
  off.Failed(0, 1'000'000, 0);
  EXPECT_FALSE(off.ejected(0, 1));
  EXPECT_FALSE(off.ejected(99, 1));
}

}  // namespace
}  // namespace cluster
