#include "core/admin/admin_server.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <chrono>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/event_loop/alarm.h"
#include "ipc/archive.h"
#include "ipc/listener.h"
#include "ipc/unix_channel.h"

namespace cluster {
namespace {

constexpr auto kRetry = std::chrono::milliseconds(100);

// Whether this user, or root, is at the other end.
bool MayAsk(int fd) {
  ucred peer = {};
  socklen_t length = sizeof(peer);
  return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 &&
         (peer.uid == geteuid() || peer.uid == 0);
}

// Files made meanwhile are this user's alone.
class PrivateFiles {
 public:
  PrivateFiles() : before_(umask(0177)) {}
  ~PrivateFiles() { umask(before_); }

 private:
  const mode_t before_;
};

}  // namespace

// A conversation: a request, then a reply, then the end.
class AdminServer::Peer {
 public:
  Peer(AdminServer& server, UniqueFd socket)
      : server_(server),
        channel_(std::move(socket),
                 {.max_payload_bytes = kMaxAdminRequestBytes}),
        patience_(server.io_) {}

  absl::Status Start() {
    ASSIGN_OR_RETURN(watch_, FdWatch::Create(server_.io_, channel_.fd()));
    watch_->OnReadable([this] { Read(); });
    patience_.Set(server_.patience_, [this] { server_.Remove(*this); });
    return absl::OkStatus();
  }

  // Nothing of it is called any more.
  void Stop() {
    watch_.reset();
    patience_.Cancel();
  }

 private:
  void Read() {
    const absl::Status status =
        channel_.OnReadable([this](Frame frame) { Take(frame); });
    if (!status.ok()) return server_.Remove(*this);
    Write();
  }

  void Take(const Frame& frame) {
    // One that asks again before it was answered gets that one answer.
    if (std::exchange(asked_, true)) return;
    AdminReply reply;
    absl::StatusOr<AdminRequest> request = Decode<AdminRequest>(frame.payload);
    if (frame.type != kAdminRequestFrame || !request.ok()) {
      reply.error =
          "the request makes no sense: is the tool as new as the host?";
    } else {
      reply = server_.answer_(*request);
    }
    channel_.Send(kAdminReplyFrame, Encode(reply));
  }

  void Write() {
    if (!channel_.Flush().ok()) return server_.Remove(*this);
    if (channel_.wants_write()) {
      return watch_->OnceWritable([this] { Write(); });
    }
    // The peer closes when it has read.
  }

  AdminServer& server_;
  UnixChannel channel_;
  std::unique_ptr<FdWatch> watch_;
  Alarm patience_;
  bool asked_ = false;
};

absl::StatusOr<std::unique_ptr<AdminServer>> AdminServer::Create(
    boost::asio::io_context& io,
    const std::string& path,
    Answer answer,
    std::chrono::milliseconds patience) {
  ASSIGN_OR_RETURN(const ListenAddress address,
                   ParseListenAddress(absl::StrCat("unix:", path)));
  UniqueFd listener;
  {
    const PrivateFiles files;
    ASSIGN_OR_RETURN(listener, OpenListener(address, {.backlog = kMaxPeers}));
  }
  ASSIGN_OR_RETURN(ListenAddress bound, BoundAddress(listener.get(), address));
  std::unique_ptr<AdminServer> server(new AdminServer(
      io, std::move(listener), std::move(bound), std::move(answer), patience));
  RETURN_IF_ERROR(server->Watch());
  return server;
}

AdminServer::AdminServer(boost::asio::io_context& io,
                         UniqueFd listener,
                         ListenAddress bound,
                         Answer answer,
                         std::chrono::milliseconds patience)
    : io_(io),
      listener_(std::move(listener)),
      bound_(std::move(bound)),
      answer_(std::move(answer)),
      patience_(patience),
      retry_(io) {}

AdminServer::~AdminServer() {
  for (const auto& peer : peers_) peer->Stop();
  RemoveSocketFile(bound_);
}

absl::Status AdminServer::Watch() {
  ASSIGN_OR_RETURN(watch_, FdWatch::Create(io_, listener_.get()));
  AwaitPeer();
  return absl::OkStatus();
}

void AdminServer::AwaitPeer() {
  watch_->OnReadable([this] { Accept(); });
}

void AdminServer::Accept() {
  UniqueFd socket(
      accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  // It stays readable: without a descriptor to be had this would be all that
  // the loop does.
  if (!socket && errno != EAGAIN && errno != ECONNABORTED) {
    watch_->Stop();
    return retry_.Set(kRetry, [this] { AwaitPeer(); });
  }
  if (!socket || !MayAsk(socket.get())) return;
  if (peers_.size() >= kMaxPeers) return TellFull(std::move(socket));
  auto peer = std::make_shared<Peer>(*this, std::move(socket));
  if (peer->Start().ok()) peers_.push_back(std::move(peer));
}

void AdminServer::TellFull(UniqueFd socket) {
  UnixChannel channel(std::move(socket));
  AdminReply reply;
  reply.error =
      absl::StrCat("busy: ", kMaxPeers, " clients are connected; try again");
  channel.Send(kAdminReplyFrame, Encode(reply));
  // A fresh socket has room for it.
  (void)channel.Flush();
}

void AdminServer::Remove(Peer& peer) {
  const auto found =
      std::find_if(peers_.begin(), peers_.end(), [&](const auto& each) {
        return each.get() == &peer;
      });
  if (found == peers_.end()) return;
  peer.Stop();
  boost::asio::post(io_, [removed = std::move(*found)] {});
  peers_.erase(found);
}

}  // namespace cluster
