#include "tools/plugin_check/probe/file_checks.h"

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "plugins/host/elf_image.h"
#include "plugins/host/plugin_file.h"
#include "tools/plugin_check/inspect.h"
#include "tools/plugin_check/probe/finding.h"
#include "tools/plugin_check/probe/reporter.h"

namespace cluster {
namespace {

// Given by the host where it is built likewise; inspect knows when it is not.
constexpr std::array<absl::string_view, 6> kSanitizerPrefixes = {
    "__asan_", "__tsan_", "__ubsan_", "__lsan_", "__sanitizer_", "__msan_"};

bool IsOfSanitizer(absl::string_view symbol) {
  return std::any_of(
      kSanitizerPrefixes.begin(), kSanitizerPrefixes.end(), [&](auto prefix) {
        return absl::StartsWith(symbol, prefix);
      });
}

// Where the loader finds a library for the plugin at `plugin`: in a folder of
// its own search path, else by its name, where the system has it (ld.so(8)).
std::string Locate(absl::string_view library,
                   absl::string_view search_path,
                   const std::string& plugin) {
  const std::string origin = plugin.substr(0, plugin.rfind('/'));
  if (absl::StrContains(library, '/')) return std::string(library);
  for (const absl::string_view folder :
       absl::StrSplit(search_path, ':', absl::SkipEmpty())) {
    const std::string path =
        absl::StrCat(absl::StrReplaceAll(
                         folder, {{"$ORIGIN", origin}, {"${ORIGIN}", origin}}),
                     "/",
                     library);
    if (access(path.c_str(), R_OK) == 0) return path;
  }
  return std::string(library);
}

// The libraries that the file needs, as its own scope: beside them only what
// the process happens to have could give a symbol.
std::vector<void*> OpenNeeded(const Inspection& seen, const ElfImage& image) {
  std::vector<void*> libraries;
  for (const absl::string_view name : seen.needed) {
    const std::string file = Locate(name, image.library_path(), seen.path);
    void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library != nullptr) {
      libraries.push_back(library);
      continue;
    }
    const char* why = dlerror();
    Reporter::Get().Found(Finding::kUndefinedSymbol,
                          absl::StrCat("needs ",
                                       name,
                                       ", which cannot be loaded: ",
                                       why != nullptr ? why : "no reason"));
  }
  return libraries;
}

bool Gives(const std::vector<void*>& libraries, const std::string& symbol) {
  return std::any_of(libraries.begin(), libraries.end(), [&](void* library) {
    dlerror();
    return dlsym(library, symbol.c_str()) != nullptr || dlerror() == nullptr;
  });
}

std::string Joined(const char* const* ids) {
  std::vector<absl::string_view> list;
  for (; ids != nullptr && *ids != nullptr; ++ids) list.push_back(*ids);
  return absl::StrJoin(list, " ");
}

void ReportDifference(absl::string_view what,
                      absl::string_view note,
                      absl::string_view entry) {
  if (note == entry) return;
  Reporter::Get().Found(Finding::kFileUnfit,
                        absl::StrCat(what,
                                     " is \"",
                                     note,
                                     "\" in the note, \"",
                                     entry,
                                     "\" in the entry"));
}

}  // namespace

void CheckFile(const std::string& path, bool allow_draft) {
  const absl::StatusOr<Inspection> seen = InspectPlugin(path, allow_draft);
  Reporter& reporter = Reporter::Get();
  if (!seen.ok()) {
    reporter.Found(Finding::kFileUnfit, seen.status().message());
    return;
  }
  // What is undefined has a check of its own.
  if (!seen->verdict.ok() && seen->unresolvable.empty()) {
    reporter.Found(Finding::kFileUnfit, seen->verdict.message());
  }
  for (const std::string& warning : seen->warnings) {
    reporter.Found(Finding::kFileUntidy, warning);
  }
}

void CheckSymbols(const std::string& path) {
  const absl::StatusOr<Inspection> seen = InspectPlugin(path);
  if (!seen.ok()) {
    Reporter::Get().Skip("the file cannot be read: see the check elf");
    return;
  }
  const absl::StatusOr<ElfImage> image = ElfImage::Parse(seen->file, path);
  if (!image.ok()) return;
  for (const absl::string_view symbol : seen->unresolvable) {
    Reporter::Get().Found(Finding::kUndefinedSymbol,
                          absl::StrCat("nothing gives ", symbol));
  }
  const std::vector<void*> libraries = OpenNeeded(*seen, *image);
  for (const ElfSymbol& symbol : image->symbols()) {
    if (symbol.defined || symbol.weak || IsOfSanitizer(symbol.name)) continue;
    if (std::count(seen->unresolvable.begin(),
                   seen->unresolvable.end(),
                   symbol.name) > 0 ||
        Gives(libraries, std::string(symbol.name))) {
      continue;
    }
    Reporter::Get().Found(
        Finding::kUndefinedSymbol,
        absl::StrCat("no library that it needs gives ", symbol.name));
  }
}

void CheckNote(const std::string& path, const cluster_plugin_entry_t& entry) {
  const absl::StatusOr<PluginInfo> info = ReadPluginFile(path);
  if (!info.ok() || !info->has_note) return;
  ReportDifference(
      "the name", info->name, entry.name != nullptr ? entry.name : "");
  ReportDifference("the version",
                   info->version,
                   entry.version != nullptr ? entry.version : "");
  ReportDifference("the list of required services",
                   absl::StrJoin(info->required_services, " "),
                   Joined(entry.required_services));
  // A note may be older than its field for them.
  if (info->optional_services.empty()) return;
  ReportDifference("the list of optional services",
                   absl::StrJoin(info->optional_services, " "),
                   Joined(entry.optional_services));
}

}  // namespace cluster
