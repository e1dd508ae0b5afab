/* The contract between a worker host and a plugin: C11 and C++20, no library.
 *
 * A plugin is a shared object that exports one symbol, the constant
 * `cluster_plugin_entry`. The host reads its leading numbers from the file,
 * before any code of the plugin runs; it then loads it in a worker process
 * (never in the primary) and drives one instance through these states:
 *
 *     loaded --create--> created --start--> started --drain--> draining
 *            --stop--> stopped --destroy--> destroyed
 *
 * `stop` may follow `create` or `start` directly. Each function below carries a
 * tag [thread & states] that says where and when it may be called, and so does
 * each callback behind its name:
 *   loop-thread   the worker's main thread, the only one the host makes
 *   any-thread    every thread of the worker
 * A thread of the plugin's cannot know that `stop` has begun. What it calls
 * before `stop` has returned and is not for state stopped fails with
 * CLUSTER_E_STATE, and is no breach.
 *
 * Rules that hold everywhere:
 * - Pointers given to a call are borrowed until it returns, unless said
 *   otherwise. Memory is freed by the side that allocated it.
 * - A struct starts with its size in bytes. Structs grow at the end only; what
 *   lies beyond the size a side knows counts as zero, and is written as zero
 *   into a struct that the other side is to fill.
 * - No exception, longjmp or signal handler crosses.
 * - Nothing of the host is linked: all calls go through `cluster_host`.
 *
 * The services are in the headers that this one includes, a few to a file. A
 * plugin in C defines its entry by CLUSTER_WORKER_PLUGIN, which is in
 * cluster_plugin_note.h; one in C++ includes plugins/sdk/worker.h instead. The
 * ABI is 0.x: a host runs plugins built for CLUSTER_ABI_OLDEST_MINOR and later.
 * docs/plugin_abi.md has the life of a plugin and a worked example.
 */
#ifndef CLUSTER_PLUGIN_H_
#define CLUSTER_PLUGIN_H_

#include <stddef.h>
#include <stdint.h>

#include "cluster_config.h"
#include "cluster_connection.h"
#include "cluster_listener.h"
#include "cluster_loop.h"
#include "cluster_message.h"
#include "cluster_telemetry.h"
#include "cluster_types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CLUSTER_PLUGIN_MAGIC UINT64_C(0x47554c5053554c43) /* "CLUSPLUG" */

/* ---- What the plugin offers --------------------------------------------- */

typedef struct cluster_worker_plugin {
  uint32_t size;
  uint32_t flags;

  /* Makes the instance, `*self`. `host` lives as long as the process. Required.
   * Anything but CLUSTER_OK ends the worker with `error`; see the exit codes in
   * docs/plugin_abi.md for which are retried. Nothing of the plugin is called
   * after that, no callback either. [loop-thread & loaded] */
  cluster_status (*create)(const cluster_host* host,
                           void** self,
                           cluster_error* error);

  /* Gets ready to serve; connections may follow at once. Fails as `create`, but
   * that `stop` and `destroy` are called. May be NULL. [loop-thread & created]
   */
  cluster_status (*start)(void* self, cluster_error* error);

  /* Takes one connection, and `connection->fd` with it. `connection` itself is
   * borrowed. Required. [loop-thread & started, draining] */
  void (*on_connection)(void* self, const cluster_connection* connection);

  /* No more connections will come (but those already on their way). Finish what
   * runs and close what is idle. The worker ends when every connection is
   * closed, at the latest after `deadline_ms` milliseconds, of which
   * UINT64_MAX means none; that it has less time is not told later. `open` is
   * the number of open connections. If none is open, `stop` follows at once,
   * and this is called before it only where there is a datagram socket. May be
   * NULL. [loop-thread & started] */
  void (*drain)(void* self, uint64_t deadline_ms, uint64_t open);

  /* Stops: no callback follows but destroy. May be NULL.
   * [loop-thread & created, started, draining] */
  void (*stop)(void* self);

  /* Frees the instance. May be NULL. [loop-thread & stopped] */
  void (*destroy)(void* self);

  /* Runs the plugin's own loop until dispatch returns CLUSTER_STOPPED; see
   * cluster.embedding/1. NULL: the host's loop runs. Called once `start` has
   * returned. [loop-thread & started] */
  cluster_status (*run)(void* self);
} cluster_worker_plugin;

/* ---- The entry ---------------------------------------------------------- */

#define CLUSTER_PLUGIN_KIND_WORKER 1u

typedef struct cluster_plugin_entry_t {
  /* Read from the file, without loading it. */
  uint64_t magic;     /* CLUSTER_PLUGIN_MAGIC */
  uint32_t size;      /* of this struct */
  uint32_t kind;      /* CLUSTER_PLUGIN_KIND_* */
  uint32_t abi_major; /* what the plugin was built for */
  uint32_t abi_minor;
  uint32_t abi_minor_min; /* the oldest minor it can run on */
  uint32_t flags;
  /* Read after loading. */
  const char* name;
  const char* version;
  const char* const* required_services; /* ends with NULL; may be NULL */
  const char* const* optional_services; /* likewise */
  const void* table;                    /* by kind: cluster_worker_plugin */
} cluster_plugin_entry_t;

#define CLUSTER_PLUGIN_SYMBOL "cluster_plugin_entry"

#if defined(__GNUC__)
#define CLUSTER_EXPORT __attribute__((visibility("default")))
#else
#define CLUSTER_EXPORT
#endif

extern CLUSTER_EXPORT const cluster_plugin_entry_t cluster_plugin_entry;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* CLUSTER_PLUGIN_H_ */
