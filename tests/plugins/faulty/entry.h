/* The entry and the note of faulty.c, which some faults are in. Included once,
 * at its end: it names `table`.
 */
#ifndef TESTS_PLUGINS_FAULTY_ENTRY_H_
#define TESTS_PLUGINS_FAULTY_ENTRY_H_

#include "plugins/abi/cluster_plugin.h"
#include "plugins/abi/cluster_plugin_note.h"

#if defined(FAULT_ANOTHER_MAGIC)
#undef CLUSTER_PLUGIN_MAGIC
#define CLUSTER_PLUGIN_MAGIC 1
#endif

#if defined(FAULT_NOTE)
CLUSTER_PLUGIN_NOTE("faulty",
                    "1.0",
                    CLUSTER_SERVICE_LOOP_V1,
                    CLUSTER_SERVICE_CONNECTION_V1,
                    CLUSTER_SERVICE_CONFIG_V1);

static const char* const required[] = {
    CLUSTER_SERVICE_LOOP_V1, CLUSTER_SERVICE_CONNECTION_V1, NULL};
static const char* const optional[] = {
    CLUSTER_SERVICE_LOG_V1, CLUSTER_SERVICE_CONFIG_V1, NULL};

const cluster_plugin_entry_t cluster_plugin_entry = {
    .magic = CLUSTER_PLUGIN_MAGIC,
    .size = sizeof cluster_plugin_entry,
    .kind = CLUSTER_PLUGIN_KIND_WORKER,
    .abi_major = CLUSTER_ABI_MAJOR,
    .abi_minor = CLUSTER_ABI_MINOR,
    .abi_minor_min = CLUSTER_ABI_MINOR,
    .name = "faulty",
    .version = "1.0",
    .required_services = required,
    .optional_services = optional,
    .table = &table,
};
#elif defined(FAULT_UNLISTED)
CLUSTER_WORKER_PLUGIN("faulty",
                      "1.0",
                      table,
                      CLUSTER_SERVICE_LOOP_V1,
                      CLUSTER_SERVICE_CONNECTION_V1,
                      CLUSTER_SERVICE_CONFIG_V1);
#else
#if defined(FAULT_DISPATCHES)
#define OPTIONAL \
  CLUSTER_OPTIONAL(CLUSTER_SERVICE_LOG_V1, CLUSTER_SERVICE_EMBEDDING_V1)
#elif defined(FAULT_LISTENS)
#define OPTIONAL \
  CLUSTER_OPTIONAL(CLUSTER_SERVICE_LOG_V1, CLUSTER_SERVICE_LISTENER_V1)
#elif defined(FAULT_ASKS)
#define OPTIONAL \
  CLUSTER_OPTIONAL(CLUSTER_SERVICE_LOG_V1, CLUSTER_SERVICE_MESSAGE_V1)
#else
#define OPTIONAL CLUSTER_OPTIONAL(CLUSTER_SERVICE_LOG_V1)
#endif
CLUSTER_WORKER_PLUGIN_OPTIONAL("faulty",
                               "1.0",
                               table,
                               OPTIONAL,
                               CLUSTER_SERVICE_LOOP_V1,
                               CLUSTER_SERVICE_CONNECTION_V1,
                               CLUSTER_SERVICE_CONFIG_V1);
#endif

#endif /* TESTS_PLUGINS_FAULTY_ENTRY_H_ */
