#include "tools/policy_lab/spec.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"

namespace cluster::lab {
namespace {

using Strings = std::vector<std::string>;

std::string ParseError(const std::string& text) {
  return std::string(Spec::Parse("--x", text).status().message());
}

TEST(SpecTest, NameAlone) {
  Spec spec = *Spec::Parse("--x", "poisson");
  EXPECT_EQ(spec.name(), "poisson");
  EXPECT_EQ(spec.Number("d", 7, 0, 10), 7);
  EXPECT_TRUE(spec.Finish().ok());
}

TEST(SpecTest, ReadsParameters) {
  Spec spec = *Spec::Parse("--x", "a:n=2.5,p=10%,t=3ms,f=b:c=d");
  EXPECT_EQ(spec.Number("n", 0, 0, 10), 2.5);
  EXPECT_DOUBLE_EQ(spec.Share("p", 0), 0.1);
  EXPECT_EQ(spec.DurationNs("t", 0), 3'000'000);
  EXPECT_EQ(spec.Text("f"), "b:c=d");
  EXPECT_TRUE(spec.Finish().ok()) << spec.Finish();
}

TEST(SpecTest, SaysWhichParametersThereAre) {
  Spec spec = *Spec::Parse("--x", "a:alpah=1");
  spec.Number("alpha", 2, 1, 3);
  EXPECT_EQ(spec.Finish().message(),
            "--x=\"a:alpah=1\" has an unknown parameter alpah: there is alpha");
  EXPECT_EQ(Spec::Parse("--x", "b:k=1")->Finish().message(),
            "--x=\"b:k=1\" has an unknown parameter k: there is none");
}

TEST(SpecTest, BadValuesAreNamed) {
  for (const char* value : {"", "x", "1x", "0", "11", "nan", "inf"}) {
    Spec spec = *Spec::Parse("--x", std::string("a:n=") + value);
    spec.Number("n", 5, 1, 10);
    EXPECT_TRUE(absl::StrContains(spec.Finish().message(),
                                  "bad n: give a number from 1 to 10"))
        << value;
  }
  for (const char* value : {"0", "100%", "x", "-1%", "%"}) {
    Spec spec = *Spec::Parse("--x", std::string("a:p=") + value);
    spec.Share("p", 0.5);
    EXPECT_FALSE(spec.Finish().ok()) << value;
  }
}

TEST(SpecTest, Malformed) {
  EXPECT_EQ(ParseError("a:"), "--x=\"a:\" has no KEY=VALUE after the ':'");
  EXPECT_EQ(ParseError("a:=1"), "--x=\"a:=1\" has no KEY=VALUE after the ':'");
  EXPECT_EQ(ParseError("a:n=1,n=2"),
            "--x=\"a:n=1,n=2\" gives n twice: give it once");
}

TEST(SpecTest, SplitsAListOfSpecs) {
  EXPECT_EQ(SplitSpecs("a,b:x=1,y=2,c:z=3,d"),
            Strings({"a", "b:x=1,y=2", "c:z=3", "d"}));
  EXPECT_EQ(SplitSpecs(""), Strings({""}));
  EXPECT_EQ(SplitSpecs("a,,b"), Strings({"a", "", "b"}));
}

TEST(SpecTest, SharesAndDurations) {
  EXPECT_DOUBLE_EQ(*ParseShare("--x", "90%"), 0.9);
  EXPECT_DOUBLE_EQ(*ParseShare("--x", "1.5"), 1.5);
  EXPECT_EQ(ParseShare("--x", "much").status().message(),
            "--x=\"much\" is not a share: give a number, such as 0.9 or 90%");
  EXPECT_FALSE(ParseShare("--x", "nan").ok());
  EXPECT_EQ(*ParseDurationNs("--x", "1.5us"), 1500);
  EXPECT_TRUE(absl::StrContains(ParseDurationNs("--x", "10").status().message(),
                                "is not a duration"));
  EXPECT_FALSE(ParseDurationNs("--x", "0s").ok());
  EXPECT_FALSE(ParseDurationNs("--x", "inf").ok());
}

}  // namespace
}  // namespace cluster::lab
