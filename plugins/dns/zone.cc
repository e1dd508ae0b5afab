#include "plugins/dns/zone.h"

#include <algorithm>
#include <utility>

#include "plugins/dns/record_type.h"

namespace cluster::dns {

const RecordSet* SetOf(const std::vector<RecordSet>& sets, uint16_t type) {
  for (const RecordSet& set : sets) {
    if (set.type == type) return &set;
  }
  return nullptr;
}

Zone::Zone(Name origin) : origin_(std::move(origin)) {
  nodes_.try_emplace(origin_.key(), Node{origin_, {}});
}

std::string Zone::Add(const Name& name,
                      uint16_t type,
                      uint32_t ttl_s,
                      Rdata data) {
  if (!name.IsUnder(origin_)) {
    return name.ToText() + " is not in the zone " + origin_.ToText();
  }
  const bool apex = name == origin_;
  if (type == kTypeSoa && !apex) return "an SOA below the top of the zone";
  if (type == kTypeNs && name.is_wildcard()) return "NS records at a wildcard";
  for (const size_t offset : LabelOffsets(name.key())) {
    const std::string key = name.key().substr(offset);
    if (key.size() < origin_.key().size()) break;
    nodes_.try_emplace(key,
                       Node{Name::FromWire(name.wire().substr(offset)), {}});
  }
  Node& node = nodes_.find(name.key())->second;
  const bool has_cname = SetOf(node.sets, kTypeCname) != nullptr;
  if (!node.sets.empty() && has_cname != (type == kTypeCname)) {
    return name.ToText() + " has a CNAME and other records";
  }
  auto set = std::find_if(node.sets.begin(),
                          node.sets.end(),
                          [&](const RecordSet& s) { return s.type == type; });
  if (set == node.sets.end()) {
    set = node.sets.insert(set, {.type = type, .ttl_s = ttl_s, .records = {}});
  }
  set->ttl_s = std::min(set->ttl_s, ttl_s);
  if (std::find(set->records.begin(), set->records.end(), data) !=
      set->records.end()) {
    return "";
  }
  if (type == kTypeSoa && !set->records.empty()) return "a second SOA";
  if (type == kTypeCname && !set->records.empty()) {
    return name.ToText() + " has two CNAMEs";
  }
  set->records.push_back(std::move(data));
  ++record_count_;
  return "";
}

std::string Zone::Check() const {
  if (Find(origin_, kTypeSoa) == nullptr) {
    return "no SOA for " + origin_.ToText();
  }
  if (Find(origin_, kTypeNs) == nullptr) {
    return "no NS for " + origin_.ToText();
  }
  return "";
}

const Zone::Node* Zone::At(std::string_view key) const {
  const auto at = nodes_.find(key);
  return at == nodes_.end() ? nullptr : &at->second;
}

const RecordSet* Zone::Find(const Name& name, uint16_t type) const {
  const Node* node = At(name.key());
  return node == nullptr ? nullptr : SetOf(node->sets, type);
}

Zone::Found Zone::Lookup(const Name& name) const {
  if (!name.IsUnder(origin_)) return {};
  const std::string_view key = name.key();
  const std::vector<size_t> offsets = LabelOffsets(key);
  const Node* closest = At(origin_.key());
  for (size_t i = offsets.size(); i-- > 0;) {
    const std::string_view suffix = key.substr(offsets[i]);
    if (suffix.size() <= origin_.key().size()) continue;
    const Node* next = At(suffix);
    if (next == nullptr) {
      const Node* wildcard = At("\1*" + closest->name.key());
      if (wildcard == nullptr) return {.kind = Found::Kind::kNothing};
      closest = wildcard;
      break;
    }
    closest = next;
    if (SetOf(closest->sets, kTypeNs) != nullptr) {
      return {Found::Kind::kDelegation, &closest->sets, &closest->name};
    }
  }
  return {Found::Kind::kNode, &closest->sets, &closest->name};
}

}  // namespace cluster::dns
