/* cluster.message/1: messages. Include cluster_plugin.h.
 */
#ifndef CLUSTER_MESSAGE_H_
#define CLUSTER_MESSAGE_H_

#include <stdint.h>

#include "cluster_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* cluster.message/1, since 0.2: messages between workers, and between a worker
 * and the primary. The payload is the plugin's; nobody else looks into it. A
 * message may carry descriptors. All functions return CLUSTER_E_THREAD on
 * another thread and CLUSTER_E_STATE in another state than their tags say.
 *
 * Messages from one worker to another arrive in the order of sending; a message
 * and a connection have no order. What is sent to a worker that has ended, or
 * ends before it reads, is lost; a request then fails with CLUSTER_E_GONE. A
 * worker that reads slowly holds up who sends to it. One that has not read for
 * a second or two no longer does: 4 MiB more wait for it, the rest is lost. */
#define CLUSTER_SERVICE_MESSAGE_V1 "cluster.message/1"

/* Whom a message is for. */
#define CLUSTER_TO_PRIMARY 1u /* `number` is 0 */
#define CLUSTER_TO_WORKER 2u  /* `number` is a worker's id */
#define CLUSTER_TO_SLOT 3u    /* whoever works in slot `number` now */
#define CLUSTER_TO_OTHERS 4u  /* every worker but this one; `number` is 0 */

#define CLUSTER_MAX_MESSAGE_BYTES (UINT64_C(128) << 20)
#define CLUSTER_MAX_MESSAGE_FDS 64u

typedef struct cluster_message {
  uint32_t size;
  uint32_t from_worker; /* id; 0: the primary */
  uint32_t from_slot;   /* of that worker; UINT32_MAX: the primary */
  uint32_t fd_count;
  uint64_t request; /* not 0: the sender waits for `reply` to this number */
  cluster_string payload;
  /* Close-on-exec. The host closes them when the callback returns, all but
   * those that the plugin took by writing -1 in their place. One that is -1
   * from the beginning got lost: this process, or the primary, had no number
   * left for it (RLIMIT_NOFILE). */
  int32_t* fds;
} cluster_message;

/* What is sent. Everything is borrowed for the length of the call; descriptors
 * are copied. */
typedef struct cluster_outgoing {
  uint32_t size;
  uint32_t to; /* CLUSTER_TO_* */
  uint32_t number;
  uint32_t fd_count;
  cluster_string payload;
  const int32_t* fds;
} cluster_outgoing;

typedef struct cluster_message_v1 {
  uint32_t size;
  uint32_t flags;

  /* Calls `received` [loop-thread & started, draining] for each message that is
   * no reply. Messages that came before wait for it (at most 64 MiB; then the
   * oldest are dropped and the log says so). A second call replaces the first.
   * [loop-thread & created, started] */
  cluster_status (*on_message)(const cluster_host* host,
                               void (*received)(void* ctx,
                                                const cluster_message* message),
                               void* ctx);

  /* Sends. CLUSTER_E_FULL: this worker's channel holds 128 MiB that the primary
   * has not read, nothing was sent; CLUSTER_E_INVALID: too large, too many
   * descriptors, or a bad one; CLUSTER_E_SYSTEM: no descriptor was left to copy
   * one (see errno); CLUSTER_E_GONE: there is no such slot.
   * [loop-thread & created to draining] */
  cluster_status (*send)(const cluster_host* host,
                         const cluster_outgoing* message);

  /* Sends, and calls `replied` [loop-thread & started, draining] once: with
   * CLUSTER_OK and the reply; or with `reply` NULL and CLUSTER_E_GONE (the
   * other side has ended, or there is none), CLUSTER_E_TIMEOUT (after
   * `timeout_ms` milliseconds, 1 to 2^31), CLUSTER_E_FULL (the other side has
   * long not read what waits for it), CLUSTER_E_UNSUPPORTED (the primary does
   * not answer requests of plugins here). Not to CLUSTER_TO_OTHERS. Not called
   * after `stop`, nor if `create` or `start` fails. Fails as `send`, and with
   * CLUSTER_E_FULL when 16,384 requests wait; then `replied` is not called.
   * [loop-thread & created to draining] */
  cluster_status (*request)(const cluster_host* host,
                            const cluster_outgoing* message,
                            uint64_t timeout_ms,
                            void (*replied)(void* ctx,
                                            cluster_status status,
                                            const cluster_message* reply),
                            void* ctx);

  /* Answers request `request`, once, now or later. `message->to` and `number`
   * are ignored. CLUSTER_E_STATE: there is no such request, it was answered, or
   * nobody waits for it any more; others as `send`. [loop-thread & created to
   * draining] */
  cluster_status (*reply)(const cluster_host* host,
                          uint64_t request,
                          const cluster_outgoing* message);
} cluster_message_v1;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* CLUSTER_MESSAGE_H_ */
