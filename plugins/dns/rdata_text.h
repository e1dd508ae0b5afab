// ParseRdata: the data of a record, as a zone file has it.
//
// Thread safety: a free function.
//
//   std::string error;
//   std::optional<Rdata> data = ParseRdata(kTypeMx, tokens, origin, &error);
#ifndef PLUGINS_DNS_RDATA_TEXT_H_
#define PLUGINS_DNS_RDATA_TEXT_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "plugins/dns/name.h"
#include "plugins/dns/zone.h"
#include "plugins/dns/zone_tokens.h"

namespace cluster::dns {

// Reads `tokens`, all that follows the type. None: `*error` says what is wrong.
std::optional<Rdata> ParseRdata(uint16_t type,
                                std::span<const ZoneToken> tokens,
                                const Name& origin,
                                std::string* error);

// A number of seconds, or with units: 3600, 1h, 1h30m, 2w. None: neither, or
// above 2^31-1 (RFC 2181, 8).
std::optional<uint32_t> ParseTtl(std::string_view text);

// Digits only. None: no number, or above `max`.
std::optional<uint32_t> ParseDecimal(std::string_view text, uint32_t max);

}  // namespace cluster::dns

#endif  // PLUGINS_DNS_RDATA_TEXT_H_
