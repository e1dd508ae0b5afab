#include "core/cluster/listened_address.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace cluster {

Address ToAddress(absl::string_view text) {
  Address address;
  if (absl::ConsumePrefix(&text, "unix:")) {
    address.address = std::string(text);
    address.type = "unix";
    return address;
  }
  const absl::string_view kind =
      absl::ConsumePrefix(&text, "udp:") ? "udp" : "tcp";
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) return address;
  (void)absl::SimpleAtoi(text.substr(colon + 1), &address.port);
  absl::string_view host = text.substr(0, colon);
  const bool six = absl::ConsumePrefix(&host, "[");
  (void)absl::ConsumeSuffix(&host, "]");
  address.address = std::string(host);
  address.type = absl::StrCat(kind, six ? "6" : "4");
  return address;
}

}  // namespace cluster
