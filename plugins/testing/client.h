// Client: the other end of a connection, in a test. Blocking, with a limit of
// 10 s on every wait, after which it returns what it has.
//
//   Client client(host.Connect());
//   client.Send("ping");
//   EXPECT_EQ(client.Read(4), "ping");
#ifndef PLUGINS_TESTING_CLIENT_H_
#define PLUGINS_TESTING_CLIENT_H_

#include <sys/socket.h>
#include <sys/time.h>

#include <string>
#include <string_view>
#include <utility>

#include "core/base/unique_fd.h"

namespace cluster {

class Client {
 public:
  explicit Client(UniqueFd fd) : fd_(std::move(fd)) {
    const timeval limit = {10, 0};
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  }

  int fd() const { return fd_.get(); }

  // Returns whether all of it went.
  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n =
          send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(n);
    }
    return true;
  }

  // Says that nothing more will be sent.
  void SendEnd() { shutdown(fd_.get(), SHUT_WR); }

  // Returns the next `size` bytes; fewer at the end of the stream.
  std::string Read(size_t size) {
    std::string bytes(size, '\0');
    size_t have = 0;
    while (have < size) {
      const ssize_t n = recv(fd_.get(), bytes.data() + have, size - have, 0);
      if (n <= 0) break;
      have += n;
    }
    bytes.resize(have);
    return bytes;
  }

  // Returns everything up to the end of the stream.
  std::string ReadToEnd() {
    std::string bytes;
    for (std::string piece; !(piece = Read(1)).empty();) bytes += piece;
    return bytes;
  }

  // Returns everything up to and with `mark`, or to the end of the stream.
  std::string ReadUntil(std::string_view mark) {
    std::string bytes;
    while (!bytes.ends_with(mark)) {
      const std::string piece = Read(1);
      if (piece.empty()) break;
      bytes += piece;
    }
    return bytes;
  }

 private:
  UniqueFd fd_;
};

}  // namespace cluster

#endif  // PLUGINS_TESTING_CLIENT_H_
