/* cluster.connection/1 and cluster.acceptor/1: connections, from the moment a
 * plugin gets or takes them to their end. Include cluster_plugin.h.
 */
#ifndef CLUSTER_CONNECTION_H_
#define CLUSTER_CONNECTION_H_

#include <stdint.h>

#include "cluster_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One accepted connection, given to on_connection. */
typedef struct cluster_connection {
  uint32_t size;
  int32_t fd;           /* non-blocking; yours from now on */
  uint64_t id;          /* unique in this host's life */
  uint64_t accepted_ns; /* CLOCK_MONOTONIC */
  uint32_t listener;    /* its number: the host's --listen from 0 on, then those
                         * that workers added (cluster.listener/1) */
  uint32_t reserved;
  cluster_address peer;
} cluster_connection;

/* cluster.connection/1: what the host must know of a connection's end. The
 * number of open connections is what scheduling, draining and the count of
 * lost connections rest on, so each `id` ends by exactly one of these. */
#define CLUSTER_SERVICE_CONNECTION_V1 "cluster.connection/1"

typedef struct cluster_connection_v1 {
  uint32_t size;
  uint32_t flags;

  /* Closes `fd` in the order that is right while the primary may still hold a
   * copy: shutdown(2), then close(2). End every watch on it before. Takes the
   * descriptor. With -1, or what is no socket, it does nothing, and the
   * connection stays open. [loop-thread & started to stopped] */
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

  /* Since 0.2. Says that `change` more requests run on the connection (fewer,
   * if negative). Policies read the sum over the worker; what was not taken
   * back when the connection ends is taken back then.
   * [loop-thread & started to stopped] */
  void (*requests)(const cluster_host* host, uint64_t id, int32_t change);

  /* Since 0.2. Adds to the bytes that the worker has read and written; by which
   * connection, this host does not look at. [any-thread & started to stopped]
   */
  void (*bytes)(const cluster_host* host,
                uint64_t id,
                uint64_t received,
                uint64_t sent);
} cluster_connection_v1;

/* cluster.acceptor/1, since 0.2: for a plugin that takes its connections itself
 * instead of being given them. Until it does, what has arrived stays the
 * primary's to give to others. */
#define CLUSTER_SERVICE_ACCEPTOR_V1 "cluster.acceptor/1"

typedef struct cluster_acceptor_v1 {
  uint32_t size;
  uint32_t flags;

  /* From now on on_connection is not called for `listener`. Writes a descriptor
   * that polls readable (level-triggered) when `take` may have something; it is
   * the host's. CLUSTER_E_INVALID: there is no such stream listener;
   * CLUSTER_E_STATE: it was taken over before; CLUSTER_E_SYSTEM: see errno.
   * [loop-thread & created, started] */
  cluster_status (*take_over)(const cluster_host* host,
                              uint32_t listener,
                              int32_t* pollable);

  /* Takes up to `capacity` connections without waiting, and their descriptors
   * with them. Writes how many to `*taken`: 0 if there is none. The caller sets
   * the `size` of the first: it is the distance from one to the next, too.
   * CLUSTER_E_STATE: not taken over; CLUSTER_E_INVALID: `capacity` is 0, or
   * that `size` is none. [loop-thread & started, draining] */
  cluster_status (*take)(const cluster_host* host,
                         uint32_t listener,
                         cluster_connection* connections,
                         uint64_t capacity,
                         uint64_t* taken);

  /* Takes no connections of `listener` until `resume`, whoever takes them: what
   * this worker has not taken goes to others. Done when it returns. A second
   * call changes nothing. CLUSTER_E_INVALID: there is no such stream listener;
   * CLUSTER_E_STATE: it is not served. [loop-thread & created to draining] */
  cluster_status (*pause)(const cluster_host* host, uint32_t listener);
  /* Undoes any number of calls of `pause`; fails as that.
   * [loop-thread & created to draining] */
  cluster_status (*resume)(const cluster_host* host, uint32_t listener);
} cluster_acceptor_v1;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* CLUSTER_CONNECTION_H_ */
