#include "plugins/dns/responder.h"

#include <algorithm>
#include <array>

#include "plugins/dns/record_type.h"
#include "plugins/dns/wire_numbers.h"

namespace cluster::dns {
namespace {

// A chain that is longer, or leads back to itself, ends here.
constexpr size_t kMaxChain = 16;
constexpr size_t kMaxTcpBytes = 65535;
// From here on types are questions, not records (RFC 6895).
constexpr uint16_t kFirstMetaType = 128;
constexpr uint16_t kLastMetaType = 254;

}  // namespace

bool Responder::Answer(std::string_view message,
                       Transport transport,
                       std::string* out) const {
  const std::optional<Query> query = ReadQuery(message);
  if (!query) return false;
  AnswerWriter writer(*query, LimitOf(*query, transport), max_udp_bytes_, out);
  const Rcode refusal = Refusal(*query);
  if (refusal != Rcode::kNoError) {
    writer.Finish(refusal, /*authoritative=*/false);
  } else {
    Resolve(*query, writer);
  }
  return true;
}

size_t Responder::LimitOf(const Query& query, Transport transport) const {
  if (transport == Transport::kTcp) return kMaxTcpBytes;
  if (!query.edns) return kClassicUdpBytes;
  return std::min(query.edns->udp_bytes, max_udp_bytes_);
}

Rcode Responder::Refusal(const Query& query) const {
  if (query.error != Rcode::kNoError) return query.error;
  if (query.klass != kClassIn && query.klass != kClassAny) {
    return Rcode::kRefused;
  }
  if (!query.name.IsUnder(zone_.origin())) return Rcode::kRefused;
  if (query.type == kTypeAxfr || query.type == kTypeIxfr) {
    return Rcode::kRefused;
  }
  if (query.type >= kFirstMetaType && query.type <= kLastMetaType) {
    return Rcode::kNotImp;
  }
  return Rcode::kNoError;
}

void Responder::Resolve(const Query& query, AnswerWriter& writer) const {
  std::array<const Name*, kMaxChain> chain;
  size_t length = 0;
  const Name* name = &query.name;
  const auto is_new = [&] {
    return std::none_of(chain.begin(), chain.begin() + length, [&](auto each) {
      return *each == *name;
    });
  };
  while (length < kMaxChain && is_new()) {
    const Zone::Found found = zone_.Lookup(*name);
    switch (found.kind) {
      case Zone::Found::Kind::kOutside:
        return writer.Finish(Rcode::kNoError, /*authoritative=*/true);
      case Zone::Found::Kind::kNothing:
        return FinishWithSoa(Rcode::kNxDomain, writer);
      case Zone::Found::Kind::kDelegation:
        return AddReferral(found, /*authoritative=*/length > 0, writer);
      case Zone::Found::Kind::kNode:
        break;
    }
    chain[length++] = name;
    name = AddNode(query.type, *found.sets, *name, writer);
    if (name == nullptr) return;
  }
  writer.Finish(Rcode::kNoError, /*authoritative=*/true);
}

const Name* Responder::AddNode(uint16_t type,
                               const std::vector<RecordSet>& sets,
                               const Name& name,
                               AnswerWriter& writer) const {
  const RecordSet* set = SetOf(sets, type);
  // All of a name would be an answer worth forging a question for; one set is
  // enough (RFC 8482, 4.1).
  if (type == kTypeAny && !sets.empty()) set = &sets.front();
  const bool follows = set == nullptr && SetOf(sets, kTypeCname) != nullptr;
  if (follows) set = SetOf(sets, kTypeCname);
  if (set == nullptr) {
    FinishWithSoa(Rcode::kNoError, writer);
    return nullptr;
  }
  const bool fits = writer.Add(Section::kAnswer, name, *set);
  if (!fits) writer.Truncate();
  if (fits && follows) return &set->records.front().names.front();
  writer.Finish(Rcode::kNoError, /*authoritative=*/true);
  return nullptr;
}

void Responder::AddReferral(const Zone::Found& found,
                            bool authoritative,
                            AnswerWriter& writer) const {
  const RecordSet& servers = *SetOf(*found.sets, kTypeNs);
  bool fits = writer.Add(Section::kAuthority, *found.owner, servers);
  // Without the addresses of servers in the zone itself nobody finds them (RFC
  // 9471).
  for (const Rdata& data : servers.records) {
    const Name& server = data.names.front();
    for (const uint16_t type : {kTypeA, kTypeAaaa}) {
      const RecordSet* glue = zone_.Find(server, type);
      if (glue == nullptr || !fits) continue;
      fits = writer.Add(Section::kAdditional, server, *glue);
    }
  }
  if (!fits) writer.Truncate();
  writer.Finish(Rcode::kNoError, authoritative);
}

void Responder::FinishWithSoa(Rcode rcode, AnswerWriter& writer) const {
  const RecordSet& soa = zone_.soa();
  // How long it may be remembered that there is nothing (RFC 2308, 3).
  const std::string& numbers = soa.records.front().tail;
  const uint32_t minimum_s = LoadUint32(numbers, numbers.size() - 4);
  if (!writer.Add(Section::kAuthority, zone_.origin(), soa, minimum_s)) {
    writer.Truncate();
  }
  writer.Finish(rcode, /*authoritative=*/true);
}

}  // namespace cluster::dns
