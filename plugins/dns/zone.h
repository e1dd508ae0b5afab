// Zone: the records of one zone, and what a name in it stands for.
//
// Lookup() follows RFC 1034 4.3.2 and, for wildcards, RFC 4592: a name between
// two others exists even without records; a name that exists is never matched
// by a wildcard; what lies at or below an NS set other than the zone's own is
// another server's.
//
// Thread safety: none while records are added; then any thread may look up.
// Lifetime: what Lookup() returns lives as long as the zone.
#ifndef PLUGINS_DNS_ZONE_H_
#define PLUGINS_DNS_ZONE_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "plugins/dns/name.h"

namespace cluster::dns {

// The data of one record: bytes, names, bytes. Names are kept apart because
// they may be compressed in a message, in the types for which RFC 3597 allows
// it.
struct Rdata {
  std::string head;
  std::vector<Name> names;
  std::string tail;
  bool compress = false;

  bool operator==(const Rdata&) const = default;
};

// All records of one name and type.
struct RecordSet {
  uint16_t type = 0;
  uint32_t ttl_s = 0;
  std::vector<Rdata> records;
};

class Zone {
 public:
  explicit Zone(Name origin);

  const Name& origin() const { return origin_; }

  // Adds a record. One that is there already is not added again; of a set's
  // different TTLs the lowest counts (RFC 2181, 5.2). Returns why it cannot be
  // added: "" if it was.
  [[nodiscard]] std::string Add(const Name& name,
                                uint16_t type,
                                uint32_t ttl_s,
                                Rdata data);

  // Why this is no whole zone: it lacks its SOA or NS. "" if it is.
  [[nodiscard]] std::string Check() const;

  // The zone's SOA. REQUIRES: Check() said "".
  const RecordSet& soa() const { return *Find(origin_, 6); }

  // The records of exactly this name and type; null if there are none.
  const RecordSet* Find(const Name& name, uint16_t type) const;

  struct Found {
    enum class Kind {
      kNode,        // `node` has the name's records, maybe none of the type
      kDelegation,  // `node` has the NS of the zone below
      kNothing,     // there is no such name
      kOutside,     // the name is not in this zone
    };
    Kind kind = Kind::kOutside;
    const std::vector<RecordSet>* sets = nullptr;
    const Name* owner = nullptr;  // of `sets`; a wildcard's if it matched
  };

  Found Lookup(const Name& name) const;

  size_t record_count() const { return record_count_; }

 private:
  struct Node {
    Name name;
    std::vector<RecordSet> sets;
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view key) const {
      return std::hash<std::string_view>()(key);
    }
  };

  const Node* At(std::string_view key) const;

  Name origin_;
  // By Name::key(). Every name between the origin and one with records is here.
  std::unordered_map<std::string, Node, Hash, std::equal_to<>> nodes_;
  size_t record_count_ = 0;
};

// The set of `type` among `sets`; null if there is none.
const RecordSet* SetOf(const std::vector<RecordSet>& sets, uint16_t type);

}  // namespace cluster::dns

#endif  // PLUGINS_DNS_ZONE_H_
