#include "core/host/banner.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"

namespace cluster {
namespace {

// The address as people would use it: a URL where the plugin's name says that
// it speaks HTTP.
std::string Location(const ListenAddress& address, absl::string_view plugin) {
  const std::string text = ToString(address);
  const bool url = address.kind == ListenAddress::Kind::kTcp &&
                   absl::StrContains(plugin, "http");
  return url ? absl::StrCat("http://", text, "/") : text;
}

// Which build is loaded, for as long as the file at its path may be another.
std::string PluginLine(const Banner& banner) {
  std::vector<std::string> parts;
  if (!banner.version.empty()) parts.push_back(banner.version);
  if (!banner.build_id.empty()) {
    parts.push_back(absl::StrCat("build id ", banner.build_id));
  }
  if (parts.empty()) return "";
  return absl::StrCat("\n  plugin     ", absl::StrJoin(parts, ", "));
}

}  // namespace

std::string ToText(const Banner& banner) {
  const std::string locations = absl::StrJoin(
      banner.bound, ", ", [&](std::string* out, const ListenAddress& bound) {
        absl::StrAppend(out, Location(bound, banner.plugin));
      });
  return absl::StrCat("Serving ",
                      banner.plugin,
                      " on ",
                      locations,
                      PluginLine(banner),
                      "\n  workers    ",
                      banner.workers,
                      "\n  policy     ",
                      banner.policy.empty() ? "the kernel's" : banner.policy,
                      "\n  data path  ",
                      DataPathName(banner.data_path),
                      "\n  stop       Ctrl-C (again to stop at once)\n");
}

}  // namespace cluster
