/* What every part of the plugin ABI is made of: results, texts, addresses, and
 * the host itself. Include cluster_plugin.h; the rules are there.
 */
#ifndef CLUSTER_TYPES_H_
#define CLUSTER_TYPES_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CLUSTER_ABI_MAJOR 0u
#define CLUSTER_ABI_MINOR 2u
/* What was built for 0.1 runs on. A break moves this up. */
#define CLUSTER_ABI_OLDEST_MINOR 1u

/* 0 is success. 1-99: try again later. 100-199: the configuration is wrong.
 * 200-299: permanent, a retry fails likewise. 300-399: a bug in the caller. */
typedef int32_t cluster_status;
#define CLUSTER_OK 0
#define CLUSTER_E_FULL 1     /* too much waits */
#define CLUSTER_E_SYSTEM 2   /* the kernel's no: errno, right after the call */
#define CLUSTER_E_TIMEOUT 3  /* no answer came in time */
#define CLUSTER_E_GONE 4     /* the other side has ended */
#define CLUSTER_E_CONFIG 100 /* a setting or an argument is wrong */
#define CLUSTER_E_UNSUPPORTED 200 /* the other side does not do that */
#define CLUSTER_E_FAILED 201      /* for any other reason */
#define CLUSTER_E_LIMIT 202       /* a limit of the host's */
#define CLUSTER_E_INVALID 300     /* an argument that makes no sense */
#define CLUSTER_E_STATE 301       /* not in this state */
#define CLUSTER_E_THREAD 302      /* not on this thread */
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

/* ---- The host ----------------------------------------------------------- */

typedef struct cluster_host cluster_host;

struct cluster_host {
  uint32_t size;
  uint32_t flags;
  uint32_t abi_major;
  uint32_t abi_minor;
  void* host_data; /* the host's own; do not touch */

  /* Returns the table of the service `id`, such as "cluster.loop/1", or NULL
   * if this host has none. Ids of drafts begin with "cluster.x-draft.": such a
   * service may change or go at any time, and is there only if the host was
   * started with --allow_draft. The table lives as long as the process.
   * [any-thread & created and later] */
  const void* (*get_service)(const cluster_host* host, const char* id);
};

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* CLUSTER_TYPES_H_ */
