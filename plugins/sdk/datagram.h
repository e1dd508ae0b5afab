// DatagramSocket and DatagramBatch: datagrams, many a system call
// (cluster.datagram/1).
//
// All workers read from the one socket, so that a datagram that polled readable
// may be gone, and a worker that stands still keeps none from being read.
//
// Thread safety: loop thread only.
// Lifetime: the socket is the host's; watch it from OnStart on.
//
//   Result<DatagramSocket> socket = DatagramSocket::Of(host(), listener);
//   while (batch.Receive(*socket) > 0) {
//     for (size_t i = 0; i < batch.size(); ++i) batch.answer(i) = "...";
//     if (!batch.Send(*socket)) break;  // again when it is writable
//   }
#ifndef PLUGINS_SDK_DATAGRAM_H_
#define PLUGINS_SDK_DATAGRAM_H_

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/abi/cluster_plugin.h"
#include "plugins/sdk/host.h"
#include "plugins/sdk/result.h"
#include "plugins/sdk/services.h"

namespace cluster::sdk {

class DatagramSocket {
 public:
  // The socket of datagram listener `listener`.
  //   CLUSTER_E_INVALID      there is no such datagram listener
  //   CLUSTER_E_STATE        this worker does not serve it (any more)
  //   CLUSTER_E_UNSUPPORTED  the host has no cluster.datagram/1
  static Result<DatagramSocket> Of(const Host& host, uint32_t listener) {
    const Services& services = host.services();
    if (services.datagram.socket == nullptr) {
      return Status(CLUSTER_E_UNSUPPORTED,
                    "this host has no " CLUSTER_SERVICE_DATAGRAM_V1);
    }
    int32_t fd = -1;
    const cluster_status code =
        services.datagram.socket(services.host, listener, &fd);
    if (code != CLUSTER_OK) return Status(code, "no datagram socket");
    // An answer has to come from the address that was asked; where the socket
    // is bound to all addresses, only the kernel knows which that was.
    const int on = 1;
    setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
    return DatagramSocket(fd);
  }

  int fd() const { return fd_; }

 private:
  explicit DatagramSocket(int fd) : fd_(fd) {}

  int fd_;
};

class DatagramBatch {
 public:
  static constexpr size_t kMost = 32;

  // Datagrams longer than `max_bytes` are dropped.
  explicit DatagramBatch(size_t max_bytes)
      : max_bytes_(max_bytes), bytes_(kMost * max_bytes) {}
  DatagramBatch(const DatagramBatch&) = delete;
  DatagramBatch& operator=(const DatagramBatch&) = delete;

  // Forgets what was there and receives up to kMost datagrams. Returns how
  // many; 0 if there are none.
  size_t Receive(const DatagramSocket& socket) {
    std::array<mmsghdr, kMost> messages = {};
    for (size_t i = 0; i < kMost; ++i) {
      parts_[i] = {.iov_base = &bytes_[i * max_bytes_], .iov_len = max_bytes_};
      messages[i].msg_hdr = {.msg_name = &peers_[i],
                             .msg_namelen = sizeof(peers_[i]),
                             .msg_iov = &parts_[i],
                             .msg_iovlen = 1,
                             .msg_control = controls_[i].bytes,
                             .msg_controllen = sizeof(controls_[i].bytes),
                             .msg_flags = 0};
    }
    const int count =
        recvmmsg(socket.fd(), messages.data(), kMost, MSG_DONTWAIT, nullptr);
    size_ = 0;
    sent_ = 0;
    for (int i = 0; i < count; ++i) {
      answers_[i].clear();
      // What was cut is not what its sender meant.
      const bool whole = (messages[i].msg_hdr.msg_flags & MSG_TRUNC) == 0;
      sizes_[i] = whole ? messages[i].msg_len : 0;
      peer_sizes_[i] = messages[i].msg_hdr.msg_namelen;
      control_sizes_[i] = messages[i].msg_hdr.msg_controllen;
      size_ = i + 1;
    }
    return size_;
  }

  size_t size() const { return size_; }
  // REQUIRES, here and below: i < size(). Empty if it was too long.
  std::string_view datagram(size_t i) const {
    return {&bytes_[i * max_bytes_], sizes_[i]};
  }
  const sockaddr_storage& peer(size_t i) const { return peers_[i]; }

  // What is sent back to where datagram `i` came from, from the address to
  // which it came; nothing if it stays empty.
  std::string& answer(size_t i) { return answers_[i]; }

  // Sends the answers. False: the socket is full; call again when it can be
  // written. An answer that the kernel refuses for itself is dropped.
  bool Send(const DatagramSocket& socket) {
    while (sent_ < size_) {
      std::array<mmsghdr, kMost> messages = {};
      std::array<size_t, kMost> index;
      unsigned count = 0;
      for (size_t i = sent_; i < size_; ++i) {
        if (answers_[i].empty()) continue;
        index[count] = i;
        Fill(i, &messages[count++].msg_hdr);
      }
      if (count == 0) break;
      const int done =
          sendmmsg(socket.fd(), messages.data(), count, MSG_DONTWAIT);
      if (done > 0) {
        sent_ = index[done - 1] + 1;
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        sent_ = index[0];
        return false;
      } else if (errno != EINTR) {
        sent_ = index[0] + 1;
      }
    }
    sent_ = size_;
    return true;
  }

 private:
  static constexpr size_t kControlBytes =
      CMSG_SPACE(sizeof(in_pktinfo)) + CMSG_SPACE(sizeof(in6_pktinfo));
  struct Control {
    alignas(cmsghdr) char bytes[kControlBytes];
  };

  void Fill(size_t i, msghdr* message) {
    parts_[i] = {.iov_base = answers_[i].data(), .iov_len = answers_[i].size()};
    *message = {.msg_name = &peers_[i],
                .msg_namelen = peer_sizes_[i],
                .msg_iov = &parts_[i],
                .msg_iovlen = 1,
                .msg_control = controls_[i].bytes,
                .msg_controllen = control_sizes_[i],
                .msg_flags = 0};
    if (message->msg_controllen == 0) message->msg_control = nullptr;
    for (cmsghdr* each = CMSG_FIRSTHDR(message); each != nullptr;
         each = CMSG_NXTHDR(message, each)) {
      // By the route to the peer, whatever interface it came in by.
      if (each->cmsg_level != IPPROTO_IP || each->cmsg_type != IP_PKTINFO) {
        continue;
      }
      in_pktinfo info;
      std::memcpy(&info, CMSG_DATA(each), sizeof(info));
      info.ipi_ifindex = 0;
      std::memcpy(CMSG_DATA(each), &info, sizeof(info));
    }
  }

  const size_t max_bytes_;
  std::vector<char> bytes_;
  size_t size_ = 0;
  size_t sent_ = 0;  // all below are done with
  std::array<iovec, kMost> parts_ = {};
  std::array<sockaddr_storage, kMost> peers_ = {};
  std::array<socklen_t, kMost> peer_sizes_ = {};
  std::array<Control, kMost> controls_ = {};
  std::array<size_t, kMost> control_sizes_ = {};
  std::array<size_t, kMost> sizes_ = {};
  std::array<std::string, kMost> answers_;
};

}  // namespace cluster::sdk

#endif  // PLUGINS_SDK_DATAGRAM_H_
