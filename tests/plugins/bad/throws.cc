// A table in C++ without the SDK, which lets an exception out where a macro
// says so.
#include <stdexcept>

#include "plugins/abi/cluster_plugin.h"
#include "plugins/abi/cluster_plugin_note.h"

namespace {

const cluster_host* g_host;

[[noreturn]] void Throw() { throw std::runtime_error("the ball is out"); }

template <class Service>
const Service* Find(const char* id) {
  return static_cast<const Service*>(g_host->get_service(g_host, id));
}

[[maybe_unused]] void OnTimer(void*) { Throw(); }

cluster_status Create(const cluster_host* host, void** self, cluster_error*) {
  g_host = host;
  *self = nullptr;
#if defined(CREATE_THROWS)
  Throw();
#endif
  return CLUSTER_OK;
}

cluster_status Start(void*, cluster_error*) {
#if defined(TIMER_THROWS)
  static cluster_timer* timer;
  return Find<cluster_loop_v1>(CLUSTER_SERVICE_LOOP_V1)
      ->start_timer(g_host, 1'000, &OnTimer, nullptr, &timer);
#endif
  return CLUSTER_OK;
}

void OnConnection(void*, const cluster_connection*) { Throw(); }

[[maybe_unused]] void End(void*) { Throw(); }

const cluster_worker_plugin kTable = {.size = sizeof kTable,
                                      .flags = 0,
                                      .create = &Create,
                                      .start = &Start,
                                      .on_connection = &OnConnection,
                                      .drain = nullptr,
#if defined(STOP_THROWS)
                                      .stop = &End,
#else
                                      .stop = nullptr,
#endif
#if defined(DESTROY_THROWS)
                                      .destroy = &End,
#else
                                      .destroy = nullptr,
#endif
                                      .run = nullptr};

}  // namespace

CLUSTER_WORKER_PLUGIN("throws", "1.0", kTable, CLUSTER_SERVICE_LOOP_V1);
