// static_files: a file server. The worked example of a C++ plugin on the host's
// own loop: watches, one timer, and nothing but the kernel behind them.
//
//   --set root=FOLDER    what is served; README.md has the other settings
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "plugins/sdk/worker.h"
#include "plugins/static_files/options.h"
#include "plugins/static_files/responder.h"
#include "plugins/static_files/served_root.h"
#include "plugins/static_files/session_list.h"

namespace cluster::static_files {
namespace {

std::vector<Setting> Settings(const sdk::Host& host) {
  std::vector<Setting> settings;
  for (uint64_t n = 0; const auto setting = host.ConfigEntry(n); ++n) {
    settings.push_back(*setting);
  }
  return settings;
}

// Relative to where the command was typed, which under `bazel run` is not the
// working directory.
std::string ResolveRoot(const std::string& root) {
  const char* const directory = std::getenv("BUILD_WORKING_DIRECTORY");
  if (root.starts_with('/') || directory == nullptr) return root;
  return std::string(directory) + "/" + root;
}

class StaticFiles final : public sdk::Worker {
 public:
  using Worker::Worker;

  sdk::Status OnStart() override {
    sdk::Result<Options> options = ParseOptions(Settings(host()));
    return options.ok() ? Serve(*options) : options.status();
  }

  void OnConnection(sdk::Connection connection) override {
    sessions_->Add(std::move(connection));
  }

  void OnDrain(const sdk::Drain&) override { sessions_->Drain(); }
  void OnStop() override { sessions_.reset(); }

 private:
  sdk::Status Serve(const Options& options) {
    sdk::Result<ServedRoot> root = ServedRoot::At(ResolveRoot(options.root));
    if (!root.ok()) return root.status();
    responder_.emplace(*std::move(root), options);
    sessions_.emplace(host(), *responder_, options);
    return {};
  }

  std::optional<Responder> responder_;
  std::optional<SessionList> sessions_;
};

}  // namespace
}  // namespace cluster::static_files

CLUSTER_PLUGIN(cluster::static_files::StaticFiles,
               {.name = "static_files", .version = "1.0"});
