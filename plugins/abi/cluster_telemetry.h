/* cluster.log/1, cluster.metric/1, cluster.health/1, cluster.thread_check/1:
 * what a worker tells about itself. Include cluster_plugin.h.
 */
#ifndef CLUSTER_TELEMETRY_H_
#define CLUSTER_TELEMETRY_H_

#include <stdint.h>

#include "cluster_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* cluster.log/1: one event a line in the host's log. */
#define CLUSTER_SERVICE_LOG_V1 "cluster.log/1"

#define CLUSTER_LOG_DEBUG 0
#define CLUSTER_LOG_INFO 1
#define CLUSTER_LOG_WARNING 2
#define CLUSTER_LOG_ERROR 3
/* Since 0.2: errors that say whose they are. The host logs the second itself
 * when a plugin breaks the contract. */
#define CLUSTER_LOG_HOST_MISBEHAVING 4
#define CLUSTER_LOG_PLUGIN_MISBEHAVING 5

typedef struct cluster_log_v1 {
  uint32_t size;
  uint32_t flags;

  /* Logs `message` (cut at 64 KiB). A `level` that this host does not know
   * counts as CLUSTER_LOG_ERROR. What is logged on another thread waits for the
   * loop, 4,096 lines at most: more are dropped, and the log says how many.
   * [any-thread & created to stopped] */
  void (*write)(const cluster_host* host,
                int32_t level,
                cluster_string message);
} cluster_log_v1;

/* cluster.metric/1, since 0.2: numbers that the primary adds up over workers. A
 * counter and a histogram survive their worker: what it had counted stays in
 * the sum. Names follow Prometheus: [a-zA-Z_:][a-zA-Z0-9_:]*, at most 128
 * bytes; a counter's ends in "_total", and no other's does; "cluster_" begins
 * those of the host. */
#define CLUSTER_SERVICE_METRIC_V1 "cluster.metric/1"

#define CLUSTER_MAX_METRIC_CELLS 384u /* a counter or gauge is one */

/* Owned by the host; lives as long as the process. */
typedef struct cluster_metric cluster_metric;

typedef struct cluster_metric_v1 {
  uint32_t size;
  uint32_t flags;

  /* Makes a counter, or finds the one of that name. `help` is one line of at
   * most 1,024 bytes. CLUSTER_E_INVALID: a bad name or help, or a metric of
   * another kind has the name; CLUSTER_E_LIMIT: no cells are left.
   * [loop-thread & created, started] */
  cluster_status (*counter)(const cluster_host* host,
                            const char* name,
                            const char* help,
                            cluster_metric** metric);
  /* The same for a gauge. [loop-thread & created, started] */
  cluster_status (*gauge)(const cluster_host* host,
                          const char* name,
                          const char* help,
                          cluster_metric** metric);
  /* The same for a histogram. `bounds` are the upper bounds of its buckets,
   * ascending, `count` of them, at most 32; it takes count + 2 cells.
   * CLUSTER_E_INVALID: also bad bounds, or others than before.
   * [loop-thread & created, started] */
  cluster_status (*histogram)(const cluster_host* host,
                              const char* name,
                              const char* help,
                              const double* bounds,
                              uint64_t count,
                              cluster_metric** metric);

  /* Adds to a counter. A few nanoseconds. This and the next two do nothing to
   * a metric of another kind. [any-thread & created to stopped] */
  void (*add)(cluster_metric* counter, uint64_t amount);
  /* Sets a gauge. [any-thread & created to stopped] */
  void (*set)(cluster_metric* gauge, double value);
  /* Adds `value` to a histogram; what is not finite is left out.
   * [any-thread & created to stopped] */
  void (*observe)(cluster_metric* histogram, double value);
} cluster_metric_v1;

/* cluster.health/1, since 0.2: whether this worker should get connections, and
 * whether it should be at all. It is ready when `start` returns, unless it said
 * otherwise in there. */
#define CLUSTER_SERVICE_HEALTH_V1 "cluster.health/1"

typedef struct cluster_health_v1 {
  uint32_t size;
  uint32_t flags;

  /* Connections may come (again). On another thread than the loop's this and
   * `not_ready` take effect when the loop gets there; CLUSTER_E_FULL: too much
   * waits for it, nothing has changed. [any-thread & created to draining] */
  cluster_status (*ready)(const cluster_host* host);

  /* No more connections come, those not started go to others, until `ready`.
   * `reason` is one line for the log (cut at 1 KiB). CLUSTER_E_INVALID: it is
   * empty; CLUSTER_E_FULL: as with `ready`. [any-thread & created to draining]
   */
  cluster_status (*not_ready)(const cluster_host* host, cluster_string reason);

  /* Says that the plugin lives. From the first call on, a worker that is silent
   * for --heartbeat_timeout is replaced. [any-thread & created to stopped] */
  void (*heartbeat)(const cluster_host* host);

  /* Asks that this worker ends, as planned; the host starts another in its
   * place. It drains: others get what comes, `drain` is called where something
   * is open, and `stop` when nothing is, at the latest at the deadline. With
   * `at_once` not 0, `stop` is called next, whatever is open; that may follow
   * an end that was asked for without. All of it after this has returned;
   * connections may come until then. CLUSTER_E_FULL: too much waits for the
   * loop, nothing was asked. [any-thread & started, draining] */
  cluster_status (*end)(const cluster_host* host, uint8_t at_once);
} cluster_health_v1;

/* cluster.thread_check/1, since 0.2: for asserts. */
#define CLUSTER_SERVICE_THREAD_CHECK_V1 "cluster.thread_check/1"

typedef struct cluster_thread_check_v1 {
  uint32_t size;
  uint32_t flags;

  /* 1 on the loop thread, else 0. [any-thread & created to stopped] */
  uint8_t (*is_loop_thread)(const cluster_host* host);
} cluster_thread_check_v1;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* CLUSTER_TELEMETRY_H_ */
