// ParseZoneFile: a master file (RFC 1035, 5) as a Zone.
//
// It takes $ORIGIN and $TTL (RFC 2308), parentheses, comments, quotes, escapes,
// relative names, "@", an owner left out, TTL and class in either order, TTLs
// with units (1h30m), and the types SOA NS A AAAA CNAME MX TXT SRV PTR of class
// IN. It does not take $INCLUDE and $GENERATE.
//
// Thread safety: a free function.
#ifndef PLUGINS_DNS_ZONE_FILE_H_
#define PLUGINS_DNS_ZONE_FILE_H_

#include <optional>
#include <string>
#include <string_view>

#include "plugins/dns/name.h"
#include "plugins/dns/zone.h"
#include "plugins/sdk/result.h"

namespace cluster::dns {

// Reads `text`. Without `origin` the zone is named by its SOA, and names that
// are not absolute need a $ORIGIN before them. `file` is for messages.
//   CLUSTER_E_CONFIG  "FILE:LINE: what is wrong"
sdk::Result<Zone> ParseZoneFile(std::string_view text,
                                const std::string& file,
                                const std::optional<Name>& origin);

}  // namespace cluster::dns

#endif  // PLUGINS_DNS_ZONE_FILE_H_
