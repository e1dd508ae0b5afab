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
 * tag [thread & states] that says where and when it may be called:
 *   loop-thread   the worker's main thread, the only one the host makes
 *   any-thread    every thread of the worker
 *
 * Rules that hold everywhere:
 * - Pointers given to a call are borrowed until it returns, unless said
 *   otherwise. Memory is freed by the side that allocated it.
 * - A struct starts with its size in bytes. Structs grow at the end only; what
 *   lies beyond the size a side knows counts as zero.
 * - No exception, longjmp or signal handler crosses.
 * - Nothing of the host is linked: all calls go through `cluster_host`.
 *
 * The ABI is 0.x: a plugin built for 0.N runs on a host that says it speaks
 * 0.N. docs/plugin_abi.md has the life of a plugin and a worked example.
 */
#ifndef CLUSTER_PLUGIN_H_
#define CLUSTER_PLUGIN_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CLUSTER_ABI_MAJOR 0u
#define CLUSTER_ABI_MINOR 1u
/* "CLUSPLUG" in memory on a little-endian machine. */
#define CLUSTER_PLUGIN_MAGIC UINT64_C(0x47554c5053554c43)

/* ---- Results ------------------------------------------------------------ */

/* 0 is success. 1-99: try again later. 100-199: the configuration is wrong.
 * 200-299: permanent, a retry fails likewise. 300-399: a bug in the caller. */
typedef int32_t cluster_status;
#define CLUSTER_OK 0
#define CLUSTER_E_FULL 1
#define CLUSTER_E_SYSTEM 2
#define CLUSTER_E_CONFIG 100
#define CLUSTER_E_UNSUPPORTED 200
#define CLUSTER_E_FAILED 201
#define CLUSTER_E_INVALID 300
#define CLUSTER_E_STATE 301
/* Returned by cluster_embedding_v1.dispatch: the worker has ended. */
#define CLUSTER_STOPPED 1000

/* Text or bytes; not terminated. `data` may be NULL when `size` is 0. */
typedef struct cluster_string {
  const char* data;
  uint64_t size;
} cluster_string;

/* Where a call that may fail explains itself. The caller owns it and sets
 * `size`; the callee writes `code` and a NUL-terminated `message`. */
typedef struct cluster_error {
  uint32_t size;
  cluster_status code;
  char message[248];
} cluster_error;

/* ---- Connections -------------------------------------------------------- */

#define CLUSTER_FAMILY_NONE 0u
#define CLUSTER_FAMILY_UNIX 1u
#define CLUSTER_FAMILY_IPV4 4u
#define CLUSTER_FAMILY_IPV6 6u

typedef struct cluster_address {
  uint8_t family; /* CLUSTER_FAMILY_*; NONE for an unnamed Unix peer */
  uint8_t reserved;
  uint16_t port;     /* host byte order */
  uint32_t scope_id; /* IPv6 only */
  uint8_t bytes[16]; /* network byte order; IPv4 uses the first four */
} cluster_address;

/* One accepted connection, given to on_connection. */
typedef struct cluster_connection {
  uint32_t size;
  int32_t fd;           /* non-blocking; yours from now on */
  uint64_t id;          /* unique in this host's life */
  uint64_t accepted_ns; /* CLOCK_MONOTONIC */
  uint32_t listener;    /* index in the order of the host's --listen */
  uint32_t reserved;
  cluster_address peer;
} cluster_connection;

/* ---- What the host offers ----------------------------------------------- */

typedef struct cluster_host cluster_host;

struct cluster_host {
  uint32_t size;
  uint32_t flags;
  uint32_t abi_major;
  uint32_t abi_minor;
  void* host_data; /* the host's own; do not touch */

  /* Returns the table of the service `id`, such as "cluster.loop/1", or NULL
   * if this host has none. The table lives as long as the process.
   * [any-thread & created and later] */
  const void* (*get_service)(const cluster_host* host, const char* id);
};

