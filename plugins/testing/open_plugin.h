// OpenPlugin: a plugin's file, loaded into a test that has nothing but what is
// installed. Tests of this workspace use loading.h, which loads as a worker
// does.
//
//   FakeHost host;
//   host.Run(OpenPlugin("./greeter.so"), [&] { ... });
#ifndef PLUGINS_TESTING_OPEN_PLUGIN_H_
#define PLUGINS_TESTING_OPEN_PLUGIN_H_

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>

#include "plugins/abi/cluster_plugin.h"

namespace cluster {

// Returns the functions of the worker plugin at `path`, which stays loaded. One
// that cannot be loaded, or is none, ends the test with code 1 and the reason
// on standard error. Whether a host would take it, `plugin_check inspect`
// tells.
inline const cluster_worker_plugin& OpenPlugin(const char* path) {
  void* const file = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  void* const symbol =
      file != nullptr ? dlsym(file, CLUSTER_PLUGIN_SYMBOL) : nullptr;
  if (symbol == nullptr) {
    std::fprintf(stderr, "cannot open the plugin: %s\n", dlerror());
    std::exit(1);
  }
  const auto* const entry = static_cast<const cluster_plugin_entry_t*>(symbol);
  if (entry->kind != CLUSTER_PLUGIN_KIND_WORKER || entry->table == nullptr) {
    std::fprintf(stderr, "%s is no plugin for workers\n", path);
    std::exit(1);
  }
  return *static_cast<const cluster_worker_plugin*>(entry->table);
}

}  // namespace cluster

#endif  // PLUGINS_TESTING_OPEN_PLUGIN_H_
