// Acceptor: connections that a plugin takes itself, and pauses
// (cluster.acceptor/1). A small handle; copy it.
//
// Thread safety: loop thread only. Lifetime: as Host.
//
//   Result<int> pollable = Acceptor(host()).TakeOver(0);
//   ... when it is readable:
//   Acceptor(host()).Take(0, 16, [&](Connection connection) { ... });
#ifndef PLUGINS_SDK_ACCEPTOR_H_
#define PLUGINS_SDK_ACCEPTOR_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "plugins/abi/cluster_plugin.h"
#include "plugins/sdk/connection.h"
#include "plugins/sdk/host.h"
#include "plugins/sdk/result.h"
#include "plugins/sdk/services.h"

namespace cluster::sdk {

class Acceptor {
 public:
  explicit Acceptor(const Host& host) : services_(&host.services()) {}

  // OnConnection is not called for `listener` any more. Returns a descriptor of
  // the host's that is readable while Take() may have something.
  Result<int> TakeOver(uint32_t listener) const {
    if (services_->acceptor.take_over == nullptr) return Missing();
    int32_t pollable = -1;
    const cluster_status code =
        services_->acceptor.take_over(services_->host, listener, &pollable);
    if (code != CLUSTER_OK) return Status(code, "cannot take over");
    return static_cast<int>(pollable);
  }

  // Calls `give` for up to `limit` connections, without waiting. Returns how
  // many there were; a failure only if there was none. What `give` throws goes
  // on to the caller: connections that came with that one are closed.
  template <typename Give>
  Result<size_t> Take(uint32_t listener, size_t limit, Give&& give) const {
    if (services_->acceptor.take == nullptr) return Missing();
    size_t total = 0;
    while (total < limit) {
      std::array<cluster_connection, kBatch> taken = {};
      for (cluster_connection& each : taken) each.size = sizeof(each);
      const size_t wanted = std::min(limit - total, taken.size());
      uint64_t count = 0;
      const cluster_status code = services_->acceptor.take(
          services_->host, listener, taken.data(), wanted, &count);
      if (code != CLUSTER_OK && total > 0) break;  // the next call says it
      if (code != CLUSTER_OK) return Status(code, "cannot take");
      // All have an owner before the first is given.
      std::array<std::optional<Connection>, kBatch> owned;
      for (size_t i = 0; i < count; ++i) owned[i].emplace(*services_, taken[i]);
      for (size_t i = 0; i < count; ++i) give(*std::move(owned[i]));
      total += count;
      if (count < wanted) break;
    }
    return total;
  }

  // Takes no connections of `listener` until Resume(), whoever takes them.
  Status Pause(uint32_t listener) const {
    return Call(services_->acceptor.pause, listener);
  }
  Status Resume(uint32_t listener) const {
    return Call(services_->acceptor.resume, listener);
  }

 private:
  static constexpr size_t kBatch = 16;

  static Status Missing() {
    return Status(CLUSTER_E_UNSUPPORTED,
                  "this host has no " CLUSTER_SERVICE_ACCEPTOR_V1);
  }

  Status Call(cluster_status (*function)(const cluster_host*, uint32_t),
              uint32_t listener) const {
    if (function == nullptr) return Missing();
    const cluster_status code = function(services_->host, listener);
    return code == CLUSTER_OK ? Status() : Status(code, "cannot do that");
  }

  const Services* services_;
};

}  // namespace cluster::sdk

#endif  // PLUGINS_SDK_ACCEPTOR_H_
