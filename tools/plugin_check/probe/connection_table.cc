#include "tools/plugin_check/probe/connection_table.h"

#include <fcntl.h>

#include <map>
#include <mutex>
#include <string>

#include "absl/strings/str_cat.h"
#include "tools/plugin_check/probe/call_guard.h"
#include "tools/plugin_check/probe/finding.h"
#include "tools/plugin_check/probe/host_beneath.h"
#include "tools/plugin_check/probe/loop_tables.h"
#include "tools/plugin_check/probe/probe_rule.h"
#include "tools/plugin_check/probe/reporter.h"

namespace cluster {
namespace {

constexpr ProbeRule kClose = {
    {CLUSTER_SERVICE_CONNECTION_V1, "close", true, kStartedToStopped}};
constexpr ProbeRule kClosed = {
    {CLUSTER_SERVICE_CONNECTION_V1, "closed", false, kStartedToStopped}};
constexpr ProbeRule kLocalAddress = {
    {CLUSTER_SERVICE_CONNECTION_V1, "local_address", false, kStartedToStopped},
    CLUSTER_E_SYSTEM};
constexpr ProbeRule kRequests = {
    {CLUSTER_SERVICE_CONNECTION_V1, "requests", true, kStartedToStopped}};
constexpr ProbeRule kBytes = {
    {CLUSTER_SERVICE_CONNECTION_V1, "bytes", false, kStartedToStopped}};

struct Open {
  int32_t fd = -1;
  int64_t requests = 0;  // that run
};

struct Ledger {
  std::mutex mutex;
  std::map<uint64_t, Open> open;  // by mutex; by id
  uint64_t last_id = 0;           // by mutex
  size_t given = 0;               // by mutex
};

Ledger& TheLedger() {
  static auto* const ledger = new Ledger();
  return *ledger;
}

// Returns false, and reports it, if there is no connection `id`, or no more.
bool EndConnection(uint64_t id, absl::string_view function) {
  Ledger& ledger = TheLedger();
  const std::lock_guard lock(ledger.mutex);
  if (ledger.open.erase(id) > 0) return true;
  if (id != 0 && id <= ledger.last_id) {
    Reporter::Get().Found(
        Finding::kDoubleClose,
        absl::StrCat(
            function, " for connection ", id, ", which has ended already"));
  } else {
    Reporter::Get().Found(
        Finding::kUnknownId,
        absl::StrCat(function, " for connection ", id, ", which never came"));
  }
  return false;
}

// The id of another open connection that came with `fd`; 0 if there is none. A
// host cannot know: it closes what it is told to, and two peers are mixed up.
uint64_t OtherOwner(int32_t fd, uint64_t id) {
  Ledger& ledger = TheLedger();
  const std::lock_guard lock(ledger.mutex);
  for (const auto& [other, open] : ledger.open) {
    if (other != id && open.fd == fd) return other;
  }
  return 0;
}

bool IsOpenDescriptor(int32_t fd) { return fcntl(fd, F_GETFD) >= 0; }

void CheckUnwatched(int32_t fd, absl::string_view function) {
  if (!IsWatched(fd)) return;
  Reporter::Get().Found(
      Finding::kWatchLeft,
      absl::StrCat(function, " of a descriptor that is still watched"));
}

void Close(const cluster_host* host, int32_t fd, uint64_t id) {
  CallGuard& guard = CallGuard::Get();
  if (guard.Check(host, kClose) != CLUSTER_OK) return;
  if (!EndConnection(id, "connection.close")) return;
  if (!IsOpenDescriptor(fd)) {
    guard.RefuseArgument(kClose, "fd is closed already");
    return;
  }
  if (const uint64_t other = OtherOwner(fd, id); other != 0) {
    guard.RefuseArgument(
        kClose,
        absl::StrCat("fd came with connection ", other, ", the id is ", id));
  }
  CheckUnwatched(fd, "connection.close");
  TableBeneath<cluster_connection_v1>(kClose.service)
      ->close(HostBeneath(), fd, id);
}

void Closed(const cluster_host* host, uint64_t id) {
  if (CallGuard::Get().Check(host, kClosed) != CLUSTER_OK) return;
  if (!EndConnection(id, "connection.closed")) return;
  TableBeneath<cluster_connection_v1>(kClosed.service)
      ->closed(HostBeneath(), id);
}

cluster_status LocalAddress(const cluster_host* host,
                            int32_t fd,
                            cluster_address* address) {
  CallGuard& guard = CallGuard::Get();
  if (const auto no = guard.Check(host, kLocalAddress)) return no;
  if (address == nullptr) {
    return guard.RefuseArgument(kLocalAddress, "address is NULL");
  }
  return TableBeneath<cluster_connection_v1>(kLocalAddress.service)
      ->local_address(HostBeneath(), fd, address);
}

bool IsKnown(uint64_t id, absl::string_view function) {
  Ledger& ledger = TheLedger();
  const std::lock_guard lock(ledger.mutex);
  if (id != 0 && id <= ledger.last_id) return true;
  Reporter::Get().Found(
      Finding::kUnknownId,
      absl::StrCat(function, " for connection ", id, ", which never came"));
  return false;
}

void Requests(const cluster_host* host, uint64_t id, int32_t change) {
  CallGuard& guard = CallGuard::Get();
  if (guard.Check(host, kRequests) != CLUSTER_OK) return;
  if (!IsKnown(id, "connection.requests")) return;
  Ledger& ledger = TheLedger();
  const std::lock_guard lock(ledger.mutex);
  const auto at = ledger.open.find(id);
  if (at == ledger.open.end()) {
    guard.RefuseArgument(kRequests, "id is of a connection that has ended");
    return;
  }
  at->second.requests += change;
  if (at->second.requests >= 0) return;
  at->second.requests = 0;
  guard.RefuseArgument(kRequests, "takes back more requests than there are");
}

void Bytes(const cluster_host* host, uint64_t id, uint64_t, uint64_t) {
  if (CallGuard::Get().Check(host, kBytes) != CLUSTER_OK) return;
  IsKnown(id, "connection.bytes");
}

}  // namespace

const cluster_connection_v1 kProbeConnection = {
    .size = sizeof(kProbeConnection),
    .flags = 0,
    .close = &Close,
    .closed = &Closed,
    .local_address = &LocalAddress,
    .requests = &Requests,
    .bytes = &Bytes};

void ConnectionGiven(uint64_t id, int32_t fd) {
  Ledger& ledger = TheLedger();
  const std::lock_guard lock(ledger.mutex);
  ledger.open[id] = {.fd = fd};
  ledger.last_id = id;
  ++ledger.given;
}

size_t OpenConnections() {
  Ledger& ledger = TheLedger();
  const std::lock_guard lock(ledger.mutex);
  return ledger.open.size();
}

size_t GivenConnections() {
  Ledger& ledger = TheLedger();
  const std::lock_guard lock(ledger.mutex);
  return ledger.given;
}

}  // namespace cluster
