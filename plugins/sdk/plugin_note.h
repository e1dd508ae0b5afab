// MakeNote: the ELF note of a plugin, from its options
// (plugins/abi/cluster_plugin_note.h). Of the SDK's own: include
// plugins/sdk/worker.h instead.
#ifndef PLUGINS_SDK_PLUGIN_NOTE_H_
#define PLUGINS_SDK_PLUGIN_NOTE_H_

#include <cstddef>
#include <string_view>

#include "plugins/abi/cluster_plugin_note.h"
#include "plugins/sdk/plugin_options.h"
#include "plugins/sdk/service_ids.h"

namespace cluster::sdk::internal {

// Appends to a NUL-terminated field. Not a constant expression when it does not
// fit, which makes that a compile error.
template <size_t N>
consteval void Append(char (&field)[N], std::string_view text) {
  const size_t used = std::string_view(field).size();
  if (used + text.size() >= N) throw "this text is too long for the note";
  for (size_t i = 0; i < text.size(); ++i) field[used + i] = text[i];
}

template <typename T>
consteval cluster_plugin_note MakeNote(const PluginOptions& options) {
  cluster_plugin_note note = {};
  note.owner_size = sizeof(CLUSTER_NOTE_OWNER);
  note.desc_size = sizeof(note.desc);
  note.type = CLUSTER_NOTE_TYPE;
  Append(note.owner, CLUSTER_NOTE_OWNER);
  note.desc.size = sizeof(note.desc);
  note.desc.kind = CLUSTER_PLUGIN_KIND_WORKER;
  note.desc.abi_major = CLUSTER_ABI_MAJOR;
  note.desc.abi_minor = CLUSTER_ABI_MINOR;
  note.desc.abi_minor_min = options.abi_minor_min;
  note.desc.sanitizers = CLUSTER_SANITIZERS;
  Append(note.desc.name, options.name);
  Append(note.desc.version, options.version);
  Append(note.desc.compiler, CLUSTER_COMPILER);
  for (const char* id : RequiredServices<T>(options)) {
    if (id == nullptr) break;
    if (note.desc.required_services[0] != 0) {
      Append(note.desc.required_services, " ");
    }
    Append(note.desc.required_services, id);
  }
  for (const char* id : OptionalServices(options)) {
    if (id == nullptr) break;
    if (note.desc.optional_services[0] != 0) {
      Append(note.desc.optional_services, " ");
    }
    Append(note.desc.optional_services, id);
  }
  return note;
}

}  // namespace cluster::sdk::internal

#endif  // PLUGINS_SDK_PLUGIN_NOTE_H_
