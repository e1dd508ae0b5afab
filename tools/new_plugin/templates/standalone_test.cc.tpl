// The plugin on a host without processes; test.sh serves it with the real one.
#include <cstdio>
#include <string>

#include "plugins/testing/client.h"
#include "plugins/testing/fake_host.h"
#include "plugins/testing/open_plugin.h"

int main(int, char** arguments) {
  cluster::FakeHost host;
  host.config["greeting"] = "good day\n";
  std::string answer;
  const cluster_status status =
      host.Run(cluster::OpenPlugin(arguments[1]),
               [&] { answer = cluster::Client(host.Connect()).ReadToEnd(); });
  if (status == CLUSTER_OK && answer == "good day\n" && host.open() == 0) {
    return 0;
  }
  std::fprintf(stderr,
               "FAILED: status %d, the answer is '%s', open are %zu\n",
               status,
               answer.c_str(),
               host.open());
  return 1;
}
