/* cluster.config/1: what the host was started with. Include cluster_plugin.h.
 */
#ifndef CLUSTER_CONFIG_H_
#define CLUSTER_CONFIG_H_

#include <stdint.h>

#include "cluster_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* cluster.config/1: the host's --set KEY=VALUE pairs and plugin arguments.
 * What it returns lives as long as the process. */
#define CLUSTER_SERVICE_CONFIG_V1 "cluster.config/1"

typedef struct cluster_config_v1 {
  uint32_t size;
  uint32_t flags;

  /* Returns the value of `key`, the first if it was set more than once; data is
   * NULL when it was not set. [any-thread & created to stopped] */
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

  /* Since 0.2. The place of this worker, 0 to worker_count - 1; a worker that
   * replaces another has the same. [any-thread & created to stopped] */
  uint32_t (*slot)(const cluster_host* host);

  /* Since 0.2. Which worker of its slot this is: 1 for the first.
   * [any-thread & created to stopped] */
  uint32_t (*generation)(const cluster_host* host);
} cluster_config_v1;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* CLUSTER_CONFIG_H_ */
