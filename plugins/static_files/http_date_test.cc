#include "plugins/static_files/http_date.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>

namespace cluster::static_files {
namespace {

constexpr time_t kExample = 784'111'777;  // RFC 9110's

TEST(HttpDateTest, WritesTheExampleOfTheRfc) {
  EXPECT_EQ(FormatHttpDate(kExample), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(FormatHttpDate(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(FormatHttpDate(-1), "Wed, 31 Dec 1969 23:59:59 GMT");
  EXPECT_EQ(FormatHttpDate(951'782'400), "Tue, 29 Feb 2000 00:00:00 GMT");
}

TEST(HttpDateTest, WritesSomethingForDatesFarAway) {
  for (const time_t far : {INT64_MAX, INT64_MIN, time_t{253'402'300'800}}) {
    EXPECT_EQ(FormatHttpDate(far), "Thu, 01 Jan 1970 00:00:00 GMT");
  }
  EXPECT_EQ(FormatHttpDate(253'402'300'799), "Fri, 31 Dec 9999 23:59:59 GMT");
}

TEST(HttpDateTest, ReadsTheThreeForms) {
  EXPECT_EQ(ParseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT"), kExample);
  EXPECT_EQ(ParseHttpDate("Sunday, 06-Nov-94 08:49:37 GMT"), kExample);
  EXPECT_EQ(ParseHttpDate("Sun Nov  6 08:49:37 1994"), kExample);
  EXPECT_EQ(ParseHttpDate("Wed Nov 16 08:49:37 1994"), kExample + 10 * 86'400);
}

TEST(HttpDateTest, YearsOfTwoDigitsAre1970To2069) {
  EXPECT_EQ(ParseHttpDate("Thursday, 01-Jan-70 00:00:00 GMT"), 0);
  EXPECT_EQ(ParseHttpDate("Tuesday, 01-Jan-69 00:00:00 GMT"), 3'124'224'000);
}

TEST(HttpDateTest, ReadsWhatItWrites) {
  std::mt19937_64 random(1);
  std::uniform_int_distribution<int64_t> seconds(-62'167'219'200,
                                                 253'402'300'799);
  for (int i = 0; i < 20'000; ++i) {
    const time_t date = seconds(random);
    ASSERT_EQ(ParseHttpDate(FormatHttpDate(date)), date);
  }
}

TEST(HttpDateTest, LeapSecondIsTheNextOne) {
  EXPECT_EQ(ParseHttpDate("Sat, 31 Dec 2016 23:59:60 GMT"),
            ParseHttpDate("Sun, 01 Jan 2017 00:00:00 GMT"));
}

TEST(HttpDateTest, RefusesWhatIsNoDate) {
  for (const char* text : {"",
                           "0",
                           "now",
                           "Sun, 06 Nov 1994 08:49:37",
                           "Sun, 06 Nov 1994 08:49:37 GMT ",
                           "Sun, 06 Nov 1994 08:49:37 CET",
                           "sun, 06 Nov 1994 08:49:37 GMT",
                           "Sun, 6 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nox 1994 08:49:37 GMT",
                           "Sun, 31 Nov 1994 08:49:37 GMT",
                           "Sun, 00 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 24:49:37 GMT",
                           "Sun, 06 Nov 1994 08:60:37 GMT",
                           "Sun, 06 Nov 1994 08:49:61 GMT",
                           "Sun, 06 Nov 1994 8:49:37 GMT",
                           "Sun, 06 Nov -994 08:49:37 GMT",
                           "Sunday, 06-Nov-1994 08:49:37 GMT",
                           "Sun Nov 6 08:49:37 1994"}) {
    EXPECT_EQ(ParseHttpDate(text), std::nullopt) << text;
  }
}

TEST(HttpDateTest, CacheFollowsTheSecond) {
  DateCache dates;
  EXPECT_EQ(dates.At(kExample), FormatHttpDate(kExample));
  EXPECT_EQ(dates.At(kExample), FormatHttpDate(kExample));
  EXPECT_EQ(dates.At(kExample - 1), FormatHttpDate(kExample - 1));
  EXPECT_EQ(dates.At(0), FormatHttpDate(0));
}

}  // namespace
}  // namespace cluster::static_files
