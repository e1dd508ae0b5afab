#include "tools/plugin_check/inspect.h"

#include <fcntl.h>

#include <algorithm>
#include <span>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/errno_status.h"
#include "core/base/status_macros.h"
#include "core/base/unique_fd.h"
#include "core/worker/host_services.h"
#include "plugins/abi/cluster_plugin.h"
#include "plugins/host/elf_image.h"
#include "plugins/host/offered_services.h"

namespace cluster {
namespace {

constexpr size_t kShownNames = 3;

// What a sanitizer's code calls, and the part of its libraries' names.
struct Runtime {
  absl::string_view prefix;
  absl::string_view library;
};
// Libraries of the first two have the functions of the third, too.
constexpr Runtime kRuntimes[] = {
    {"__asan_", "asan"},
    {"__tsan_", "tsan"},
    {"__ubsan_", "san"},
    {"__msan_", "msan"},
    {"__hwasan_", "hwasan"},
};

// Plugins that are built with AddressSanitizer are built with UBSan here.
bool HostHas(absl::string_view prefix, const HostAbi& host) {
  if (prefix == "__asan_" || prefix == "__ubsan_") return host.has_asan;
  return prefix == "__tsan_" && host.has_tsan;
}

bool IsOfHost(absl::string_view symbol) {
  return absl::StartsWith(symbol, "cluster_") ||
         (absl::StartsWith(symbol, "_Z") &&
          absl::StrContains(symbol, "N7cluster"));
}

bool NothingGives(absl::string_view symbol,
                  std::span<const absl::string_view> needed) {
  if (IsOfHost(symbol)) return true;
  for (const Runtime& runtime : kRuntimes) {
    if (!absl::StartsWith(symbol, runtime.prefix)) continue;
    if (HostHas(runtime.prefix, HostAbi::OfThisBuild())) return false;
    return std::none_of(needed.begin(), needed.end(), [&](auto library) {
      return absl::StrContains(library, runtime.library);
    });
  }
  return false;
}

std::string Names(std::span<const absl::string_view> names) {
  const size_t shown = std::min(names.size(), kShownNames);
  std::string text = absl::StrJoin(names.first(shown), ", ");
  if (names.size() > shown) {
    absl::StrAppend(&text, " and ", names.size() - shown, " more");
  }
  return text;
}

void ReadLinkage(const ElfImage& image, Inspection& out) {
  out.needed = image.needed();
  for (const ElfSymbol& symbol : image.symbols()) {
    if (symbol.defined) {
      out.exported.push_back(symbol.name);
    } else if (!symbol.weak && NothingGives(symbol.name, out.needed)) {
      out.unresolvable.push_back(symbol.name);
    }
  }
  for (auto* names : {&out.exported, &out.unresolvable, &out.needed}) {
    std::sort(names->begin(), names->end());
  }
}

absl::Status Verdict(const Inspection& seen, bool allow_draft) {
  RETURN_IF_ERROR(CheckCompatible(seen.info, seen.path));
  if (!seen.unresolvable.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        seen.path,
        " imports what nothing gives: ",
        Names(seen.unresolvable),
        IsOfHost(seen.unresolvable.front())
            ? "; the host's functions come from get_service, not the linker"
            : "; this host has no such sanitizer"));
  }
  return CheckOffered(seen.info.required_services,
                      seen.path,
                      HostServices::Registry().Ids(allow_draft));
}

std::vector<std::string> Warnings(const Inspection& seen) {
  std::vector<std::string> warnings;
  std::vector<absl::string_view> others = seen.exported;
  std::erase(others, CLUSTER_PLUGIN_SYMBOL);
  if (!others.empty()) {
    warnings.push_back(absl::StrCat(
        "exports more than " CLUSTER_PLUGIN_SYMBOL ": ", Names(others)));
  }
  if (!seen.info.has_note) {
    warnings.push_back(
        "has no note: nothing shows its name before it is loaded");
  }
  if (seen.info.build_id.empty()) {
    warnings.push_back("has no build id: link it with -Wl,--build-id");
  }
  return warnings;
}

}  // namespace

absl::StatusOr<Inspection> InspectPlugin(const std::string& path,
                                         bool allow_draft) {
  // Not blocked by a pipe that nobody writes to.
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return ErrnoStatus("open", path);
  Inspection seen;
  seen.path = path;
  ASSIGN_OR_RETURN(seen.file, ReadPluginBytes(fd.get(), path));
  ASSIGN_OR_RETURN(seen.info, ParsePlugin(seen.file, path));
  ASSIGN_OR_RETURN(const ElfImage image, ElfImage::Parse(seen.file, path));
  ReadLinkage(image, seen);
  seen.verdict = Verdict(seen, allow_draft);
  seen.warnings = Warnings(seen);
  return seen;
}

}  // namespace cluster
