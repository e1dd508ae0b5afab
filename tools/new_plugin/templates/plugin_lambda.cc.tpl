// @NAME@: says what --set greeting=TEXT is, and closes.
#include <sys/socket.h>

#include "plugins/sdk/lambda_worker.h"

namespace sdk = cluster::sdk;

CLUSTER_PLUGIN_ON_CONNECTION(
    {
        .name = "@NAME@",
        .version = "0.1",
    },
    [](const sdk::Host& host, sdk::Connection connection) {
      const auto greeting = host.Config("greeting").value_or("hello\n");
      send(connection.fd(), greeting.data(), greeting.size(), MSG_NOSIGNAL);
    });  // closed here
