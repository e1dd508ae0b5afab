// ReuseportGroup: several sockets on one port, of which the kernel picks one
// for each connection or datagram (SO_REUSEPORT, socket(7)).
//
// The first socket is opened without the option, so that a port that somebody
// has is refused; only then the others join. A socket's number is the order in
// which it joined, and stays what it is: none but the last is closed before
// all are.
//
// Thread safety: none.
//
//   ASSIGN_OR_RETURN(ReuseportGroup group,
//                    ReuseportGroup::Create(std::move(socket), 511));
//   RETURN_IF_ERROR(group.Join());
#ifndef IPC_REUSEPORT_GROUP_H_
#define IPC_REUSEPORT_GROUP_H_

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/unique_fd.h"
#include "ipc/address.h"
#include "ipc/steer_program.h"

namespace cluster {

class ReuseportGroup {
 public:
  // Takes the first socket: TCP that listens, or UDP, bound and non-blocking.
  // `backlog` is that of the others. kInvalidArgument: it is neither; or the
  // kernel's errors.
  static absl::StatusOr<ReuseportGroup> Create(UniqueFd first, int backlog);

  // Opens one more. Errors: the kernel's, or ESHUTDOWN after Close().
  absl::Status Join();

  // Closes the last one, and what waits there. REQUIRES: size() > 1.
  void Leave() { sockets_.pop_back(); }

  // Closes all. Only size() and Join() may be called after this.
  void Close() { sockets_.clear(); }

  size_t size() const { return sockets_.size(); }
  // Borrowed.
  int socket(size_t number) const { return sockets_[number].get(); }

  // See AttachSteerProgram(). One socket alone is no group yet, and takes none:
  // attach again when another has joined.
  absl::Status Attach(std::span<const sock_filter> program) const {
    if (size() < 2) return absl::OkStatus();
    return AttachSteerProgram(sockets_.front().get(), program);
  }

 private:
  ReuseportGroup(ListenAddress bound, int backlog, UniqueFd first)
      : bound_(std::move(bound)), backlog_(backlog) {
    sockets_.push_back(std::move(first));
  }

  ListenAddress bound_;
  int backlog_;
  std::vector<UniqueFd> sockets_;
};

}  // namespace cluster

#endif  // IPC_REUSEPORT_GROUP_H_
