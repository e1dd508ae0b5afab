// A plugin of lambdas, in which plugin_check finds nothing.
#include <sys/socket.h>

#include <map>
#include <string>
#include <utility>

#include "plugins/sdk/lambda_worker.h"

namespace sdk = cluster::sdk;

namespace {

struct Peer {
  sdk::Connection connection;
  sdk::Watch watch;  // ends before the connection is closed
};

std::map<uint64_t, Peer> peers;
std::string word;

void Serve(uint64_t id) {
  char text[512];
  const int fd = peers.at(id).connection.fd();
  const ssize_t size = recv(fd, text, sizeof(text), 0);
  if (size > 0 && send(fd, word.data(), word.size(), MSG_NOSIGNAL) > 0) return;
  peers.erase(id);
}

}  // namespace

CLUSTER_PLUGIN_HOOKS(
    {.name = "lambda", .version = "1.0"},
    sdk::on_start = [](const sdk::Host& host) -> sdk::Status {
      const auto set = host.Config("word");
      if (!set) return {CLUSTER_E_CONFIG, "set what to say: --set word=TEXT"};
      word = *set;
      return {};
    },
    sdk::on_connection =
        [](const sdk::Host& host, sdk::Connection connection) {
          const uint64_t id = connection.id();
          auto watch = host.StartWatch(
              connection.fd(), CLUSTER_READABLE, [id](uint32_t) { Serve(id); });
          if (!watch.ok()) return;  // and the connection is closed
          peers.emplace(id, Peer{std::move(connection), *std::move(watch)});
        },
    sdk::on_drain = [](const sdk::Host&, const sdk::Drain&) { peers.clear(); },
    sdk::on_stop = [](const sdk::Host&) { peers.clear(); });
