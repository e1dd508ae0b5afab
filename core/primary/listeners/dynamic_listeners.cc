#include "core/primary/listeners/dynamic_listeners.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/deadline_ns.h"
#include "core/base/errno_status.h"
#include "core/base/monotonic_clock.h"
#include "core/base/status_macros.h"
#include "core/control/data_path.h"
#include "core/primary/listeners/listener.h"
#include "core/scoreboard/slot_page.h"
#include "ipc/listener.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

constexpr uint32_t kReuseFlags =
    CLUSTER_LISTEN_REUSE_PORT | CLUSTER_LISTEN_REUSE_ADDRESS;
constexpr uint32_t kKnownFlags =
    CLUSTER_LISTEN_IPV6_ONLY | CLUSTER_LISTEN_EXCLUSIVE | kReuseFlags |
    CLUSTER_LISTEN_READABLE_ALL | CLUSTER_LISTEN_WRITABLE_ALL;
constexpr uint32_t kNobody = UINT32_MAX;

bool IsPortZero(const ListenAddress& address) {
  return PortOf(address) == std::optional<int>(0);
}

}  // namespace

DynamicListeners::DynamicListeners(boost::asio::io_context& io,
                                   ListenerGroup& group,
                                   const Options& options)
    : group_(group), options_(options), due_back_alarm_(io) {
  for (uint32_t i = 0; i < group.listener_count(); ++i) {
    const Key key = {.address = group.listener(i)->facts.text};
    entries_[i] = {.asked = key, .bound = key};
  }
}

absl::StatusOr<ListenAddress> DynamicListeners::ParseAddress(
    const ListenAtRequest& request) const {
  if (request.address.size() > kMaxListenTextBytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "an address of ", request.address.size(), " bytes is too long"));
  }
  if ((request.flags & ~kKnownFlags) != 0 || request.backlog < 0) {
    return absl::InvalidArgumentError("unknown flags, or a negative backlog");
  }
  absl::StatusOr<ListenAddress> address =
      ParseListenAddress(request.address, HostNames::kRefuse);
  if (absl::IsNotFound(address.status())) {
    return absl::InvalidArgumentError(
        absl::StrCat(address.status().message(),
                     "; give its number, names are not looked up here"));
  }
  if (!address.ok()) return address;
  if (address->kind == ListenAddress::Kind::kFd && !options_.take_fds) {
    return absl::InvalidArgumentError(absl::StrCat(
        "listen address '", request.address, "': fd: is for --listen only"));
  }
  const std::string path = SocketPath(*address);
  if (!path.empty() && !absl::StartsWith(path, "/")) {
    return absl::InvalidArgumentError(
        absl::StrCat("listen address '",
                     request.address,
                     "': the path has to begin with '/' here"));
  }
  return address;
}

DynamicListeners::OrdinalsKey DynamicListeners::OrdinalsOf(uint32_t slot,
                                                           Key key) {
  key.ordinal = 0;
  return {slot, std::move(key)};
}

DynamicListeners::Key DynamicListeners::KeyOf(const Slot& slot,
                                              const ListenAddress& address,
                                              uint32_t flags) const {
  const bool exclusive = (flags & CLUSTER_LISTEN_EXCLUSIVE) != 0;
  Key key = {.address = ToString(address),
             .exclusive_slot = exclusive ? slot.index() + 1 : 0};
  if (!IsPortZero(address)) return key;
  const auto before = ordinals_.find(OrdinalsOf(slot.index(), key));
  key.ordinal = before == ordinals_.end() ? 1 : before->second.last + 1;
  return key;
}

uint32_t DynamicListeners::Find(const Key& key, uint32_t but) const {
  for (const auto& [listener, entry] : entries_) {
    if (entry.shut || entry.holders.contains(but)) continue;
    if (entry.asked == key || entry.bound == key) return listener;
  }
  return kMaxListeners;
}

absl::StatusOr<uint32_t> DynamicListeners::Open(
    const Slot& slot, const ListenAtRequest& request) {
  ASSIGN_OR_RETURN(const ListenAddress address, ParseAddress(request));
  const Key key = KeyOf(slot, address, request.flags);
  // Who says that the port may be bound again means it of its own, too.
  const bool again = (request.flags & kReuseFlags) != 0;
  uint32_t listener = Find(key, again ? slot.index() : kNobody);
  if (listener == kMaxListeners) {
    ASSIGN_OR_RETURN(listener, Bind(request, address, key));
  } else {
    SetBacklog(listener, request);
  }
  Hold(slot, listener, key);
  return listener;
}

