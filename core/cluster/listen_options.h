// ListenOptions, BindOptions: where a worker listens, and how, in Node's words.
//
// Thread safety: plain values.
//
//   worker.listen({.port = 8000, .host = "127.0.0.1"}, on_connection);
#ifndef CORE_CLUSTER_LISTEN_OPTIONS_H_
#define CORE_CLUSTER_LISTEN_OPTIONS_H_

#include <string>

namespace cluster {

struct ListenOptions {
  int port = 0;           // 0: a free one, the same for all workers
  std::string host = {};  // a number or a name; empty: every address
  // Of a Unix socket, instead of the two; it may be relative, as long as
  // PATH_MAX, or an abstract name ("@name").
  std::string path = {};
  int fd = -1;      // a listening descriptor of the primary's, instead of these
  int backlog = 0;  // 0: 511
  bool exclusive = false;   // not shared with other workers
  bool reuse_port = false;  // likewise, but the port may be bound again
  bool ipv6_only = false;
  // All users may connect to the Unix socket: more than the umask leaves.
  bool readable_all = false;
  bool writable_all = false;
};

// Of a datagram socket.
struct BindOptions {
  int port = 0;
  std::string address = {};  // a number or a name; empty: every address
  int fd = -1;               // a bound descriptor of the primary's, instead
  bool exclusive = false;
};

// What a datagram socket is from its beginning.
struct DatagramOptions {
  bool ipv6 = false;           // "udp6"
  bool reuse_address = false;  // SO_REUSEADDR
  bool reuse_port = false;     // SO_REUSEPORT; it is not shared then
  bool ipv6_only = false;
};

}  // namespace cluster

#endif  // CORE_CLUSTER_LISTEN_OPTIONS_H_
