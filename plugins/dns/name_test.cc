#include "plugins/dns/name.h"

#include <gtest/gtest.h>

namespace cluster::dns {
namespace {

Name Of(std::string_view text) { return *Name::FromText(text, Name()); }

TEST(DnsNameTest, RelativeNamesAreBelowTheOrigin) {
  const Name origin = Of("example.org.");
  EXPECT_EQ(Name::FromText("www", origin)->ToText(), "www.example.org.");
  EXPECT_EQ(Name::FromText("www.", origin)->ToText(), "www.");
  EXPECT_EQ(Name::FromText("@", origin)->ToText(), "example.org.");
  EXPECT_EQ(Name::FromText(".", origin)->ToText(), ".");
}

TEST(DnsNameTest, WireFormIsLengthsAndLabels) {
  EXPECT_EQ(Of("Ab.c.").wire(), std::string("\2Ab\1c\0", 6));
  EXPECT_EQ(Of("Ab.c.").key(), std::string("\2ab\1c\0", 6));
}

TEST(DnsNameTest, CaseDoesNotCount) {
  EXPECT_EQ(Of("WWW.Example.ORG."), Of("www.example.org."));
}

TEST(DnsNameTest, EscapesAreBytes) {
  EXPECT_EQ(Of("a\\.b.c.").wire(), std::string("\3a.b\1c\0", 7));
  EXPECT_EQ(Of("\\000x.").wire(), std::string("\2\0x\0", 4));
  EXPECT_EQ(Of("a\\.b\\032.").ToText(), "a\\.b\\032.");
}

TEST(DnsNameTest, RefusesWhatIsNoName) {
  for (const std::string& text : {std::string(""),
                                  std::string(".."),
                                  std::string("a..b"),
                                  std::string(".a"),
                                  std::string("\\"),
                                  std::string("\\25"),
                                  std::string("\\256"),
                                  std::string(64, 'a')}) {
    EXPECT_FALSE(Name::FromText(text, Name()).has_value()) << text;
  }
}

TEST(DnsNameTest, LimitsAreThoseOfTheFormat) {
  EXPECT_TRUE(Name::FromText(std::string(63, 'a'), Name()).has_value());
  std::string text;
  for (int i = 0; i < 127; ++i) text += "a.";
  EXPECT_EQ(Of(text).wire().size(), 255u);
  EXPECT_FALSE(Name::FromText(text + "a.", Name()).has_value());
}

TEST(DnsNameTest, UnderIsByLabels) {
  EXPECT_TRUE(Of("a.example.org.").IsUnder(Of("EXAMPLE.org.")));
  EXPECT_TRUE(Of("example.org.").IsUnder(Of("example.org.")));
  EXPECT_TRUE(Of("example.org.").IsUnder(Name()));
  EXPECT_FALSE(Of("notexample.org.").IsUnder(Of("example.org.")));
  EXPECT_FALSE(Of("org.").IsUnder(Of("example.org.")));
  // The bytes of a label that look like a name are none.
  EXPECT_FALSE(Of("a\\001b.").IsUnder(Of("b.")));
}

TEST(DnsNameTest, MeasureFindsTheEndOrNothing) {
  EXPECT_EQ(Name::Measure(std::string_view("\1a\0xyz", 6)), 3u);
  EXPECT_EQ(Name::Measure(std::string_view("\0", 1)), 1u);
  EXPECT_FALSE(Name::Measure("").has_value());
  EXPECT_FALSE(Name::Measure("\3ab").has_value());
  EXPECT_FALSE(Name::Measure("\xc0\x0c").has_value());
  EXPECT_FALSE(Name::Measure("\x40").has_value());
  EXPECT_FALSE(Name::Measure(std::string(300, '\1')).has_value());
}

}  // namespace
}  // namespace cluster::dns
