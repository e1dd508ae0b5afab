// LoadForTest: a plugin among a test's `data`, loaded into the test.
//
//   const LoadedPlugin plugin = LoadForTest("plugins/echo/echo.so");
#ifndef PLUGINS_TESTING_LOADING_H_
#define PLUGINS_TESTING_LOADING_H_

#include <fcntl.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/errno_status.h"
#include "plugins/abi/cluster_plugin.h"
#include "plugins/host/plugin_loader.h"

namespace cluster {

// What a worker offers, in its order.
inline constexpr auto kEveryService =
    std::to_array<absl::string_view>({CLUSTER_SERVICE_LOOP_V1,
                                      CLUSTER_SERVICE_EMBEDDING_V1,
                                      CLUSTER_SERVICE_CONNECTION_V1,
                                      CLUSTER_SERVICE_CONFIG_V1,
                                      CLUSTER_SERVICE_LOG_V1,
                                      CLUSTER_SERVICE_METRIC_V1,
                                      CLUSTER_SERVICE_HEALTH_V1,
                                      CLUSTER_SERVICE_THREAD_CHECK_V1,
                                      CLUSTER_SERVICE_MESSAGE_V1,
                                      CLUSTER_SERVICE_LISTENER_V1,
                                      CLUSTER_SERVICE_DATAGRAM_V1,
                                      CLUSTER_SERVICE_ACCEPTOR_V1});

// Returns where a file among a test's `data` is.
inline std::string DataPath(const std::string& label_path) {
  return std::string(std::getenv("TEST_SRCDIR")) + "/cluster/" + label_path;
}

// Loads it through a descriptor that stays open. `path` is below the workspace.
inline absl::StatusOr<LoadedPlugin> TryLoad(const std::string& path) {
  const std::string full = DataPath(path);
  const int fd = open(full.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus("open", full);
  return LoadPlugin(fd, full, kEveryService);
}

// The same where a failure ends the test program.
inline LoadedPlugin LoadForTest(const std::string& path) {
  absl::StatusOr<LoadedPlugin> plugin = TryLoad(path);
  if (plugin.ok()) return *plugin;
  std::fprintf(stderr, "%s\n", plugin.status().ToString().c_str());
  std::abort();
}

}  // namespace cluster

#endif  // PLUGINS_TESTING_LOADING_H_
