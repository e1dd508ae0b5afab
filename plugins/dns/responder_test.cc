#include "plugins/dns/responder.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "plugins/dns/message_view.h"
#include "plugins/dns/record_type.h"
#include "plugins/dns/wire_numbers.h"
#include "plugins/dns/zone_file.h"

namespace cluster::dns {
namespace {

constexpr int kNoError = 0;
constexpr int kFormErr = 1;
constexpr int kNxDomain = 3;
constexpr int kNotImp = 4;
constexpr int kRefused = 5;

const char kZone[] = R"($ORIGIN example.org.
$TTL 1h
@       SOA ns hostmaster 1 2h 30m 2w 5m
        NS ns
        NS ns.elsewhere.net.
        MX 10 mail
ns      A 192.0.2.53
www     A 192.0.2.1
        A 192.0.2.2
        AAAA 2001:db8::1
mail    A 192.0.2.25
_sip._tcp SRV 1 2 5060 www
alias   CNAME alias2
alias2  CNAME www
away    CNAME www.elsewhere.net.
broken  CNAME nothing.here
loop    CNAME loop2
loop2   CNAME loop
deep.empty A 192.0.2.7
*.wild  A 192.0.2.9
        TXT "any"
*.cwild CNAME www
taken.wild A 192.0.2.10
below.taken.wild A 192.0.2.11
sub     NS ns.sub
        NS ns2.sub
ns.sub  A 192.0.2.54
ns2.sub AAAA 2001:db8::54
)";

struct Options {
  uint16_t klass = kClassIn;
  std::optional<uint16_t> edns_bytes = std::nullopt;
  uint8_t edns_version = 0;
  uint16_t flags = 0x0100;
};

std::string QueryBytes(std::string_view name,
                       uint16_t type,
                       const Options& options = {}) {
  std::string bytes;
  AppendUint16(0x1234, &bytes);
  AppendUint16(options.flags, &bytes);
  AppendUint16(1, &bytes);
  AppendUint32(0, &bytes);
  AppendUint16(options.edns_bytes ? 1 : 0, &bytes);
  bytes += Name::FromText(name, Name())->wire();
  AppendUint16(type, &bytes);
  AppendUint16(options.klass, &bytes);
  if (options.edns_bytes) {
    bytes.push_back('\0');
    AppendUint16(kTypeOpt, &bytes);
    AppendUint16(*options.edns_bytes, &bytes);
    AppendUint32(uint32_t{options.edns_version} << 16, &bytes);
    AppendUint16(0, &bytes);
  }
  return bytes;
}

class ResponderTest : public testing::Test {
 protected:
  explicit ResponderTest(const std::string& text = kZone)
      : zone_(*ParseZoneFile(text, "zone", std::nullopt)), responder_(zone_) {}

  MessageView Send(
      const std::string& query,
      Responder::Transport transport = Responder::Transport::kUdp) {
    bytes_.clear();
    EXPECT_TRUE(responder_.Answer(query, transport, &bytes_));
    const MessageView view(bytes_);
    EXPECT_TRUE(view.ok());
    return view;
  }

  MessageView Ask(std::string_view name,
                  uint16_t type,
                  const Options& options = {}) {
    return Send(QueryBytes(name, type, options));
  }

