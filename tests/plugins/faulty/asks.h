/* Faults of who asks the host for what comes later, and thinks that it comes.
 */
#ifndef TESTS_PLUGINS_FAULTY_ASKS_H_
#define TESTS_PLUGINS_FAULTY_ASKS_H_

#include <stdlib.h>

#include "plugins/abi/cluster_plugin.h"

static inline void on_listening(void* ctx,
                                cluster_status status,
                                uint32_t listener,
                                const cluster_error* error) {
  (void)ctx;
  (void)listener;
  (void)error;
  if (status != CLUSTER_OK) abort();
}

static inline void on_reply(void* ctx,
                            cluster_status status,
                            const cluster_message* reply) {
  (void)ctx;
  (void)status;
  if (reply->size == 0) abort();
}

static inline void ask_to_listen(const cluster_host* host) {
  const cluster_listener_v1* listeners =
      host->get_service(host, CLUSTER_SERVICE_LISTENER_V1);
  if (listeners == NULL) return;
  listeners->listen(
      host, (cluster_string){"127.0.0.1:0", 11}, NULL, on_listening, NULL);
}

static inline void ask_a_worker(const cluster_host* host) {
  const cluster_message_v1* messages =
      host->get_service(host, CLUSTER_SERVICE_MESSAGE_V1);
  const cluster_outgoing question = {.size = sizeof question,
                                     .to = CLUSTER_TO_SLOT};
  if (messages == NULL) return;
  messages->request(host, &question, 60000, on_reply, NULL);
}

#endif /* TESTS_PLUGINS_FAULTY_ASKS_H_ */
