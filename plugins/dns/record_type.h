// Types of DNS records, by number and name: RFC 1035, 3596 (AAAA), 2782 (SRV),
// 6891 (OPT).
//
// Thread safety: constants and free functions.
#ifndef PLUGINS_DNS_RECORD_TYPE_H_
#define PLUGINS_DNS_RECORD_TYPE_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace cluster::dns {

inline constexpr uint16_t kTypeA = 1;
inline constexpr uint16_t kTypeNs = 2;
inline constexpr uint16_t kTypeCname = 5;
inline constexpr uint16_t kTypeSoa = 6;
inline constexpr uint16_t kTypePtr = 12;
inline constexpr uint16_t kTypeMx = 15;
inline constexpr uint16_t kTypeTxt = 16;
inline constexpr uint16_t kTypeAaaa = 28;
inline constexpr uint16_t kTypeSrv = 33;
inline constexpr uint16_t kTypeOpt = 41;
inline constexpr uint16_t kTypeIxfr = 251;
inline constexpr uint16_t kTypeAxfr = 252;
inline constexpr uint16_t kTypeAny = 255;

inline constexpr uint16_t kClassIn = 1;
inline constexpr uint16_t kClassAny = 255;

// The type of that name, in any case, if a zone file may hold it.
std::optional<uint16_t> RecordTypeOf(std::string_view name);

}  // namespace cluster::dns

#endif  // PLUGINS_DNS_RECORD_TYPE_H_
