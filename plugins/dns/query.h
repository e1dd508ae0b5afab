// Query: what a client asked, read from the bytes of its message (RFC 1035, 4;
// EDNS: RFC 6891). The bytes may come from an enemy: nothing is followed or
// allocated on their word, and each is looked at once.
//
// Thread safety: plain values.
#ifndef PLUGINS_DNS_QUERY_H_
#define PLUGINS_DNS_QUERY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "plugins/dns/name.h"

namespace cluster::dns {

inline constexpr size_t kHeaderBytes = 12;
inline constexpr size_t kClassicUdpBytes = 512;

// Response codes, RFC 1035 and 6891.
enum class Rcode : uint16_t {
  kNoError = 0,
  kFormErr = 1,
  kServFail = 2,
  kNxDomain = 3,
  kNotImp = 4,
  kRefused = 5,
  kBadVers = 16,
};

struct Edns {
  uint16_t udp_bytes = kClassicUdpBytes;  // at least 512
  uint8_t version = 0;
  bool dnssec_ok = false;  // echoed, as RFC 3225 asks
};

struct Query {
  uint16_t id = 0;
  uint8_t opcode = 0;
  bool recursion_desired = false;
  // From the name's first byte to the class's last, to be echoed as it came;
  // empty if there is no question that can be read.
  std::string_view question;
  Name name;
  uint16_t type = 0;
  uint16_t klass = 0;
  std::optional<Edns> edns;
  // What is wrong already; kNoError: it can be answered.
  Rcode error = Rcode::kNoError;
};

// Reads a message. None: it is not to be answered at all, as too short for a
// header or itself an answer. The result points into `message`.
std::optional<Query> ReadQuery(std::string_view message);

}  // namespace cluster::dns

#endif  // PLUGINS_DNS_QUERY_H_
