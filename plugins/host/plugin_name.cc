#include "plugins/host/plugin_name.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/errno_status.h"
#include "core/base/nearest_name.h"
#include "core/base/resolve_path.h"

namespace cluster {
namespace {

namespace fs = std::filesystem;

constexpr absl::string_view kSuffix = ".so";
// core/host/<binary> is this deep in the tree; more would leave it.
constexpr int kDepthInBuildTree = 3;

fs::path Path(absl::string_view text) { return fs::path(std::string(text)); }

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

fs::path BundledFile(const std::string& dir, const std::string& name) {
  return fs::path(dir) / "plugins" / name / absl::StrCat(name, kSuffix);
}

std::string BundledText(const PluginDirs& dirs) {
  const auto names = ListBundledPlugins(dirs);
  if (names.empty()) return "; no plugins are bundled with this host";
  return absl::StrCat("; bundled plugins: ", absl::StrJoin(names, ", "));
}

std::string NearestText(absl::string_view name, const PluginDirs& dirs) {
  const std::vector<std::string> names = ListBundledPlugins(dirs);
  const absl::string_view nearest =
      NearestName(name, {names.begin(), names.end()});
  if (nearest.empty()) return "";
  return absl::StrCat(": did you mean \"", nearest, "\"?");
}

}  // namespace

PluginDirs BundledPluginDirs(absl::string_view host_binary,
                             absl::string_view runfiles_dir) {
  PluginDirs dirs;
  const fs::path binary = Path(host_binary);
  dirs.push_back(absl::StrCat(host_binary, ".runfiles/cluster"));
  if (!runfiles_dir.empty()) {
    dirs.push_back((Path(runfiles_dir) / "cluster").string());
  }
  fs::path above = binary.parent_path();
  dirs.push_back((above.parent_path() / "lib" / "cluster").string());
  for (int i = 0; i < kDepthInBuildTree; ++i, above = above.parent_path()) {
    dirs.push_back(above.string());
  }
  return dirs;
}

PluginDirs BundledPluginDirs() {
  std::error_code error;
  const fs::path binary = fs::read_symlink("/proc/self/exe", error);
  const char* runfiles = std::getenv("RUNFILES_DIR");
  if (runfiles == nullptr) runfiles = std::getenv("TEST_SRCDIR");
  return BundledPluginDirs(binary.string(),
                           runfiles != nullptr ? runfiles : "");
}

std::vector<std::string> ListBundledPlugins(const PluginDirs& dirs) {
  std::vector<std::string> names;
  for (const std::string& dir : dirs) {
    std::error_code error;
    fs::directory_iterator at(fs::path(dir) / "plugins", error);
    for (; !error && at != fs::directory_iterator(); at.increment(error)) {
      const std::string name = at->path().filename().string();
      if (is_file(BundledFile(dir, name))) names.push_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

absl::StatusOr<std::string> FindPlugin(absl::string_view name,
                                       const PluginDirs& dirs,
                                       absl::string_view working_dir) {
  if (name.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("no plugin named", BundledText(dirs)));
  }
  if (absl::StrContains(name, '/') || absl::EndsWith(name, kSuffix)) {
    const std::string path = ResolvePath(working_dir, name);
    std::error_code error;
    if (fs::exists(path, error)) return path;
    if (error) return ErrnoStatus(error.value(), "stat", path);
    return absl::NotFoundError(
        absl::StrCat("plugin ", path, " does not exist", BundledText(dirs)));
  }
  for (const std::string& dir : dirs) {
    const fs::path path = BundledFile(dir, std::string(name));
    if (is_file(path)) return path.string();
  }
  return absl::NotFoundError(absl::StrCat("no bundled plugin is called \"",
                                          name,
                                          "\"",
                                          NearestText(name, dirs),
                                          " (write ./",
                                          name,
                                          kSuffix,
                                          " for a file of your own)",
                                          BundledText(dirs)));
}

}  // namespace cluster
