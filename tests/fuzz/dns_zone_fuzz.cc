// Fuzz target for the dns plugin's zone files. The input is one file.
//
// Beyond the sanitizers' rules it demands:
//   - what is refused is refused as configuration, with file, line and reason
//   - a zone that is taken answers for its own name
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "plugins/dns/message_view.h"
#include "plugins/dns/responder.h"
#include "plugins/dns/wire_numbers.h"
#include "plugins/dns/zone.h"
#include "plugins/dns/zone_file.h"

namespace cluster::dns {
namespace {

void Demand(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

void Check(std::string_view text) {
  sdk::Result<Zone> parsed = ParseZoneFile(text, "zone", std::nullopt);
  if (!parsed.ok()) {
    const sdk::Status status = parsed.status();
    Demand(status.code() == CLUSTER_E_CONFIG, "refused as configuration");
    Demand(status.message().starts_with("zone:"), "with the file and line");
    return;
  }
  const Zone zone = *std::move(parsed);
  std::string query("\0\1\0\0\0\1\0\0\0\0\0\0", 12);
  query += zone.origin().wire();
  AppendUint16(6, &query);
  AppendUint16(1, &query);
  std::string answer;
  Demand(Responder(zone).Answer(query, Responder::Transport::kTcp, &answer),
         "it answers");
  const MessageView view(answer);
  Demand(view.ok() && view.rcode() == 0 && view.CountIn(0) == 1,
         "with its SOA");
}

}  // namespace
}  // namespace cluster::dns

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cluster::dns::Check(
      std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
