/* cluster.listener/1 and cluster.datagram/1: the addresses that a worker
 * serves. Include cluster_plugin.h.
 */
#ifndef CLUSTER_LISTENER_H_
#define CLUSTER_LISTENER_H_

#include <stdint.h>

#include "cluster_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A listener is an address of the host that workers serve: stream sockets, from
 * which connections come, or one datagram socket. Those of the host's --listen
 * have the numbers 0, 1, … in their order; plugins can add more. */
#define CLUSTER_LISTENER_STREAM 1u
#define CLUSTER_LISTENER_DATAGRAM 2u

typedef struct cluster_listener_info {
  uint32_t size;
  uint32_t listener;
  uint32_t kind; /* CLUSTER_LISTENER_* */
  uint32_t reserved;
  cluster_address
      address; /* where it is bound; a Unix path is in `text` only */
  /* As --listen takes it, with the port that was really bound. Lives as long as
   * the process. */
  cluster_string text;
} cluster_listener_info;

/* cluster.listener/1, since 0.2: which listeners there are, more of them, and
 * fewer. */
#define CLUSTER_SERVICE_LISTENER_V1 "cluster.listener/1"

/* Flags of cluster_listen_options. */
#define CLUSTER_LISTEN_IPV6_ONLY 1u  /* [::] takes no IPv4 */
#define CLUSTER_LISTEN_EXCLUSIVE 2u  /* this worker's alone */
#define CLUSTER_LISTEN_REUSE_PORT 4u /* others may bind the port, too */
/* SO_REUSEADDR of a datagram socket. */
#define CLUSTER_LISTEN_REUSE_ADDRESS 8u
/* All users may read from, write to the file of a Unix socket. */
#define CLUSTER_LISTEN_READABLE_ALL 16u
#define CLUSTER_LISTEN_WRITABLE_ALL 32u

typedef struct cluster_listen_options {
  uint32_t size;
  uint32_t flags;
  int32_t backlog; /* 0: the host's --backlog */
  uint32_t reserved;
} cluster_listen_options;

typedef struct cluster_listener_v1 {
  uint32_t size;
  uint32_t flags;

  /* How many numbers are in use or were: every listener is below it.
   * [loop-thread & created to stopped] */
  uint32_t (*count)(const cluster_host* host);

  /* Fills `*info`, whose `size` the caller sets. CLUSTER_E_INVALID: there is no
   * such listener. [loop-thread & created to stopped] */
  cluster_status (*info)(const cluster_host* host,
                         uint32_t listener,
                         cluster_listener_info* info);

  /* Asks the primary to listen at `address` (as --listen takes it; "udp:" in
   * front makes a datagram socket) for this worker. Workers that name the same
   * address share one listener, with the options of the first; the n-th with
   * port 0 of a worker is one with the n-th of the others. `options` may be
   * NULL.
   *
   * `done` [loop-thread & started, draining] is called once, but not if
   * `create` or `start` fails: with CLUSTER_OK, and connections come with the
   * number `listener`; or with CLUSTER_E_SYSTEM and the reason in `error`
   * (`code` is the errno: EADDRINUSE, EACCES, …), CLUSTER_E_CONFIG (no
   * address, or flags that this host does not know), CLUSTER_E_LIMIT (16
   * listeners are the most), CLUSTER_E_STATE (draining). `error` is NULL with
   * CLUSTER_OK.
   *
   * Where this fails `done` will not be called. CLUSTER_E_FULL: 16 requests
   * wait for their answer; CLUSTER_E_STATE: the worker is told to end;
   * CLUSTER_E_INVALID: `done` is NULL, `address` empty or over 4,112 bytes, or
   * the size or backlog of `options` makes no sense.
   * [loop-thread & created, started] */
  cluster_status (*listen)(const cluster_host* host,
                           cluster_string address,
                           const cluster_listen_options* options,
                           void (*done)(void* ctx,
                                        cluster_status status,
                                        uint32_t listener,
                                        const cluster_error* error),
                           void* ctx);

  /* Serves `listener` no more; other workers go on. No connection of it comes
   * after this returns: what this worker has not started goes to others. The
   * socket is closed when no worker serves it, unless it is one of --listen;
   * what cluster.datagram/1 gave is closed at once: end its watch before.
   * `listen` with the same address serves it again. CLUSTER_E_INVALID: there is
   * no such listener; CLUSTER_E_STATE: it is not served.
   * [loop-thread & started, draining] */
  cluster_status (*close)(const cluster_host* host, uint32_t listener);
} cluster_listener_v1;

/* cluster.datagram/1, since 0.2: datagram sockets. The plugin reads and writes
 * the socket itself, on the host's loop or its own. */
#define CLUSTER_SERVICE_DATAGRAM_V1 "cluster.datagram/1"

typedef struct cluster_datagram_v1 {
  uint32_t size;
  uint32_t flags;

  /* Writes the socket of datagram listener `listener`: non-blocking, shared
   * with the other workers, so that a datagram that polled readable may be
   * gone. It is the host's: do not close it, watch it from `start` on.
   * CLUSTER_E_INVALID: there is no such datagram listener; CLUSTER_E_STATE: it
   * is not served. [loop-thread & created to draining] */
  cluster_status (*socket)(const cluster_host* host,
                           uint32_t listener,
                           int32_t* fd);
} cluster_datagram_v1;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* CLUSTER_LISTENER_H_ */
