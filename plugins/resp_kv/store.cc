#include "plugins/resp_kv/store.h"

namespace cluster::resp_kv {
namespace {

// A node of the table with its two strings, and its share of the buckets.
constexpr uint64_t kEntryBytes = 112;
constexpr uint64_t kAbsentBytes = 56;

}  // namespace

uint64_t Store::Cost(std::string_view key, std::string_view value) {
  return kEntryBytes + key.size() + value.size();
}

Store::Found Store::Find(std::string_view key, int64_t now_ms) {
  auto at = entries_.find(key);
  if (at != entries_.end() && at->second.expires_ms <= now_ms) {
    ++expired_;
    Erase(at);
    at = entries_.end();
  }
  if (at != entries_.end()) return {Presence::kPresent, &at->second};
  if (lost_ && !absent_.contains(key)) return {Presence::kLost, nullptr};
  return {Presence::kAbsent, nullptr};
}

bool Store::Put(std::string_view key, std::string value, int64_t expires_ms) {
  auto at = entries_.find(key);
  const bool is_new = at == entries_.end();
  const uint64_t before = is_new ? 0 : Cost(key, at->second.value);
  const uint64_t after = Cost(key, value);
  const auto fits = [&] {
    return max_bytes_ == 0 || after <= before ||
           bytes_ - before + after <= max_bytes_;
  };
  if (!fits()) {
    for (const std::string& gone : absent_)
      bytes_ -= kAbsentBytes + gone.size();
    absent_.clear();
    if (!fits()) return false;
  }
  if (is_new) {
    ForgetAbsent(key);
    at = entries_.try_emplace(std::string(key)).first;
  }
  at->second.value = std::move(value);
  bytes_ = bytes_ - before + after;
  Schedule(at, expires_ms);
  return true;
}

bool Store::SetExpiry(std::string_view key, int64_t expires_ms) {
  const auto at = entries_.find(key);
  if (at == entries_.end()) return false;
  Schedule(at, expires_ms);
  return true;
}

bool Store::Remove(std::string_view key) {
  const auto at = entries_.find(key);
  if (at == entries_.end()) return false;
  Erase(at);
  return true;
}

size_t Store::RemoveDue(int64_t now_ms, size_t limit) {
  size_t removed = 0;
  while (removed < limit && !due_.empty() && due_.begin()->first <= now_ms) {
    Erase(entries_.find(*due_.begin()->second));
    ++removed;
  }
  expired_ += removed;
  return removed;
}

void Store::Clear() {
  due_.clear();
  entries_.clear();
  absent_.clear();
  bytes_ = 0;
  lost_ = false;
}

void Store::Erase(Entries::iterator at) {
  Unschedule(at);
  bytes_ -= Cost(at->first, at->second.value);
  const auto node = entries_.extract(at);
  RememberAbsent(node.key());
}

void Store::Unschedule(Entries::iterator at) {
  if (at->second.expires_ms == kNever) return;
  due_.erase({at->second.expires_ms, &at->first});
  at->second.expires_ms = kNever;
}

void Store::Schedule(Entries::iterator at, int64_t expires_ms) {
  Unschedule(at);
  if (expires_ms == kNever) return;
  due_.emplace(expires_ms, &at->first);
  at->second.expires_ms = expires_ms;
}

void Store::RememberAbsent(std::string_view key) {
  if (!lost_) return;
  const uint64_t cost = kAbsentBytes + key.size();
  if (max_bytes_ != 0 && bytes_ + cost > max_bytes_) return;
  if (absent_.emplace(key).second) bytes_ += cost;
}

void Store::ForgetAbsent(std::string_view key) {
  const auto at = absent_.find(key);
  if (at == absent_.end()) return;
  bytes_ -= kAbsentBytes + key.size();
  absent_.erase(at);
}

}  // namespace cluster::resp_kv