/* cluster.loop/1: the worker's event loop. */
#define CLUSTER_SERVICE_LOOP_V1 "cluster.loop/1"

#define CLUSTER_READABLE 1u
#define CLUSTER_WRITABLE 2u
#define CLUSTER_HANGUP 4u /* reported, never asked for */

typedef struct cluster_watch cluster_watch; /* owned by the host */
typedef struct cluster_timer cluster_timer; /* owned by the host */

typedef struct cluster_loop_v1 {
  uint32_t size;
  uint32_t flags;

  /* Calls `ready` from the loop while `fd` is ready (level-triggered) for one
   * of `events`. The descriptor stays yours; end the watch before you close
   * it. Writes the handle to `*watch`.
   * CLUSTER_E_SYSTEM: epoll refused (see errno); CLUSTER_E_INVALID: bad fd.
   * [loop-thread & created to draining] */
  cluster_status (*watch)(const cluster_host* host,
                          int32_t fd,
                          uint32_t events,
                          void (*ready)(void* ctx, uint32_t events),
                          void* ctx,
                          cluster_watch** watch);

  /* Replaces the events asked for. 0 keeps the watch and waits for none.
   * [loop-thread & created to draining] */
  cluster_status (*modify)(const cluster_host* host,
                           cluster_watch* watch,
                           uint32_t events);

  /* Ends the watch: `ready` is not called again, also not for an event that
   * was already fetched. Frees the handle. [loop-thread & created to stopped]
   */
  void (*unwatch)(const cluster_host* host, cluster_watch* watch);

  /* Calls `fire` once from the loop after `delay_us` microseconds. The handle
   * is freed when it has fired or is cancelled.
   * [loop-thread & created to draining] */
  cluster_status (*start_timer)(const cluster_host* host,
                                uint64_t delay_us,
                                void (*fire)(void* ctx),
                                void* ctx,
                                cluster_timer** timer);

  /* [loop-thread & created to stopped] */
  void (*cancel_timer)(const cluster_host* host, cluster_timer* timer);

  /* Calls `run` once from the loop, in the order of posting. The one door for
   * other threads. CLUSTER_E_FULL: 4,096 are waiting, nothing was queued.
   * [any-thread & created to draining] */
  cluster_status (*post)(const cluster_host* host,
                         void (*run)(void* ctx),
                         void* ctx);
} cluster_loop_v1;

/* cluster.embedding/1: for a plugin that runs a loop of its own (Asio, libuv).
 * Such a plugin sets cluster_worker_plugin.run, watches `pollable` there, and
 * calls `dispatch` whenever it is readable. */
#define CLUSTER_SERVICE_EMBEDDING_V1 "cluster.embedding/1"

typedef struct cluster_embedding_v1 {
  uint32_t size;
  uint32_t flags;

  /* A descriptor that polls readable (level-triggered) when `dispatch` has
   * work. The host's; never read, write or close it. [loop-thread & created to
   * stopped] */
  int32_t (*pollable)(const cluster_host* host);

  /* Does what is due, without waiting: connections, timers, posts, drain.
   * CLUSTER_OK: go on. CLUSTER_STOPPED: return from `run` now.
   * [loop-thread & started, draining; only from inside run] */
  cluster_status (*dispatch)(const cluster_host* host);
} cluster_embedding_v1;

/* cluster.connection/1: what the host must know of a connection's end. The
 * number of open connections is what scheduling, draining and the count of
 * lost connections rest on, so each `id` ends by exactly one of these. */
#define CLUSTER_SERVICE_CONNECTION_V1 "cluster.connection/1"

