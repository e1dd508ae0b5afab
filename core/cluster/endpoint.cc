#include "core/cluster/endpoint.h"

#include <limits.h>
#include <unistd.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/errno_status.h"
#include "core/base/status_macros.h"
#include "core/cluster/listened_address.h"
#include "ipc/address.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

absl::StatusOr<std::string> AbsolutePath(const std::string& path) {
  // Node's spelling of an abstract name.
  if (path.front() == '\0') return absl::StrCat("@", path.substr(1));
  if (path.front() == '/' || path.front() == '@') return path;
  char directory[PATH_MAX];
  if (getcwd(directory, sizeof(directory)) == nullptr) {
    return ErrnoStatus("getcwd", path);
  }
  return absl::StrCat(directory, "/", path);
}

absl::StatusOr<Endpoint> OfHost(const std::string& host,
                                int port,
                                const char* prefix,
                                const char* every) {
  const bool six = absl::StrContains(host, ":") && host.front() != '[';
  const std::string text = absl::StrCat(
      prefix, six ? "[" : "", host.empty() ? every : host, six ? "]" : "", ":");
  ASSIGN_OR_RETURN(const ListenAddress address,
                   ParseListenAddress(absl::StrCat(text, port)));
  Endpoint endpoint;
  // Which every address is, is for the primary to say.
  endpoint.text =
      address.any_host ? absl::StrCat(prefix, ":", port) : ToString(address);
  endpoint.asked = ToAddress(ToString(address));
  if (address.any_host) endpoint.asked.address.clear();
  return endpoint;
}

Endpoint OfFd(int fd) {
  Endpoint endpoint;
  endpoint.text = absl::StrCat("fd:", fd);
  endpoint.asked.fd = fd;
  return endpoint;
}

}  // namespace

absl::StatusOr<Endpoint> ToEndpoint(const ListenOptions& options) {
  Endpoint endpoint;
  if (options.fd >= 0) {
    endpoint = OfFd(options.fd);
  } else if (!options.path.empty()) {
    ASSIGN_OR_RETURN(const std::string path, AbsolutePath(options.path));
    endpoint.text = absl::StrCat("unix:", path);
    endpoint.asked = ToAddress(endpoint.text);
  } else {
    ASSIGN_OR_RETURN(endpoint, OfHost(options.host, options.port, "", ""));
  }
  const auto flag = [](bool set, uint32_t bit) { return set ? bit : 0u; };
  endpoint.flags =
      flag(options.exclusive || options.reuse_port, CLUSTER_LISTEN_EXCLUSIVE) |
      flag(options.reuse_port, CLUSTER_LISTEN_REUSE_PORT) |
      flag(options.ipv6_only, CLUSTER_LISTEN_IPV6_ONLY) |
      flag(options.readable_all, CLUSTER_LISTEN_READABLE_ALL) |
      flag(options.writable_all, CLUSTER_LISTEN_WRITABLE_ALL);
  return endpoint;
}

absl::StatusOr<Endpoint> ToEndpoint(const BindOptions& options,
                                    const DatagramOptions& socket) {
  Endpoint endpoint;
  if (options.fd >= 0) {
    endpoint = OfFd(options.fd);
  } else {
    ASSIGN_OR_RETURN(endpoint,
                     OfHost(options.address,
                            options.port,
                            "udp:",
                            socket.ipv6 ? "[::]" : "0.0.0.0"));
  }
  const auto flag = [](bool set, uint32_t bit) { return set ? bit : 0u; };
  endpoint.flags =
      flag(options.exclusive || socket.reuse_port, CLUSTER_LISTEN_EXCLUSIVE) |
      flag(socket.reuse_port, CLUSTER_LISTEN_REUSE_PORT) |
      flag(socket.reuse_address, CLUSTER_LISTEN_REUSE_ADDRESS) |
      flag(socket.ipv6_only, CLUSTER_LISTEN_IPV6_ONLY);
  return endpoint;
}

}  // namespace cluster