  const Zone zone_;
  const Responder responder_;
  std::string bytes_;
};

TEST_F(ResponderTest, AnswersWithAllRecordsOfTheType) {
  const MessageView answer = Ask("www.example.org.", kTypeA);
  EXPECT_EQ(answer.id(), 0x1234);
  EXPECT_EQ(answer.flags(), 0x8500);  // response, authoritative, RD
  ASSERT_EQ(answer.records.size(), 2u);
  EXPECT_EQ(answer.records[0].owner, "www.example.org.");
  EXPECT_EQ(answer.records[0].data, std::string("\xc0\0\2\1", 4));
  EXPECT_EQ(answer.records[0].ttl_s, 3600u);
}

TEST_F(ResponderTest, KeepsTheCaseOfTheQuestion) {
  const MessageView answer = Ask("wWw.eXaMpLe.OrG.", kTypeA);
  EXPECT_EQ(answer.question, "wWw.eXaMpLe.OrG.");
  ASSERT_EQ(answer.records.size(), 2u);
  EXPECT_EQ(answer.records[0].owner, "wWw.eXaMpLe.OrG.");
}

TEST_F(ResponderTest, OwnerIsAPointerToTheQuestion) {
  Ask("mail.example.org.", kTypeA);
  // Header, question, then pointer, type, class, TTL, length and address.
  EXPECT_EQ(bytes_.size(), 12u + 18 + 4 + 16);
  EXPECT_EQ(bytes_.substr(34, 2), "\xc0\x0c");
}

TEST_F(ResponderTest, NamesInDataAreCompressedExceptInSrv) {
  const MessageView mx = Ask("example.org.", kTypeMx);
  ASSERT_EQ(mx.records.size(), 1u);
  EXPECT_EQ(mx.records[0].target, "mail.example.org.");
  EXPECT_EQ(mx.records[0].data.size(), 2u + 5 + 2);
  const MessageView srv = Ask("_sip._tcp.example.org.", kTypeSrv);
  ASSERT_EQ(srv.records.size(), 1u);
  EXPECT_EQ(srv.records[0].target, "www.example.org.");
  EXPECT_EQ(srv.records[0].data.size(), 6u + 17);
}

TEST_F(ResponderTest, NoSuchNameComesWithTheSoaAndItsMinimum) {
  const MessageView answer = Ask("nothing.example.org.", kTypeA);
  EXPECT_EQ(answer.rcode(), kNxDomain);
  EXPECT_TRUE(answer.authoritative());
  ASSERT_EQ(answer.records.size(), 1u);
  EXPECT_EQ(answer.records[0].section, 1);
  EXPECT_EQ(answer.records[0].type, kTypeSoa);
  EXPECT_EQ(answer.records[0].ttl_s, 300u);
}

TEST_F(ResponderTest, NoSuchTypeComesWithTheSoa) {
  const MessageView answer = Ask("www.example.org.", kTypeMx);
  EXPECT_EQ(answer.rcode(), kNoError);
  ASSERT_EQ(answer.records.size(), 1u);
  EXPECT_EQ(answer.records[0].type, kTypeSoa);
}

TEST_F(ResponderTest, ANameBetweenOthersExists) {
  const MessageView answer = Ask("empty.example.org.", kTypeA);
  EXPECT_EQ(answer.rcode(), kNoError);
  EXPECT_EQ(answer.CountIn(0), 0u);
}

TEST_F(ResponderTest, FollowsChainsOfCnames) {
  const MessageView answer = Ask("alias.example.org.", kTypeA);
  ASSERT_EQ(answer.records.size(), 4u);
  EXPECT_EQ(answer.records[0].target, "alias2.example.org.");
  EXPECT_EQ(answer.records[1].target, "www.example.org.");
  EXPECT_EQ(answer.records[2].owner, "www.example.org.");
  const MessageView itself = Ask("alias.example.org.", kTypeCname);
  EXPECT_EQ(itself.records.size(), 1u);
}

TEST_F(ResponderTest, AChainThatLeavesTheZoneEndsThere) {
  const MessageView answer = Ask("away.example.org.", kTypeA);
  EXPECT_EQ(answer.rcode(), kNoError);
  EXPECT_EQ(answer.records.size(), 1u);
}

TEST_F(ResponderTest, AChainToNothingSaysSo) {
  const MessageView answer = Ask("broken.example.org.", kTypeA);
  EXPECT_EQ(answer.rcode(), kNxDomain);
  EXPECT_EQ(answer.CountIn(0), 1u);
  EXPECT_EQ(answer.CountIn(1), 1u);
}

TEST_F(ResponderTest, AChainInACircleEnds) {
  const MessageView answer = Ask("loop.example.org.", kTypeA);
  EXPECT_EQ(answer.rcode(), kNoError);
  EXPECT_EQ(answer.records.size(), 2u);
}

TEST_F(ResponderTest, WildcardsMatchWhatDoesNotExist) {
  const MessageView answer = Ask("a.b.wild.example.org.", kTypeA);
  ASSERT_EQ(answer.records.size(), 1u);
  EXPECT_EQ(answer.records[0].owner, "a.b.wild.example.org.");
  // A name that exists, or one below it, is not the wildcard's (RFC 4592).
  EXPECT_EQ(Ask("taken.wild.example.org.", kTypeTxt).CountIn(0), 0u);
  EXPECT_EQ(Ask("x.taken.wild.example.org.", kTypeA).rcode(), kNxDomain);
  // The wildcard by its own name, and the name above it.
  EXPECT_EQ(Ask("*.wild.example.org.", kTypeA).CountIn(0), 1u);
  EXPECT_EQ(Ask("wild.example.org.", kTypeA).rcode(), kNoError);
  // One that has no such type says so; it does not deny the name.
  EXPECT_EQ(Ask("a.wild.example.org.", kTypeMx).rcode(), kNoError);
  EXPECT_EQ(Ask("a.cwild.example.org.", kTypeA).CountIn(0), 3u);
}

TEST_F(ResponderTest, WhatIsDelegatedIsReferredTo) {
  const MessageView answer = Ask("www.sub.example.org.", kTypeA);
  EXPECT_EQ(answer.rcode(), kNoError);
  EXPECT_FALSE(answer.authoritative());
  EXPECT_EQ(answer.CountIn(0), 0u);
  EXPECT_EQ(answer.CountIn(1), 2u);
  EXPECT_EQ(answer.CountIn(2), 2u);
}

TEST_F(ResponderTest, AnyGetsOneSet) {
  EXPECT_EQ(Ask("www.example.org.", kTypeAny).CountIn(0), 2u);
}

TEST_F(ResponderTest, OtherZonesAndTransfersAreRefused) {
  EXPECT_EQ(Ask("www.example.net.", kTypeA).rcode(), kRefused);
  EXPECT_EQ(Ask("org.", kTypeA).rcode(), kRefused);
  EXPECT_EQ(Ask("example.org.", kTypeAxfr).rcode(), kRefused);
  EXPECT_EQ(Ask("example.org.", kTypeA, {.klass = 3}).rcode(), kRefused);
  EXPECT_EQ(Ask("example.org.", 249).rcode(), kNotImp);
}

TEST_F(ResponderTest, OtherOperationsAreNotImplemented) {
  const MessageView answer =
      Ask("example.org.", kTypeSoa, {.flags = 5 << 11});  // UPDATE
  EXPECT_EQ(answer.rcode(), kNotImp);
  EXPECT_EQ(answer.flags() >> 11 & 0xf, 5);
}

TEST_F(ResponderTest, EdnsIsAnsweredWithEdns) {
  EXPECT_EQ(Ask("www.example.org.", kTypeA).CountIn(2), 0u);
  const MessageView answer =
      Ask("www.example.org.", kTypeA, {.edns_bytes = 4096});
  ASSERT_EQ(answer.CountIn(2), 1u);
  EXPECT_EQ(answer.records.back().type, kTypeOpt);
  EXPECT_EQ(answer.records.back().klass, Responder::kDefaultUdpBytes);
}

TEST_F(ResponderTest, AnotherVersionOfEdnsIsRefused) {
  const MessageView answer =
      Ask("www.example.org.", kTypeA, {.edns_bytes = 4096, .edns_version = 1});
  EXPECT_EQ(answer.rcode(), 0);  // BADVERS is 16: the rest is in the OPT
  ASSERT_EQ(answer.records.size(), 1u);
  EXPECT_EQ(answer.records[0].ttl_s, uint32_t{1} << 24);
}

TEST_F(ResponderTest, WhatCannotBeReadIsAFormatError) {
  const std::string good = QueryBytes("www.example.org.", kTypeA);
  std::string two_questions = good;
  StoreUint16(2, 4, &two_questions);
  std::string pointer = good.substr(0, 12) + "\xc0\x0c";
  pointer += std::string("\0\1\0\1", 4);
  std::string announced = good;
  StoreUint16(65535, 10, &announced);
  const std::string opt = QueryBytes(".", kTypeA, {.edns_bytes = 512});
  std::string two_opts = opt + opt.substr(opt.size() - 11);
  StoreUint16(2, 10, &two_opts);
  for (const std::string& bytes : {good.substr(0, 12),
                                   good.substr(0, good.size() - 1),
                                   good + "x",
                                   two_questions,
                                   pointer,
                                   announced,
                                   two_opts}) {
    EXPECT_EQ(Send(bytes).rcode(), kFormErr);
  }
}

TEST_F(ResponderTest, SomeMessagesGetNoAnswer) {
  const std::string good = QueryBytes("www.example.org.", kTypeA);
  const std::string answer =
      QueryBytes("www.example.org.", kTypeA, {.flags = 0x8000});
  for (const std::string& bytes : {std::string(), good.substr(0, 11), answer}) {
    std::string out;
    EXPECT_FALSE(responder_.Answer(bytes, Responder::Transport::kUdp, &out));
    EXPECT_EQ(out, "");
  }
}

std::string LargeZone() {
  std::string text =
      "$ORIGIN example.org.\n$TTL 1\n@ SOA ns h 1 1 1 1 1\n  NS ns\n";
  for (int i = 0; i < 5; ++i) {
    text += "t TXT " + std::to_string(i) + std::string(190, 'x') + "\n";
  }
  return text;
}

class LargeAnswerTest : public ResponderTest {
 protected:
  LargeAnswerTest() : ResponderTest(LargeZone()) {}
};

TEST_F(LargeAnswerTest, IsCutAt512BytesWithoutEdns) {
  const MessageView answer = Ask("t.example.org.", kTypeTxt);
  EXPECT_TRUE(answer.truncated());
  EXPECT_EQ(answer.records.size(), 0u);
}

TEST_F(LargeAnswerTest, FollowsTheSizeThatEdnsNames) {
  const std::string whole = [&] {
    Ask("t.example.org.", kTypeTxt, {.edns_bytes = 4096});
    return bytes_;
  }();
  const auto size = static_cast<uint16_t>(whole.size());
  EXPECT_EQ(MessageView(whole).CountIn(0), 5u);
  EXPECT_FALSE(
      Ask("t.example.org.", kTypeTxt, {.edns_bytes = size}).truncated());
  const MessageView cut =
      Ask("t.example.org.", kTypeTxt, {.edns_bytes = uint16_t(size - 1)});
  EXPECT_TRUE(cut.truncated());
  EXPECT_EQ(cut.CountIn(2), 1u);  // the OPT record stays
  // A size below 512 counts as 512 (RFC 6891, 6.2.3).
  EXPECT_FALSE(Ask("example.org.", kTypeNs, {.edns_bytes = 1}).truncated());
}

TEST_F(LargeAnswerTest, NoClientGetsMoreThanOurLimit) {
  const Responder small(zone_, 600);
  std::string out;
  small.Answer(QueryBytes("t.example.org.", kTypeTxt, {.edns_bytes = 65535}),
               Responder::Transport::kUdp,
               &out);
  EXPECT_TRUE(MessageView(out).truncated());
}

TEST_F(LargeAnswerTest, IsWholeOverTcp) {
  const MessageView answer =
      Send(QueryBytes("t.example.org.", kTypeTxt), Responder::Transport::kTcp);
  EXPECT_FALSE(answer.truncated());
  EXPECT_EQ(answer.CountIn(0), 5u);
}

}  // namespace
}  // namespace cluster::dns
