// RequestTable: who has asked whom and waits for the reply.
//
// A request is known by its asker and the asker's number for it. The primary
// is a party, too: kPrimaryId, as asker and as asked.
//
// Thread safety: none.
//
//   table.Add({.asker = 1, .request = 7}, /*asked=*/2);
//   if (table.AskedOf({1, 7}) == 2u) ...
#ifndef CORE_PRIMARY_MESSAGES_REQUEST_TABLE_H_
#define CORE_PRIMARY_MESSAGES_REQUEST_TABLE_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/btree_map.h"

namespace cluster {

struct RequestKey {
  uint32_t asker = 0;
  uint64_t request = 0;

  auto operator<=>(const RequestKey&) const = default;
};

class RequestTable {
 public:
  struct Open {
    RequestKey key;
    uint32_t asked = 0;
  };

  // `limit` requests of one asker may be open.
  explicit RequestTable(size_t limit) : limit_(limit) {}

  // False if the asker has that number open already, or `limit` requests.
  bool Add(RequestKey key, uint32_t asked);
  // Returns who was asked; nothing if nobody or not any more.
  std::optional<uint32_t> AskedOf(RequestKey key) const;
  // Does nothing if it is not open.
  void Erase(RequestKey key);
  // Takes out all that `worker` has asked or was asked, in order.
  std::vector<Open> TakeAllOf(uint32_t worker);

  size_t size() const { return asked_.size(); }

 private:
  const size_t limit_;
  absl::btree_map<RequestKey, uint32_t> asked_;
  absl::btree_map<uint32_t, size_t> counts_;  // by asker
};

}  // namespace cluster

#endif  // CORE_PRIMARY_MESSAGES_REQUEST_TABLE_H_
