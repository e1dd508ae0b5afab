// Store: the keys of one shard, in memory. Times are milliseconds of a clock
// that the caller reads; it must not go back.
//
// A store may begin lost: keys were there, and nobody knows which. Then a key
// of which nothing was heard since is kLost, neither present nor absent. What
// was written since is known, also that it was deleted or has expired.
//
// Thread safety: none.
// Lifetime: an Entry is valid until the next call that is not const.
//
//   Store store(/*max_bytes=*/1 << 30, /*lost=*/false);
//   if (!store.Put("key", "value", Store::kNever)) ...  // full
//   Store::Found found = store.Find("key", now_ms);
#ifndef PLUGINS_RESP_KV_STORE_H_
#define PLUGINS_RESP_KV_STORE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace cluster::resp_kv {

class Store {
 public:
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

  struct Entry {
    std::string value;
    int64_t expires_ms = kNever;
  };
  enum class Presence { kPresent, kAbsent, kLost };
  struct Found {
    Presence presence;
    const Entry* entry;  // NULL unless present
  };

  // `max_bytes` bounds bytes(); 0: no limit.
  Store(uint64_t max_bytes, bool lost) : max_bytes_(max_bytes), lost_(lost) {}

  // Looks for a key; one that is due is removed.
  Found Find(std::string_view key, int64_t now_ms);

  // Writes a key, whatever was there. Returns false, and changes nothing, if
  // that needs more bytes than there may be.
  bool Put(std::string_view key, std::string value, int64_t expires_ms);

  // Each returns whether the key was present; call Find() first, for time.
  bool SetExpiry(std::string_view key, int64_t expires_ms);
  bool Remove(std::string_view key);

  // Removes up to `limit` keys that are due. Returns how many.
  size_t RemoveDue(int64_t now_ms, size_t limit);

  // Forgets everything; then every key is known to be absent.
  void Clear();

  bool lost() const { return lost_; }
  size_t size() const { return entries_.size(); }
  size_t expiring() const { return due_.size(); }
  uint64_t expired() const { return expired_; }  // in all
  // An estimate of the memory in use: what keys and values take, and a fixed
  // part for each.
  uint64_t bytes() const { return bytes_; }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view key) const {
      return std::hash<std::string_view>()(key);
    }
  };
  using Entries = std::unordered_map<std::string, Entry, Hash, std::equal_to<>>;

  static uint64_t Cost(std::string_view key, std::string_view value);
  void Erase(Entries::iterator at);
  void Unschedule(Entries::iterator at);
  void Schedule(Entries::iterator at, int64_t expires_ms);
  void RememberAbsent(std::string_view key);
  void ForgetAbsent(std::string_view key);

  const uint64_t max_bytes_;
  bool lost_;
  uint64_t bytes_ = 0;
  uint64_t expired_ = 0;
  Entries entries_;
  std::set<std::pair<int64_t, const std::string*>> due_;
  // Of a lost store: keys that were removed. Given up when memory is short;
  // then they are lost again.
  std::unordered_set<std::string, Hash, std::equal_to<>> absent_;
};

}  // namespace cluster::resp_kv

#endif  // PLUGINS_RESP_KV_STORE_H_
