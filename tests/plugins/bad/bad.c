/* A plugin with one fault, chosen by a macro: what a host must survive, and say
 * in one line. */
#define _GNU_SOURCE

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "plugins/abi/cluster_plugin.h"
#include "plugins/abi/cluster_plugin_note.h"

static const cluster_host* the_host;

#if defined(CONSTRUCTOR_ABORTS)
__attribute__((constructor)) static void on_load(void) { abort(); }
#endif

static cluster_status create(const cluster_host* host,
                             void** self,
                             cluster_error* error) {
  (void)error;
  the_host = host;
  *self = &the_host;
#if defined(CREATE_CLOSES_ALL)
  closefrom(3);
#endif
  return CLUSTER_OK;
}

static cluster_status start(void* self, cluster_error* error) {
  (void)self;
  (void)error;
#if defined(START_HANGS)
  for (;;) poll(NULL, 0, -1);
#endif
  return CLUSTER_OK;
}

static void on_connection(void* self, const cluster_connection* connection) {
  (void)self;
  const cluster_connection_v1* connections =
      the_host->get_service(the_host, CLUSTER_SERVICE_CONNECTION_V1);
#if defined(CONNECTION_CLOSES_ALL)
  closefrom(3);
#elif defined(CONNECTION_CLOSES_CHANNEL)
  close(3);
#elif defined(CLOSES_NOTHING)
  connections->close(the_host, -1, connection->id);
  return;
#elif defined(CLOSES_TWICE)
  connections->close(the_host, connection->fd, connection->id);
#endif
  connections->close(the_host, connection->fd, connection->id);
}

static const cluster_worker_plugin table = {
#if defined(TABLE_SIZE_0)
    .size = 0,
#elif defined(TABLE_SIZE_MAX)
    .size = UINT32_MAX,
#else
    .size = sizeof table,
#endif
#if !defined(NO_CREATE)
    .create = create,
#endif
    .start = start,
#if !defined(NO_ON_CONNECTION)
    .on_connection = on_connection,
#endif
};

static const char* const required[] = {
#if defined(ODD_SERVICE) || defined(NOTED_SERVICE)
    "cluster.tea/1",
#elif defined(DRAFT_SERVICE)
    "cluster.x-draft.tea/1",
#endif
    NULL};

#if defined(NOTED_SERVICE)
CLUSTER_PLUGIN_NOTE("bad", "1.0", "cluster.tea/1");
#endif

static const char* const optional[] = {
#if defined(ODD_WISHES)
    "cluster.coffee/2",
#endif
    NULL};

#if defined(NO_ENTRY)
extern CLUSTER_EXPORT const cluster_plugin_entry_t another_symbol;
const cluster_plugin_entry_t another_symbol = {
#else
const cluster_plugin_entry_t cluster_plugin_entry = {
#endif
#if defined(WRONG_MAGIC)
    .magic = 0x1234,
#else
    .magic = CLUSTER_PLUGIN_MAGIC,
#endif
#if defined(ENTRY_SIZE_0)
    .size = 0,
#elif defined(ENTRY_SIZE_MAX)
    .size = UINT32_MAX,
#else
.size = sizeof(cluster_plugin_entry_t),
#endif
    .kind = CLUSTER_PLUGIN_KIND_WORKER,
    .abi_major = CLUSTER_ABI_MAJOR,
#if defined(TOO_OLD)
    .abi_minor = 0,
#elif defined(TOO_NEW)
    .abi_minor = 77,
    .abi_minor_min = 77,
#elif defined(BUILT_FOR_NEWER)
    .abi_minor = 77,
#else
    .abi_minor = CLUSTER_ABI_MINOR,
#endif
    .name = "bad",
    .version = "1.0",
    .required_services = required,
    .optional_services = optional,
    .table = &table,
};
