#include "plugins/dns/query.h"

#include <algorithm>

#include "plugins/dns/record_type.h"
#include "plugins/dns/wire_numbers.h"

namespace cluster::dns {
namespace {

constexpr uint16_t kResponse = 0x8000;
constexpr uint16_t kTruncated = 0x0200;
constexpr uint16_t kRecursionDesired = 0x0100;
constexpr uint16_t kDnssecOk = 0x8000;
// Type, class, TTL and length of a record.
constexpr size_t kRecordFixedBytes = 10;

// Steps over a name that may end in a compression pointer, without following
// it. False: it does not end.
bool SkipName(std::string_view message, size_t* at) {
  while (*at < message.size()) {
    const auto length = static_cast<uint8_t>(message[*at]);
    if (length == 0) {
      ++*at;
      return true;
    }
    if (length >= 0xc0) {
      *at += 2;
      return *at <= message.size();
    }
    if (length > kMaxLabelBytes) return false;
    *at += 1 + length;
  }
  return false;
}

// Reads the one question. False: it is none.
bool ReadQuestion(std::string_view message, size_t* at, Query* query) {
  // A pointer could only lead into the header, so it is an error here.
  const std::optional<size_t> length = Name::Measure(message.substr(*at));
  if (!length || message.size() - *at - *length < 4) return false;
  query->question = message.substr(*at, *length + 4);
  query->name = Name::FromWire(message.substr(*at, *length));
  query->type = LoadUint16(message, *at + *length);
  query->klass = LoadUint16(message, *at + *length + 2);
  *at += *length + 4;
  return true;
}

// Steps over one record and keeps it if it is the OPT. False: it is none, or a
// second or named OPT.
bool ReadRecord(std::string_view message, size_t* at, Query* query) {
  const size_t start = *at;
  if (!SkipName(message, at)) return false;
  if (message.size() - *at < kRecordFixedBytes) return false;
  const uint16_t type = LoadUint16(message, *at);
  const uint16_t klass = LoadUint16(message, *at + 2);
  const uint32_t ttl = LoadUint32(message, *at + 4);
  const size_t length = LoadUint16(message, *at + 8);
  if (type == kTypeOpt) {
    if (query->edns.has_value() || message[start] != '\0') return false;
    query->edns = {
        .udp_bytes = std::max<uint16_t>(klass, kClassicUdpBytes),
        .version = static_cast<uint8_t>(ttl >> 16),
        .dnssec_ok = (ttl & kDnssecOk) != 0,
    };
  }
  *at += kRecordFixedBytes;
  if (message.size() - *at < length) return false;
  *at += length;
  return true;
}

bool ReadBody(std::string_view message, Query* query) {
  size_t at = kHeaderBytes;
  if (LoadUint16(message, 4) != 1) return false;
  if (!ReadQuestion(message, &at, query)) return false;
  const size_t before = size_t{LoadUint16(message, 6)} + LoadUint16(message, 8);
  for (size_t i = 0; i < before; ++i) {
    if (!ReadRecord(message, &at, query) || query->edns) return false;
  }
  for (size_t i = 0; i < LoadUint16(message, 10); ++i) {
    if (!ReadRecord(message, &at, query)) return false;
  }
  return at == message.size();
}

}  // namespace

std::optional<Query> ReadQuery(std::string_view message) {
  if (message.size() < kHeaderBytes) return std::nullopt;
  const uint16_t flags = LoadUint16(message, 2);
  if ((flags & kResponse) != 0) return std::nullopt;
  Query query;
  query.id = LoadUint16(message, 0);
  query.opcode = (flags >> 11) & 0xf;
  query.recursion_desired = (flags & kRecursionDesired) != 0;
  if (query.opcode != 0) {
    query.error = Rcode::kNotImp;
  } else if ((flags & kTruncated) != 0 || !ReadBody(message, &query)) {
    query.error = Rcode::kFormErr;
  } else if (query.edns && query.edns->version != 0) {
    query.error = Rcode::kBadVers;
  }
  return query;
}

}  // namespace cluster::dns
