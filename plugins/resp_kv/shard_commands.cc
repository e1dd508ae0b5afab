#include "plugins/resp_kv/shard_commands.h"

#include <limits>
#include <optional>

#include "plugins/resp_kv/reply.h"
#include "plugins/resp_kv/request_parser.h"
#include "plugins/resp_kv/set_options.h"
#include "plugins/resp_kv/words.h"

namespace cluster::resp_kv {
namespace {

constexpr std::string_view kOutOfMemory =
    "OOM command not allowed when used memory > 'maxmemory'.";
constexpr std::string_view kTooLong =
    "ERR string exceeds maximum allowed size (proto-max-bulk-len)";

using Presence = Store::Presence;

// One command and all that it works on.
struct Call {
  std::span<const std::string_view> request;
  int64_t now_ms;
  Store& store;
  ShardStats& stats;
  std::string* out;

  std::string_view key() const { return request[1]; }

  Store::Found Find() const { return store.Find(key(), now_ms); }

  // The same for who cannot answer for a lost key: says so, and returns
  // nothing.
  std::optional<Store::Found> FindKnown() const {
    const Store::Found found = Find();
    if (found.presence != Presence::kLost) return found;
    ++stats.lost_answers;
    AppendError(kLostError, out);
    return std::nullopt;
  }

