// Fuzz target for the dns plugin's answers. The input is one message, answered
// from a fixed zone over UDP and TCP.
//
// Beyond the sanitizers' rules it demands:
//   - each answer can be read to its last byte by a strict reader
//   - its id and question are the message's, and it says that it is an answer
//   - over UDP it fits the 512 bytes or the size that EDNS names
//   - no answer of ours is itself answered
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "plugins/dns/message_view.h"
#include "plugins/dns/query.h"
#include "plugins/dns/responder.h"
#include "plugins/dns/zone.h"
#include "plugins/dns/zone_file.h"

namespace cluster::dns {
namespace {

constexpr char kZone[] = R"($ORIGIN example.org.
$TTL 1h
@ SOA ns hostmaster 1 2h 30m 2w 5m
  NS ns
  MX 10 mail
ns A 192.0.2.53
a CNAME b
b CNAME www
l CNAME l
www A 192.0.2.1
  AAAA 2001:db8::1
*.w TXT "any"
*.c CNAME a
s SRV 1 2 3 www
sub NS ns.sub
ns.sub A 192.0.2.54
t TXT "0123456789012345678901234567890123456789012345678901234567890123456789"
  TXT "1123456789012345678901234567890123456789012345678901234567890123456789"
  TXT "2123456789012345678901234567890123456789012345678901234567890123456789"
  TXT "3123456789012345678901234567890123456789012345678901234567890123456789"
  TXT "4123456789012345678901234567890123456789012345678901234567890123456789"
  TXT "5123456789012345678901234567890123456789012345678901234567890123456789"
)";

void Demand(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

void Check(std::string_view message) {
  static const Zone* const zone =
      new Zone(*ParseZoneFile(kZone, "zone", std::nullopt));
  static const Responder* const responder = new Responder(*zone);
  for (const auto transport :
       {Responder::Transport::kUdp, Responder::Transport::kTcp}) {
    std::string answer;
    if (!responder->Answer(message, transport, &answer)) {
      Demand(answer.empty(), "nothing is written where there is no answer");
      continue;
    }
    const MessageView view(answer);
    Demand(view.ok(), "the answer can be read");
    Demand((view.flags() & 0x8000) != 0, "it says that it is an answer");
    Demand(answer.substr(0, 2) == message.substr(0, 2), "it has the id");
    const std::optional<Query> query = ReadQuery(message);
    Demand(answer.substr(12, query->question.size()) == query->question,
           "it has the question");
    if (transport == Responder::Transport::kUdp) {
      const size_t limit = query->edns ? query->edns->udp_bytes : 512;
      Demand(answer.size() <= limit, "it fits");
    }
    std::string second;
    Demand(!responder->Answer(answer, transport, &second),
           "an answer is not answered");
  }
}

}  // namespace
}  // namespace cluster::dns

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cluster::dns::Check(
      std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
