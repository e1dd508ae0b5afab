#include "core/primary/dynamic_listeners.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/monotonic_clock.h"
#include "core/base/status_macros.h"
#include "core/scoreboard/slot_page.h"
#include "ipc/listener.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

constexpr uint32_t kKnownFlags = CLUSTER_LISTEN_IPV6_ONLY |
                                 CLUSTER_LISTEN_EXCLUSIVE |
                                 CLUSTER_LISTEN_REUSE_PORT;

absl::StatusOr<ListenAddress> ParseAddress(const ListenAtRequest& request) {
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
  if (address->kind == ListenAddress::Kind::kFd) {
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

}  // namespace

DynamicListeners::DynamicListeners(boost::asio::io_context& io,
                                   ListenerGroup& group,
                                   int backlog,
                                   absl::Duration due_back)
    : group_(group),
      backlog_(backlog),
      due_back_ns_(absl::ToInt64Nanoseconds(due_back)),
      due_back_alarm_(io) {
  for (uint32_t i = 0; i < group.listener_count(); ++i) {
    const Key key = {.address = group.listener(i)->facts.text};
    entries_[i] = {.asked = key, .bound = key};
  }
}

DynamicListeners::Key DynamicListeners::KeyOf(const Slot& slot,
                                              const ListenAddress& address,
                                              uint32_t flags) const {
  const bool exclusive = (flags & CLUSTER_LISTEN_EXCLUSIVE) != 0;
  return {.address = ToString(address),
          .flags = flags,
          .exclusive_slot = exclusive ? slot.index() + 1 : 0};
}

uint32_t DynamicListeners::Find(const Key& key) const {
  for (const auto& [listener, entry] : entries_) {
    if (!entry.shut && (entry.asked == key || entry.bound == key)) {
      return listener;
    }
  }
  return kMaxListeners;
}

absl::StatusOr<uint32_t> DynamicListeners::Open(
    const Slot& slot, const ListenAtRequest& request) {
  ASSIGN_OR_RETURN(const ListenAddress address, ParseAddress(request));
  const Key key = KeyOf(slot, address, request.flags);
  uint32_t listener = Find(key);
  if (listener == kMaxListeners) {
    if (entries_.size() == kMaxListeners) {
      return absl::ResourceExhaustedError(
          absl::StrCat(kMaxListeners, " listeners are the most"));
    }
    ASSIGN_OR_RETURN(
        UniqueFd socket,
        OpenListener(
            address,
            {.backlog = request.backlog > 0 ? request.backlog : backlog_,
             .ipv6_only = (request.flags & CLUSTER_LISTEN_IPV6_ONLY) != 0,
             .reuse_port = (request.flags & CLUSTER_LISTEN_REUSE_PORT) != 0}));
    ASSIGN_OR_RETURN(listener, group_.Open(std::move(socket)));
    Key bound = key;
    bound.address = group_.listener(listener)->facts.text;
    entries_[listener] = {.asked = key, .bound = std::move(bound)};
  }
  Entry& entry = entries_[listener];
  entry.holders.insert(slot.index());
  entry.due_back.erase(slot.index());
  return listener;
}

void DynamicListeners::Release(const Slot& slot, uint32_t listener) {
  const auto found = entries_.find(listener);
  if (found == entries_.end()) return;
  found->second.holders.erase(slot.index());
  found->second.leaving.erase(slot.index());
  CloseIfUnheld(listener);
}

void DynamicListeners::StopServing(const Slot& slot) {
  if (due_back_ns_ > 0) return;
  for (const uint32_t listener : Numbers()) {
    Entry& entry = entries_[listener];
    if (entry.holders.erase(slot.index()) == 0) continue;
    entry.leaving.insert(slot.index());
    CloseIfUnheld(listener);
  }
}

void DynamicListeners::WorkerDied(const Slot& slot) {
  const int64_t until_ns = MonotonicNs() + due_back_ns_;
  for (const uint32_t listener : Numbers()) {
    Entry& entry = entries_[listener];
    const bool held = entry.holders.erase(slot.index()) > 0;
    const bool left = entry.leaving.erase(slot.index()) > 0;
    if (!held && !left) continue;
    if (held && due_back_ns_ > 0 && listener >= group_.listener_count()) {
      entry.due_back[slot.index()] = until_ns;
    }
    CloseIfUnheld(listener);
  }
  WatchDueBack();
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
  int64_t first_ns = std::numeric_limits<int64_t>::max();
  for (const auto& [listener, entry] : entries_) {
    for (const auto& [slot, until_ns] : entry.due_back) {
      first_ns = std::min(first_ns, until_ns);
    }
  }
  if (first_ns == std::numeric_limits<int64_t>::max()) return;
  due_back_alarm_.Set(
      std::chrono::nanoseconds(std::max<int64_t>(first_ns - MonotonicNs(), 0)),
      [this] { ExpireDueBack(); });
}

void DynamicListeners::ExpireDueBack() {
  const int64_t now_ns = MonotonicNs();
  for (const uint32_t listener : Numbers()) {
    absl::erase_if(entries_[listener].due_back,
                   [&](const auto& due) { return due.second <= now_ns; });
    CloseIfUnheld(listener);
  }
  WatchDueBack();
}

}  // namespace cluster