absl::StatusOr<uint32_t> DynamicListeners::Bind(const ListenAtRequest& request,
                                                const ListenAddress& address,
                                                const Key& key) {
  if (entries_.size() == kMaxListeners) {
    return absl::ResourceExhaustedError(
        absl::StrCat(kMaxListeners, " listeners are the most"));
  }
  const bool is_fd = address.kind == ListenAddress::Kind::kFd;
  if (is_fd && group_.Owns(address.fd)) {
    return ErrnoStatus(EEXIST, "bind", address.text);
  }
  const auto has = [&](uint32_t flag) { return (request.flags & flag) != 0; };
  absl::StatusOr<UniqueFd> socket = OpenListener(
      address,
      {.backlog = request.backlog > 0 ? request.backlog : options_.backlog,
       .ipv6_only = has(CLUSTER_LISTEN_IPV6_ONLY),
       .reuse_port = has(CLUSTER_LISTEN_REUSE_PORT),
       .reuse_address = has(CLUSTER_LISTEN_REUSE_ADDRESS),
       .readable_all = has(CLUSTER_LISTEN_READABLE_ALL),
       .writable_all = has(CLUSTER_LISTEN_WRITABLE_ALL)});
  // Closed, no socket, or one that does not listen: the number is wrong.
  if (!socket.ok() && is_fd) return ErrnoStatus(EINVAL, "bind", address.text);
  RETURN_IF_ERROR(socket.status());
  ASSIGN_OR_RETURN(ListenAddress bound, BoundAddress(socket->get(), address));
  const ListenAddress opened = bound;
  const absl::StatusOr<uint32_t> listener = group_.Open(
      *std::move(socket), std::move(bound), has(CLUSTER_LISTEN_EXCLUSIVE));
  if (!listener.ok()) {
    RemoveSocketFile(opened);
    return listener;
  }
  Key named = key;
  named.ordinal = 0;
  named.address = group_.listener(*listener)->facts.text;
  entries_[*listener] = {.asked = key, .bound = std::move(named)};
  return listener;
}

void DynamicListeners::SetBacklog(uint32_t listener,
                                  const ListenAtRequest& request) {
  const Listener& found = *group_.listener(listener);
  if (found.datagram() || found.data_path != DataPath::kShare) return;
  // It listens already, so that it can only be told another number.
  (void)listen(found.socket.get(),
               request.backlog > 0 ? request.backlog : options_.backlog);
}

void DynamicListeners::Hold(const Slot& slot,
                            uint32_t listener,
                            const Key& key) {
  Entry& entry = entries_[listener];
  entry.due_back.erase(slot.index());
  if (!entry.holders.emplace(slot.index(), key).second) return;
  if (key.ordinal == 0) return;
  Ordinals& ordinals = ordinals_[OrdinalsOf(slot.index(), key)];
  ordinals.last = key.ordinal;
  ++ordinals.held;
}

bool DynamicListeners::LetGo(const Slot& slot, Entry& entry) {
  const auto held = entry.holders.find(slot.index());
  if (held == entry.holders.end()) return false;
  const Key asked = held->second;
  entry.holders.erase(held);
  if (asked.ordinal == 0) return true;
  const auto ordinals = ordinals_.find(OrdinalsOf(slot.index(), asked));
  if (--ordinals->second.held == 0) ordinals_.erase(ordinals);
  return true;
}

void DynamicListeners::Release(const Slot& slot, uint32_t listener) {
  const auto found = entries_.find(listener);
  if (found == entries_.end()) return;
  LetGo(slot, found->second);
  found->second.leaving.erase(slot.index());
  CloseIfUnheld(listener);
}

void DynamicListeners::StopServing(const Slot& slot) {
  // One that is due back has its ports to the end of its channel.
  if (options_.due_back == absl::ZeroDuration()) LetGoOfAll(slot);
}

void DynamicListeners::LetGoOfAll(const Slot& slot) {
  const bool comes_back = options_.due_back > absl::ZeroDuration();
  const int64_t until_ns =
      DeadlineNs(MonotonicNs(), absl::ToInt64Nanoseconds(options_.due_back));
  for (const uint32_t listener : Numbers()) {
    Entry& entry = entries_[listener];
    if (!LetGo(slot, entry)) continue;
    entry.leaving.insert(slot.index());
    if (comes_back && listener >= group_.listener_count()) {
      entry.due_back[slot.index()] = until_ns;
    }
    CloseIfUnheld(listener);
  }
  WatchDueBack();
}

void DynamicListeners::WorkerDied(const Slot& slot) {
  LetGoOfAll(slot);
  for (const uint32_t listener : Numbers()) {
    if (entries_[listener].leaving.erase(slot.index()) == 0) continue;
    CloseIfUnheld(listener);
  }
}

void DynamicListeners::CloseIfUnheld(uint32_t listener) {
  Entry& entry = entries_.at(listener);
  const bool held = !entry.holders.empty() || !entry.due_back.empty();
  if (held || listener < group_.listener_count()) return;
  entry.shut = true;
  group_.ShutListener(listener);
  if (!entry.leaving.empty()) return;
  entries_.erase(listener);
  group_.CloseListener(listener);
}

std::vector<uint32_t> DynamicListeners::Numbers() const {
  std::vector<uint32_t> numbers;
  for (const auto& [listener, entry] : entries_) numbers.push_back(listener);
  return numbers;
}

void DynamicListeners::WatchDueBack() {
  int64_t first_ns = kNever;
  for (const auto& [listener, entry] : entries_) {
    for (const auto& [slot, until_ns] : entry.due_back) {
      first_ns = std::min(first_ns, until_ns);
    }
  }
  if (first_ns == kNever) return due_back_alarm_.Cancel();
  due_back_alarm_.Set(
      std::chrono::nanoseconds(std::max<int64_t>(first_ns - MonotonicNs(), 0)),
      [this] { ExpireDueBack(MonotonicNs()); });
}

void DynamicListeners::ExpireDueBack(int64_t now_ns) {
  for (const uint32_t listener : Numbers()) {
    absl::erase_if(entries_[listener].due_back,
                   [&](const auto& due) { return due.second <= now_ns; });
    CloseIfUnheld(listener);
  }
  WatchDueBack();
}

}  // namespace cluster
