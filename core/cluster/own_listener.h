// OwnListener: a listening socket that this process has without the primary,
// and what comes to it.
//
// Other processes may have it, too: it takes one connection a turn, so that
// one that wakes first does not take them all.
//
// Thread safety: the worker's loop thread. Lifetime: `services` must outlive
// it; it may be destroyed from within `accepted`.
//
//   ASSIGN_OR_RETURN(listener, OwnListener::Create(services, std::move(handle),
//                                                  511, on_accepted));
#ifndef CORE_CLUSTER_OWN_LISTENER_H_
#define CORE_CLUSTER_OWN_LISTENER_H_

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/unique_fd.h"
#include "core/cluster/events.h"
#include "core/cluster/handle.h"
#include "plugins/abi/cluster_plugin.h"
#include "plugins/sdk/host.h"
#include "plugins/sdk/loop.h"
#include "plugins/sdk/services.h"

namespace cluster {

// A connection that the primary knows nothing of.
struct OwnConnection {
  UniqueFd fd;  // non-blocking and close-on-exec
  cluster_address peer = {};

  // Of a socket that is connected. Its open file becomes non-blocking, for all
  // who have it. kInvalidArgument: it is no stream socket, or not connected.
  static absl::StatusOr<OwnConnection> Of(Handle handle);
};

class OwnListener {
 public:
  // `fd` is non-blocking and close-on-exec.
  using Accepted =
      std::function<void(UniqueFd fd, const cluster_address& peer)>;

  // Listens there with `backlog`, as listen(2) has it, which also changes that
  // of a socket that listens. The socket's open file becomes non-blocking, for
  // all who have it. Errors: the kernel's, as SystemErrors; the handle is
  // closed then.
  static absl::StatusOr<std::unique_ptr<OwnListener>> Create(
      const sdk::Services& services,
      Handle handle,
      int backlog,
      Accepted accepted);
  OwnListener(const OwnListener&) = delete;
  OwnListener& operator=(const OwnListener&) = delete;

  const Address& address() const { return address_; }
  // Takes nothing while it is paused: what comes waits in the kernel, or is
  // taken by another process.
  void SetPaused(bool paused);

 private:
  OwnListener(const sdk::Services& services,
              Handle handle,
              Address address,
              Accepted accepted)
      : host_(services),
        handle_(std::move(handle)),
        address_(std::move(address)),
        accepted_(std::move(accepted)) {}

  absl::Status Begin();
  void OnReadable();
  // Nothing can be taken, and a watch would call at once, again and again.
  void BackOff();

  const sdk::Host host_;
  const Handle handle_;
  const Address address_;
  const Accepted accepted_;
  bool paused_ = false;
  int trouble_ = 0;  // the errno that was told last
  std::optional<sdk::Watch> watch_;
  std::optional<sdk::Timer> rest_;
};

}  // namespace cluster

#endif  // CORE_CLUSTER_OWN_LISTENER_H_
