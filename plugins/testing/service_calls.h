// ServiceCalls: a call of each function of each service, and calls whose
// arguments make no sense, for tests of those who offer the services: the
// worker and plugin_check hold a plugin to the same rules.
//
// Thread safety: none; calls may be made on any thread, one at a time.
//
//   ServiceCalls calls(host);
//   for (const auto& call : calls.all()) call.make(host);
#ifndef PLUGINS_TESTING_SERVICE_CALLS_H_
#define PLUGINS_TESTING_SERVICE_CALLS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "plugins/abi/cluster_plugin.h"
#include "plugins/testing/abi_tags.h"

namespace cluster {

class ServiceCalls {
 public:
  // What `make` returns for functions without a status, unless they return a
  // value that says that they were done; then it is CLUSTER_OK.
  static constexpr cluster_status kNoResult = -1;

  struct Call {
    std::string name;  // "cluster.loop/1 watch"
    std::function<cluster_status(const cluster_host*)> make;
    // What the headers say of the function.
    const AbiTag& tag() const { return AbiTags().at(name); }
  };

  // REQUIRES: `host` offers every service, now. It outlives this.
  explicit ServiceCalls(const cluster_host* host);
  ServiceCalls(const ServiceCalls&) = delete;
  ServiceCalls& operator=(const ServiceCalls&) = delete;

  // The tags in the headers, by the names of the functions. The headers are
  // among the test's `data`.
  static const std::map<std::string, AbiTag>& AbiTags();

  // One of each function. None makes something but the last two, which queue
  // what must not run.
  std::vector<Call> all();

  // Each has an argument that every host refuses with CLUSTER_E_INVALID, and
  // says so. Names are of functions, and may come more than once. The host has
  // fewer than 9 listeners, and is in state started.
  std::vector<Call> nonsense();

  // What was made: nothing, if all calls were refused.
  cluster_watch* watch = nullptr;
  cluster_timer* timer = nullptr;
  cluster_metric* made = nullptr;

 private:
  std::vector<Call> NonsenseOfTheLoop();
  std::vector<Call> NonsenseOfMetrics();
  std::vector<Call> NonsenseOfMessages();
  std::vector<Call> NonsenseOfListeners();

  template <class Service>
  const Service& Find(const char* id) const {
    return *static_cast<const Service*>(host_->get_service(host_, id));
  }

  const cluster_host* const host_;
  const cluster_loop_v1& loop_ = Find<cluster_loop_v1>(CLUSTER_SERVICE_LOOP_V1);
  const cluster_embedding_v1& embedding_ =
      Find<cluster_embedding_v1>(CLUSTER_SERVICE_EMBEDDING_V1);
  const cluster_connection_v1& connection_ =
      Find<cluster_connection_v1>(CLUSTER_SERVICE_CONNECTION_V1);
  const cluster_config_v1& config_ =
      Find<cluster_config_v1>(CLUSTER_SERVICE_CONFIG_V1);
  const cluster_log_v1& log_ = Find<cluster_log_v1>(CLUSTER_SERVICE_LOG_V1);
  const cluster_metric_v1& metric_ =
      Find<cluster_metric_v1>(CLUSTER_SERVICE_METRIC_V1);
  const cluster_health_v1& health_ =
      Find<cluster_health_v1>(CLUSTER_SERVICE_HEALTH_V1);
  const cluster_message_v1& message_ =
      Find<cluster_message_v1>(CLUSTER_SERVICE_MESSAGE_V1);
  const cluster_listener_v1& listener_ =
      Find<cluster_listener_v1>(CLUSTER_SERVICE_LISTENER_V1);
  const cluster_datagram_v1& datagram_ =
      Find<cluster_datagram_v1>(CLUSTER_SERVICE_DATAGRAM_V1);
  const cluster_acceptor_v1& acceptor_ =
      Find<cluster_acceptor_v1>(CLUSTER_SERVICE_ACCEPTOR_V1);
  const cluster_thread_check_v1& thread_check_ =
      Find<cluster_thread_check_v1>(CLUSTER_SERVICE_THREAD_CHECK_V1);

  cluster_string key_ = {};
  cluster_string value_ = {};
  cluster_address address_ = {};
  cluster_outgoing outgoing_ = {};
  cluster_listener_info info_ = {};
  cluster_connection connections_ = {};
  uint64_t taken_ = 0;
  int32_t fd_ = -1;
};

}  // namespace cluster

#endif  // PLUGINS_TESTING_SERVICE_CALLS_H_
