#include "plugins/dns/zone_file.h"

#include <gtest/gtest.h>

#include <string>

#include "plugins/dns/record_type.h"

namespace cluster::dns {
namespace {

const std::string kHead =
    "$ORIGIN example.org.\n"
    "$TTL 1h\n"
    "@ SOA ns hostmaster 1 2h 30m 2w 5m\n"
    "  NS ns\n";

std::string ErrorOf(const std::string& text) {
  auto zone = ParseZoneFile(text, "zone", std::nullopt);
  EXPECT_TRUE(zone.ok() || zone.status().code() == CLUSTER_E_CONFIG);
  return zone.status().message();
}

Name Of(std::string_view text) { return *Name::FromText(text, Name()); }

class ZoneFileTest : public testing::Test {
 protected:
  const RecordSet& Set(const std::string& text,
                       std::string_view name,
                       uint16_t type) {
    auto zone = ParseZoneFile(text, "zone", std::nullopt);
    EXPECT_TRUE(zone.ok()) << zone.status().message();
    if (zone.ok()) zone_.emplace(*std::move(zone));
    static const RecordSet kNone;
    const RecordSet* set = zone_ ? zone_->Find(Of(name), type) : nullptr;
    EXPECT_NE(set, nullptr) << name;
    return set == nullptr ? kNone : *set;
  }

