/* cluster.loop/1 and cluster.embedding/1: the worker's event loop, and how a
 * loop of the plugin's own takes its place. Include cluster_plugin.h.
 */
#ifndef CLUSTER_LOOP_H_
#define CLUSTER_LOOP_H_

#include <stdint.h>

#include "cluster_types.h"

#ifdef __cplusplus
extern "C" {
#endif

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

  /* Calls `ready` [loop-thread & started, draining] while `fd` is ready
   * (level-triggered) for one of `events`. The descriptor stays yours; end the
   * watch before you close it. Writes the handle to `*watch`.
   * CLUSTER_E_SYSTEM: epoll refused (see errno); CLUSTER_E_INVALID: `fd` is
   * closed, watched already, or of a file, for which nobody can wait.
   * [loop-thread & created to draining] */
  cluster_status (*watch)(const cluster_host* host,
                          int32_t fd,
                          uint32_t events,
                          void (*ready)(void* ctx, uint32_t events),
                          void* ctx,
                          cluster_watch** watch);

  /* Replaces the events asked for. 0 keeps the watch and waits for none but
   * CLUSTER_HANGUP, which is told whatever was asked for, and as long as it
   * lasts. Fails as `watch`. [loop-thread & created to draining] */
  cluster_status (*modify)(const cluster_host* host,
                           cluster_watch* watch,
                           uint32_t events);

  /* Ends the watch: `ready` is not called again, also not for an event that
   * was already fetched. Frees the handle. [loop-thread & created to stopped]
   */
  void (*unwatch)(const cluster_host* host, cluster_watch* watch);

  /* Calls `fire` [loop-thread & started, draining] once, after `delay_us`
   * microseconds. The handle is freed when it has fired or is cancelled.
   * [loop-thread & created to draining] */
  cluster_status (*start_timer)(const cluster_host* host,
                                uint64_t delay_us,
                                void (*fire)(void* ctx),
                                void* ctx,
                                cluster_timer** timer);

  /* Ends a timer that has not fired: `fire` is not called. Frees the handle.
   * [loop-thread & created to stopped] */
  void (*cancel_timer)(const cluster_host* host, cluster_timer* timer);

  /* Calls `run` [loop-thread & started, draining] once, in the order of
   * posting. The one door for other threads. CLUSTER_E_FULL: 4,096 are waiting,
   * nothing was queued. CLUSTER_E_STATE: `stop` has begun, nothing was queued.
   * What is queued then and was not run never is: who posts frees what `ctx` is
   * in `stop`. [any-thread & created to draining] */
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
   * work. The host's; never read, write or close it. -1: there is none (see
   * errno). [loop-thread & created to stopped] */
  int32_t (*pollable)(const cluster_host* host);

  /* Does what is due, without waiting: connections, timers, posts, drain.
   * CLUSTER_OK: go on. CLUSTER_STOPPED: return from `run` now. CLUSTER_E_STATE:
   * called outside of `run`, or by what it calls itself: nothing was done.
   * [loop-thread & started, draining; only from inside run] */
  cluster_status (*dispatch)(const cluster_host* host);
} cluster_embedding_v1;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* CLUSTER_LOOP_H_ */
