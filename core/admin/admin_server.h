// AdminServer: answers an operator's tool on a Unix socket.
//
// The socket's file is only its owner's (mode 0600), and a peer that is neither
// this user nor root is closed without an answer (SO_PEERCRED, unix(7)). A peer
// that says nothing, or nothing sensible, or does not read costs a bounded
// amount of memory and time.
//
// Thread safety: the io_context's thread.
//
//   ASSIGN_OR_RETURN(auto server, AdminServer::Create(io, path, answer));
#ifndef CORE_ADMIN_ADMIN_SERVER_H_
#define CORE_ADMIN_ADMIN_SERVER_H_

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/admin/admin_messages.h"
#include "core/base/unique_fd.h"
#include "core/event_loop/alarm.h"
#include "core/event_loop/fd_watch.h"
#include "ipc/address.h"

namespace cluster {

class AdminServer {
 public:
  // Answers at once, on the io_context's thread.
  using Answer = std::function<AdminReply(const AdminRequest&)>;

  // Conversations at a time; one more is told so, and closed.
  static constexpr size_t kMaxPeers = 8;
  // For a peer to ask, and to read what it is answered; then it is closed.
  static constexpr std::chrono::milliseconds kPatience{5'000};

  // Listens at `path`, absolute. A socket that a dead process left there is
  // removed. Errors: the kernel's, with the path.
  static absl::StatusOr<std::unique_ptr<AdminServer>> Create(
      boost::asio::io_context& io,
      const std::string& path,
      Answer answer,
      std::chrono::milliseconds patience = kPatience);
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;
  // Removes the file.
  ~AdminServer();

 private:
  class Peer;

  AdminServer(boost::asio::io_context& io,
              UniqueFd listener,
              ListenAddress bound,
              Answer answer,
              std::chrono::milliseconds patience);

  absl::Status Watch();
  void AwaitPeer();
  void Accept();
  void TellFull(UniqueFd socket);
  // Destroys it, later: its callbacks may be on the stack.
  void Remove(Peer& peer);

  boost::asio::io_context& io_;
  const UniqueFd listener_;
  const ListenAddress bound_;
  const Answer answer_;
  const std::chrono::milliseconds patience_;
  std::unique_ptr<FdWatch> watch_;
  Alarm retry_;
  std::vector<std::shared_ptr<Peer>> peers_;
};

}  // namespace cluster

#endif  // CORE_ADMIN_ADMIN_SERVER_H_