  std::optional<Zone> zone_;
};

TEST_F(ZoneFileTest, ReadsTheSoaOverSeveralLines) {
  const RecordSet& soa =
      Set("$TTL 60\n"
          "example.org. IN SOA ns.example.org. host\\.master.example.org. (\n"
          "    2026112201 ; serial\n"
          "    7200 1800\n"
          "    1209600 300 )\n"
          "example.org. NS ns.elsewhere.net.\n",
          "example.org.",
          kTypeSoa);
  ASSERT_EQ(soa.records.size(), 1u);
  EXPECT_EQ(soa.records[0].names[1].ToText(), "host\\.master.example.org.");
  EXPECT_EQ(soa.records[0].tail.substr(0, 4), "\x78\xc4\x04\xc9");
  EXPECT_EQ(soa.records[0].tail.substr(16), std::string("\0\0\1\x2c", 4));
  EXPECT_EQ(soa.ttl_s, 60u);
}

TEST_F(ZoneFileTest, OwnerLeftOutIsTheLastOne) {
  const std::string text = kHead + "www A 192.0.2.1\n\tA 192.0.2.2\n";
  EXPECT_EQ(Set(text, "www.example.org.", kTypeA).records.size(), 2u);
}

TEST_F(ZoneFileTest, TtlAndClassComeInEitherOrder) {
  EXPECT_EQ(Set(kHead + "a 5 IN A 192.0.2.1\n", "a.example.org.", kTypeA).ttl_s,
            5u);
  EXPECT_EQ(Set(kHead + "a IN 6 A 192.0.2.1\n", "a.example.org.", kTypeA).ttl_s,
            6u);
  EXPECT_EQ(Set(kHead + "a in a 192.0.2.1\n", "a.example.org.", kTypeA).ttl_s,
            3600u);
}

TEST_F(ZoneFileTest, ReadsEachType) {
  const std::string text = kHead +
                           "m MX 10 mail\n"
                           "s SRV 1 2 443 www.example.org.\n"
                           "t TXT \"a b;c\" \"\" d\\\"e \"\\097\"\n"
                           "p PTR host\n"
                           "c CNAME m\n"
                           "6 AAAA 2001:db8::1\n";
  EXPECT_EQ(Set(text, "m.example.org.", kTypeMx).records[0].head,
            std::string("\0\x0a", 2));
  EXPECT_EQ(Set(text, "s.example.org.", kTypeSrv).records[0].head,
            std::string("\0\1\0\2\1\xbb", 6));
  EXPECT_FALSE(Set(text, "s.example.org.", kTypeSrv).records[0].compress);
  EXPECT_EQ(Set(text, "t.example.org.", kTypeTxt).records[0].head,
            std::string("\5a b;c\0\3d\"e\1a", 13));
  EXPECT_EQ(Set(text, "p.example.org.", kTypePtr).records[0].names[0],
            Of("host.example.org."));
  EXPECT_EQ(Set(text, "6.example.org.", kTypeAaaa).records[0].head.size(), 16u);
}

TEST_F(ZoneFileTest, OriginChangesFromItsLineOn) {
  const std::string text =
      kHead + "$ORIGIN sub\na A 192.0.2.1\n$ORIGIN example.org.\nb A 192.0.2.2";
  EXPECT_EQ(Set(text, "a.sub.example.org.", kTypeA).records.size(), 1u);
  EXPECT_EQ(Set(text, "b.example.org.", kTypeA).records.size(), 1u);
}

TEST_F(ZoneFileTest, TheLowestTtlOfASetCounts) {
  const std::string text = kHead + "a 9 A 192.0.2.1\na 5 A 192.0.2.2\n";
  EXPECT_EQ(Set(text, "a.example.org.", kTypeA).ttl_s, 5u);
}

TEST_F(ZoneFileTest, ARecordThatIsThereIsNotAddedAgain) {
  const std::string text = kHead + "a A 192.0.2.1\na A 192.0.2.1\n";
  EXPECT_EQ(Set(text, "a.example.org.", kTypeA).records.size(), 1u);
}

struct Wrong {
  std::string text;
  std::string error;
};

TEST(ZoneFileErrorTest, NamesTheLineAndTheReason) {
  const Wrong wrongs[] = {
      {kHead + "a A 192.0.2.256\n", "zone:5: '192.0.2.256' is no IPv4 address"},
      {kHead + "a AAAA ::g\n", "zone:5: '::g' is no IPv6 address"},
      {kHead + "a A\n", "zone:5: no IPv4 address"},
      {kHead + "a A 192.0.2.1 x\n", "zone:5: 'x' is one field too many"},
      {kHead + "a MX 65536 b\n", "zone:5: '65536' is no preference"},
      {kHead + "a MX -1 b\n", "zone:5: '-1' is no preference"},
      {kHead + "a..b A 192.0.2.1\n", "zone:5: 'a..b' is no domain name"},
      {kHead + "a HINFO x y\n", "zone:5: 'HINFO' is no type that is served"},
      {kHead + "a CH A 192.0.2.1\n", "zone:5: class CH: only IN is served"},
      {kHead + "a\n", "zone:5: no type"},
      {kHead + "$INCLUDE x\n",
       "zone:5: '$INCLUDE' is not supported: $ORIGIN and $TTL are"},
      {kHead + "$TTL x\n", "zone:5: 'x' is no TTL"},
      {kHead + "a ( A\n", "zone:6: '(' is not closed"},
      {kHead + "a ) A\n", "zone:5: ')' without '('"},
      {kHead + "a TXT \"x\n", "zone:5: '\"' is not closed in its line"},
      {kHead + "a TXT x\\\n", "zone:5: a '\\' at the end of a line"},
      {kHead + "a TXT \\999\n", "zone:5: '\\999' is no text"},
      {kHead + "a TXT " + std::string(256, 'x'),
       "zone:5: a text of 256 bytes; 255 are the most, split it into several"},
      {kHead + "a.net. A 192.0.2.1\n",
       "zone:5: a.net. is not in the zone example.org."},
      {kHead + "a CNAME b\na A 192.0.2.1\n",
       "zone:6: a.example.org. has a CNAME and other records"},
      {kHead + "a A 192.0.2.1\n\n\na CNAME b\n",
       "zone:8: a.example.org. has a CNAME and other records"},
      {kHead + "a CNAME b\na CNAME c\n",
       "zone:6: a.example.org. has two CNAMEs"},
      {kHead + "@ SOA ns h 2 1 1 1 1\n", "zone:5: a second SOA"},
      {kHead + "a SOA ns h 2 1 1 1 1\n",
       "zone:5: an SOA below the top of the zone"},
      {kHead + "*.a NS b\n", "zone:5: NS records at a wildcard"},
      {"$TTL 1\na.org. A 192.0.2.1\n",
       "zone:2: the first record has to be the SOA"},
      {"$TTL 1\na A 192.0.2.1\n",
       "zone:2: 'a' is relative and there is no origin: begin with $ORIGIN, or "
       "set one"},
      {"$TTL 1\n  A 192.0.2.1\n",
       "zone:2: no name, and no record before that has one"},
      {"a. SOA b. c. 1 1 1 1 1\n", "zone:2: no NS for a."},
      {"a. SOA b. c. 1 1 1 1 5000000000\n",
       "zone:1: '5000000000' is no minimum TTL"},
      {"; nothing\n", "zone:2: it has no records"},
      {"", "zone:1: it has no records"},
      {std::string("a\0b", 3), "zone:1: a NUL"},
  };
  for (const Wrong& wrong : wrongs) {
    EXPECT_EQ(ErrorOf(wrong.text), wrong.error) << wrong.text;
  }
}

TEST(ZoneFileErrorTest, AZoneWithoutItsSoaIsNone) {
  const auto zone =
      ParseZoneFile("$TTL 1\n@ NS ns\n", "zone", Of("example.org."));
  EXPECT_EQ(zone.status().message(), "zone:3: no SOA for example.org.");
}

TEST(ZoneFileErrorTest, NothingWithoutATtl) {
  const auto zone = ParseZoneFile("@ NS ns\n", "zone", Of("example.org."));
  EXPECT_EQ(zone.status().message(), "zone:1: no TTL: begin with $TTL");
}

}  // namespace
}  // namespace cluster::dns