typedef struct cluster_connection_v1 {
  uint32_t size;
  uint32_t flags;

  /* Closes `fd` in the order that is right while the primary may still hold a
   * copy: shutdown(2), then close(2). End every watch on it before. Takes the
   * descriptor. [loop-thread & started to stopped] */
  void (*close)(const cluster_host* host, int32_t fd, uint64_t id);

  /* Says that you closed the connection by your own means (after shutdown(2):
   * a plain close(2) reaches the peer up to 5 ms late, and leaves the number in
   * your epoll set). [any-thread & started to stopped] */
  void (*closed)(const cluster_host* host, uint64_t id);

  /* Writes the local address of `fd`. CLUSTER_E_SYSTEM: see errno.
   * [any-thread & started to stopped] */
  cluster_status (*local_address)(const cluster_host* host,
                                  int32_t fd,
                                  cluster_address* address);
} cluster_connection_v1;

/* cluster.config/1: the host's --set KEY=VALUE pairs and plugin arguments.
 * What it returns lives as long as the process. */
#define CLUSTER_SERVICE_CONFIG_V1 "cluster.config/1"

typedef struct cluster_config_v1 {
  uint32_t size;
  uint32_t flags;

  /* Returns the value of `key`; data is NULL when it was not set.
   * [any-thread & created to stopped] */
  cluster_string (*get)(const cluster_host* host, const char* key);

  /* The n-th pair, in the order given; both NULL behind the last.
   * [any-thread & created to stopped] */
  void (*entry)(const cluster_host* host,
                uint64_t n,
                cluster_string* key,
                cluster_string* value);

  /* The n-th argument after `--`; data is NULL behind the last.
   * [any-thread & created to stopped] */
  cluster_string (*argument)(const cluster_host* host, uint64_t n);

  /* This worker's id, from 1 up, never used again for another.
   * [any-thread & created to stopped] */
  uint32_t (*worker_id)(const cluster_host* host);

  /* How many workers the host keeps. [any-thread & created to stopped] */
  uint32_t (*worker_count)(const cluster_host* host);
} cluster_config_v1;

/* cluster.log/1: one event a line in the host's log. */
#define CLUSTER_SERVICE_LOG_V1 "cluster.log/1"

#define CLUSTER_LOG_DEBUG 0
#define CLUSTER_LOG_INFO 1
#define CLUSTER_LOG_WARNING 2
#define CLUSTER_LOG_ERROR 3

typedef struct cluster_log_v1 {
  uint32_t size;
  uint32_t flags;

  /* Logs `message` (cut at 64 KiB). [any-thread & created to stopped] */
  void (*write)(const cluster_host* host,
                int32_t level,
                cluster_string message);
} cluster_log_v1;

/* ---- What the plugin offers --------------------------------------------- */

typedef struct cluster_worker_plugin {
  uint32_t size;
  uint32_t flags;

  /* Makes the instance, `*self`. `host` lives as long as the process. Required.
   * Anything but CLUSTER_OK ends the worker with `error`; see the exit codes in
   * docs/plugin_abi.md for which are retried. [loop-thread & loaded] */
  cluster_status (*create)(const cluster_host* host,
                           void** self,
                           cluster_error* error);

  /* Gets ready to serve; connections may follow at once. May be NULL.
   * [loop-thread & created] */
  cluster_status (*start)(void* self, cluster_error* error);

  /* Takes one connection, and `connection->fd` with it. `connection` itself is
   * borrowed. Required. [loop-thread & started, draining] */
  void (*on_connection)(void* self, const cluster_connection* connection);

  /* No more connections will come (but those already on their way). Finish what
   * runs and close what is idle. The worker ends when every connection is
   * closed, at the latest after `deadline_ms` milliseconds, of which
   * UINT64_MAX means none. `open` is the number of open connections. May be
   * NULL. [loop-thread & started] */
  void (*drain)(void* self, uint64_t deadline_ms, uint64_t open);

  /* Stops: no callback follows but destroy. May be NULL.
   * [loop-thread & created, started, draining] */
  void (*stop)(void* self);

  /* Frees the instance. May be NULL. [loop-thread & stopped] */
  void (*destroy)(void* self);

  /* Runs the plugin's own loop until dispatch returns CLUSTER_STOPPED; see
   * cluster.embedding/1. NULL: the host's loop runs.
   * [loop-thread & started, after start] */
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
