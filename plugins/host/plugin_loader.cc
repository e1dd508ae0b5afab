#include "plugins/host/plugin_loader.h"

#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/errno_status.h"
#include "core/base/status_macros.h"
#include "plugins/host/draft_service.h"
#include "plugins/host/offered_services.h"
#include "plugins/host/plugin_file.h"
#include "plugins/host/struct_size.h"

namespace cluster {
namespace {

absl::Status Refuse(absl::string_view name, absl::string_view what) {
  return absl::FailedPreconditionError(absl::StrCat(name, " ", what));
}

bool names_file(const std::string& path, const struct stat& pinned) {
  struct stat found;
  return stat(path.c_str(), &found) == 0 && found.st_dev == pinned.st_dev &&
         found.st_ino == pinned.st_ino;
}

// The loader takes a name without a slash for one to search for.
std::string WithSlash(const std::string& path) {
  return absl::StrContains(path, '/') ? path : absl::StrCat("./", path);
}

// The process id keeps the name unlike every other that is loaded: the loader
// compares names before it looks at files.
std::string DescriptorPath(int fd) {
  return absl::StrCat("/proc/", getpid(), "/fd/", fd);
}

absl::StatusOr<void*> OpenPinned(int pinned_fd, const std::string& path) {
  struct stat pinned;
  if (fstat(pinned_fd, &pinned) != 0) return ErrnoStatus("fstat", path);
  const bool by_path = names_file(WithSlash(path), pinned);
  const std::string name =
      by_path ? WithSlash(path) : DescriptorPath(pinned_fd);
  void* handle = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* reason = dlerror();
    return Refuse(path,
                  absl::StrCat("cannot be loaded: ",
                               reason != nullptr ? reason : "no reason given"));
  }
  if (by_path && !names_file(name, pinned)) {
    return absl::AbortedError(
        absl::StrCat(path, " was replaced while it was loaded"));
  }
  return handle;
}

absl::StatusOr<cluster_plugin_entry_t> CopyEntry(
    const cluster_plugin_entry_t& theirs, absl::string_view name) {
  if (theirs.magic != CLUSTER_PLUGIN_MAGIC) {
    return Refuse(name,
                  absl::StrCat("is not a cluster plugin: its entry starts with "
                               "0x",
                               absl::Hex(theirs.magic),
                               " in place of the magic number 0x",
                               absl::Hex(CLUSTER_PLUGIN_MAGIC)));
  }
  if (!CanBeSize(theirs.size, kFirstEntryBytes)) {
    return Refuse(name,
                  absl::StrCat("has a malformed entry: its size is ",
                               DescribeSize(theirs.size, kFirstEntryBytes)));
  }
  const auto entry = CopyKnown<cluster_plugin_entry_t>(&theirs, theirs.size);
  PluginInfo info;
  info.kind = entry.kind;
  info.abi_major = entry.abi_major;
  info.abi_minor = entry.abi_minor;
  info.abi_minor_min = entry.abi_minor_min;
  RETURN_IF_ERROR(CheckCompatible(info, name));
  return entry;
}

// The ids of `list`, which ends with NULL and may be NULL itself.
std::vector<absl::string_view> Ids(const char* const* list) {
  std::vector<absl::string_view> ids;
  for (; list != nullptr && *list != nullptr; ++list) ids.push_back(*list);
  return ids;
}

absl::StatusOr<cluster_worker_plugin> CopyTable(
    const cluster_plugin_entry_t& entry, absl::string_view name) {
  const auto* theirs = static_cast<const cluster_worker_plugin*>(entry.table);
  if (theirs == nullptr) return Refuse(name, "has no table of functions");
  if (!CanBeSize(theirs->size, kFirstWorkerTableBytes)) {
    return Refuse(
        name,
        absl::StrCat("has a malformed table of functions: its size "
                     "is ",
                     DescribeSize(theirs->size, kFirstWorkerTableBytes)));
  }
  auto table = CopyKnown<cluster_worker_plugin>(theirs, theirs->size);
  table.size = sizeof(table);
  if (table.create == nullptr) {
    return Refuse(name, "has no function create in its table");
  }
  if (table.on_connection == nullptr) {
    return Refuse(name, "has no function on_connection in its table");
  }
  return table;
}

}  // namespace

absl::StatusOr<LoadedPlugin> LoadPlugin(
    int pinned_fd,
    const std::string& path,
    std::span<const absl::string_view> services) {
  ASSIGN_OR_RETURN(void* handle, OpenPinned(pinned_fd, path));
  const void* symbol = dlsym(handle, CLUSTER_PLUGIN_SYMBOL);
  if (symbol == nullptr) {
    return Refuse(
        path, "is not a cluster plugin: it exports no " CLUSTER_PLUGIN_SYMBOL);
  }
  return AdoptEntry(
      static_cast<const cluster_plugin_entry_t*>(symbol), path, services);
}

std::string DescribeMissing(const cluster_plugin_entry_t& entry,
                            std::span<const absl::string_view> services) {
  std::vector<std::string> parts;
  if (entry.abi_minor > CLUSTER_ABI_MINOR) {
    parts.push_back(absl::StrCat("it was built for plugin ABI ",
                                 entry.abi_major,
                                 ".",
                                 entry.abi_minor,
                                 ", and this host speaks ",
                                 CLUSTER_ABI_MAJOR,
                                 ".",
                                 CLUSTER_ABI_MINOR));
  }
  const std::vector<absl::string_view> missing =
      NotOffered(Ids(entry.optional_services), services);
  if (!missing.empty()) {
    parts.push_back(absl::StrCat("this host does not offer ",
                                 absl::StrJoin(missing, ", "),
                                 DraftAdvice(missing)));
  }
  return absl::StrJoin(parts, "; ");
}

absl::StatusOr<LoadedPlugin> AdoptEntry(
    const cluster_plugin_entry_t* entry,
    absl::string_view name,
    std::span<const absl::string_view> services) {
  if (entry == nullptr) return Refuse(name, "has no entry");
  ASSIGN_OR_RETURN(const cluster_plugin_entry_t known, CopyEntry(*entry, name));
  RETURN_IF_ERROR(CheckOffered(Ids(known.required_services), name, services));
  ASSIGN_OR_RETURN(const cluster_worker_plugin table, CopyTable(known, name));
  return LoadedPlugin{known, table};
}

}  // namespace cluster
