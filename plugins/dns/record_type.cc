#include "plugins/dns/record_type.h"

#include "plugins/dns/name.h"

namespace cluster::dns {
namespace {

struct Named {
  uint16_t type;
  std::string_view name;
};

constexpr Named kTypes[] = {
    {kTypeA, "a"},
    {kTypeNs, "ns"},
    {kTypeCname, "cname"},
    {kTypeSoa, "soa"},
    {kTypePtr, "ptr"},
    {kTypeMx, "mx"},
    {kTypeTxt, "txt"},
    {kTypeAaaa, "aaaa"},
    {kTypeSrv, "srv"},
};

}  // namespace

std::optional<uint16_t> RecordTypeOf(std::string_view name) {
  const std::string lower = LowerCase(name);
  for (const Named& each : kTypes) {
    if (each.name == lower) return each.type;
  }
  return std::nullopt;
}

}  // namespace cluster::dns