  // Returns whether it was written; says why not.
  bool Put(std::string value, int64_t expires_ms) const {
    if (store.Put(key(), std::move(value), expires_ms)) return true;
    AppendError(kOutOfMemory, out);
    return false;
  }
};

void AppendValue(const Store::Found& found, std::string* out) {
  if (found.entry == nullptr) {
    out->append(kNil);
  } else {
    AppendBulk(found.entry->value, out);
  }
}

void Get(const Call& call) {
  const auto found = call.FindKnown();
  if (!found) return;
  ++(found->entry != nullptr ? call.stats.hits : call.stats.misses);
  AppendValue(*found, call.out);
}

// A plain SET is all that need not know what was there.
void Set(const Call& call) {
  SetOptions options;
  if (!ParseSetOptions(call.request, call.now_ms, &options, call.out)) return;
  Store::Found before = {Presence::kAbsent, nullptr};
  if (options.needs_old()) {
    const auto found = call.FindKnown();
    if (!found) return;
    before = *found;
  }
  std::string reply(kOk);
  if (options.get) {
    reply.clear();
    AppendValue(before, &reply);
  }
  const bool present = before.entry != nullptr;
  if ((options.only_absent && present) || (options.only_present && !present)) {
    call.out->append(options.get ? std::string_view(reply) : kNil);
    return;
  }
  int64_t expires_ms = options.expires_ms;
  if (options.keep_ttl && present) expires_ms = before.entry->expires_ms;
  if (call.Put(std::string(call.request[2]), expires_ms)) {
    call.out->append(reply);
  }
}

void Del(const Call& call) {
  if (!call.FindKnown()) return;
  AppendInteger(call.store.Remove(call.key()), call.out);
}

void Exists(const Call& call) {
  const auto found = call.FindKnown();
  if (found) AppendInteger(found->entry != nullptr, call.out);
}

void Add(const Call& call, int64_t amount) {
  const auto found = call.FindKnown();
  if (!found) return;
  int64_t number = 0;
  int64_t expires_ms = Store::kNever;
  if (found->entry != nullptr) {
    const auto value = ParseInteger(found->entry->value);
    if (!value) return AppendError(kNotAnInteger, call.out);
    number = *value;
    expires_ms = found->entry->expires_ms;
  }
  if (__builtin_add_overflow(number, amount, &number)) {
    return AppendError("ERR increment or decrement would overflow", call.out);
  }
  if (call.Put(std::to_string(number), expires_ms)) {
    AppendInteger(number, call.out);
  }
}

void Incr(const Call& call) { Add(call, 1); }
void Decr(const Call& call) { Add(call, -1); }

void IncrBy(const Call& call) {
  const auto amount = ParseInteger(call.request[2]);
  if (!amount) return AppendError(kNotAnInteger, call.out);
  Add(call, *amount);
}

void DecrBy(const Call& call) {
  const auto amount = ParseInteger(call.request[2]);
  if (!amount) return AppendError(kNotAnInteger, call.out);
  if (*amount == std::numeric_limits<int64_t>::min()) {
    return AppendError("ERR decrement would overflow", call.out);
  }
  Add(call, -*amount);
}

void Append(const Call& call) {
  const auto found = call.FindKnown();
  if (!found) return;
  std::string value;
  int64_t expires_ms = Store::kNever;
  if (found->entry != nullptr) {
    value = found->entry->value;
    expires_ms = found->entry->expires_ms;
  }
  if (value.size() + call.request[2].size() > RequestParser::kMaxBulkBytes) {
    return AppendError(kTooLong, call.out);
  }
  value.append(call.request[2]);
  const int64_t size = static_cast<int64_t>(value.size());
  if (call.Put(std::move(value), expires_ms)) AppendInteger(size, call.out);
}

void StrLen(const Call& call) {
  const auto found = call.FindKnown();
  if (!found) return;
  const bool present = found->entry != nullptr;
  AppendInteger(present ? static_cast<int64_t>(found->entry->value.size()) : 0,
                call.out);
}

// A time that is over deletes.
void ExpireIn(const Call& call, int64_t unit_ms, std::string_view name) {
  const auto amount = ParseInteger(call.request[2]);
  if (!amount) return AppendError(kNotAnInteger, call.out);
  const auto expires_ms = AddTime(call.now_ms, *amount, unit_ms);
  if (!expires_ms) return AppendError(InvalidExpire(name), call.out);
  const auto found = call.FindKnown();
  if (!found) return;
  if (*expires_ms <= call.now_ms) {
    return AppendInteger(call.store.Remove(call.key()), call.out);
  }
  AppendInteger(call.store.SetExpiry(call.key(), *expires_ms), call.out);
}

void Expire(const Call& call) { ExpireIn(call, 1000, "expire"); }
void PExpire(const Call& call) { ExpireIn(call, 1, "pexpire"); }

// -2: there is no such key; -1: it never expires.
void TimeToLive(const Call& call, int64_t unit_ms) {
  const auto found = call.FindKnown();
  if (!found) return;
  if (found->entry == nullptr) return AppendInteger(-2, call.out);
  if (found->entry->expires_ms == Store::kNever) {
    return AppendInteger(-1, call.out);
  }
  const int64_t left_ms = found->entry->expires_ms - call.now_ms;
  AppendInteger((left_ms + unit_ms / 2) / unit_ms, call.out);
}

void Ttl(const Call& call) { TimeToLive(call, 1000); }
void PTtl(const Call& call) { TimeToLive(call, 1); }

void Persist(const Call& call) {
  const auto found = call.FindKnown();
  if (!found) return;
  const bool expires =
      found->entry != nullptr && found->entry->expires_ms != Store::kNever;
  if (expires) call.store.SetExpiry(call.key(), Store::kNever);
  AppendInteger(expires, call.out);
}

void DbSize(const Call& call) {
  if (call.store.lost()) {
    ++call.stats.lost_answers;
    return AppendError(kLostError, call.out);
  }
  call.store.RemoveDue(call.now_ms, std::numeric_limits<size_t>::max());
  AppendInteger(static_cast<int64_t>(call.store.size()), call.out);
}

void FlushAll(const Call& call) {
  if (call.request.size() == 2 && !IsWord(call.request[1], "SYNC") &&
      !IsWord(call.request[1], "ASYNC")) {
    return AppendError("ERR syntax error", call.out);
  }
  call.store.Clear();
  call.out->append(kOk);
}

void Stats(const Call& call) {
  ShardStats stats = call.stats;
  stats.lost = call.store.lost();
  stats.keys = call.store.size();
  stats.expiring = call.store.expiring();
  stats.bytes = call.store.bytes();
  stats.expired = call.store.expired();
  AppendShardStats(stats, call.out);
}

struct ShardCommand {
  std::string_view name;
  size_t least;  // words, with the name
  size_t most;
  void (*run)(const Call& call);
};

constexpr size_t kAny = std::numeric_limits<size_t>::max();
constexpr ShardCommand kCommands[] = {
    {"GET", 2, 2, &Get},
    {"SET", 3, kAny, &Set},
    {"DEL", 2, 2, &Del},
    {"EXISTS", 2, 2, &Exists},
    {"INCR", 2, 2, &Incr},
    {"DECR", 2, 2, &Decr},
    {"INCRBY", 3, 3, &IncrBy},
    {"DECRBY", 3, 3, &DecrBy},
    {"APPEND", 3, 3, &Append},
    {"STRLEN", 2, 2, &StrLen},
    {"EXPIRE", 3, 3, &Expire},
    {"PEXPIRE", 3, 3, &PExpire},
    {"TTL", 2, 2, &Ttl},
    {"PTTL", 2, 2, &PTtl},
    {"PERSIST", 2, 2, &Persist},
    {"DBSIZE", 1, 1, &DbSize},
    {"FLUSHALL", 1, 2, &FlushAll},
    {kStatsCommand, 1, 1, &Stats},
};

}  // namespace

void RunShardCommand(std::span<const std::string_view> request,
                     int64_t now_ms,
                     Store& store,
                     ShardStats& stats,
                     std::string* out) {
  for (const ShardCommand& command : kCommands) {
    if (!IsWord(request[0], command.name)) continue;
    if (request.size() < command.least || request.size() > command.most) {
      return AppendError(WrongArguments(command.name), out);
    }
    if (command.run != &Stats) ++stats.commands;
    return command.run({request, now_ms, store, stats, out});
  }
  AppendError("ERR unknown command", out);
}

}  // namespace cluster::resp_kv
