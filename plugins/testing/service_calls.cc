#include "plugins/testing/service_calls.h"

#include <cstdlib>
#include <optional>
#include <regex>
#include <utility>

#include "absl/strings/str_cat.h"

namespace cluster {
namespace {

using Make = std::function<cluster_status(const cluster_host*)>;

void Never(void*) { std::abort(); }
void NeverReady(void*, uint32_t) { std::abort(); }
void NeverMessage(void*, const cluster_message*) { std::abort(); }
void NeverReply(void*, cluster_status, const cluster_message*) { std::abort(); }
void NeverListening(void*, cluster_status, uint32_t, const cluster_error*) {
  std::abort();
}

// For functions without a result.
Make Void(std::function<void(const cluster_host*)> call) {
  return [call = std::move(call)](const cluster_host* host) {
    call(host);
    return ServiceCalls::kNoResult;
  };
}

// For functions whose result says whether they were refused.
Make Value(std::function<bool(const cluster_host*)> call) {
  return [call = std::move(call)](const cluster_host* host) {
    return call(host) ? CLUSTER_OK : ServiceCalls::kNoResult;
  };
}

std::map<std::string, AbiTag> ReadTags() {
  std::map<std::string, AbiTag> tags;
  for (const AbiFunction& function : ReadAllAbiFunctions()) {
    std::smatch table;
    static const std::regex kTable(R"(cluster_(\w+)_v(\d+))");
    const bool service = std::regex_match(function.table, table, kTable);
    if (!service && function.table != "cluster_host") continue;
    const std::string name =
        service ? absl::StrCat("cluster.", table[1].str(), "/", table[2].str())
                : function.table;
    tags[absl::StrCat(name, " ", function.name)] =
        ParseAbiTag(function.tag).value_or(AbiTag());
  }
  return tags;
}

}  // namespace

ServiceCalls::ServiceCalls(const cluster_host* host) : host_(host) {}

const std::map<std::string, AbiTag>& ServiceCalls::AbiTags() {
  static const auto* const tags = new auto(ReadTags());
  return *tags;
}

std::vector<ServiceCalls::Call> ServiceCalls::all() {
  return {
      {"cluster_host get_service", Value([this](auto* host) {
         return host_->get_service(host, CLUSTER_SERVICE_LOG_V1) != nullptr;
       })},
      {CLUSTER_SERVICE_LOOP_V1 " watch",
       [this](auto* host) {
         return loop_.watch(
             host, -1, CLUSTER_READABLE, &NeverReady, nullptr, &watch);
       }},
      {CLUSTER_SERVICE_LOOP_V1 " modify",
       [this](auto* host) { return loop_.modify(host, watch, 0); }},
      {CLUSTER_SERVICE_LOOP_V1 " unwatch",
       Void([this](auto* host) { loop_.unwatch(host, watch); })},
      {CLUSTER_SERVICE_LOOP_V1 " cancel_timer",
       Void([this](auto* host) { loop_.cancel_timer(host, timer); })},
      {CLUSTER_SERVICE_EMBEDDING_V1 " pollable",
       Value([this](auto* host) { return embedding_.pollable(host) != -1; })},
      {CLUSTER_SERVICE_EMBEDDING_V1 " dispatch",
       [this](auto* host) { return embedding_.dispatch(host); }},
      {CLUSTER_SERVICE_CONNECTION_V1 " close",
       Void([this](auto* host) { connection_.close(host, 0, 1); })},
      {CLUSTER_SERVICE_CONNECTION_V1 " closed",
       Void([this](auto* host) { connection_.closed(host, 1); })},
      {CLUSTER_SERVICE_CONNECTION_V1 " local_address",
       [this](auto* host) {
         return connection_.local_address(host, 0, &address_);
       }},
      {CLUSTER_SERVICE_CONNECTION_V1 " requests",
       Void([this](auto* host) { connection_.requests(host, 1, 1); })},
      {CLUSTER_SERVICE_CONNECTION_V1 " bytes",
       Void([this](auto* host) { connection_.bytes(host, 1, 1, 1); })},
      {CLUSTER_SERVICE_CONFIG_V1 " get",
       Void([this](auto* host) { config_.get(host, "key"); })},
      {CLUSTER_SERVICE_CONFIG_V1 " entry",
       Void([this](auto* host) { config_.entry(host, 0, &key_, &value_); })},
      {CLUSTER_SERVICE_CONFIG_V1 " argument", Value([this](auto* host) {
         return config_.argument(host, 0).data != nullptr;
       })},
      {CLUSTER_SERVICE_CONFIG_V1 " worker_id",
       Value([this](auto* host) { return config_.worker_id(host) != 0u; })},
      {CLUSTER_SERVICE_CONFIG_V1 " worker_count",
       Value([this](auto* host) { return config_.worker_count(host) != 0u; })},
      {CLUSTER_SERVICE_CONFIG_V1 " slot",
       Value([this](auto* host) { return config_.slot(host) != 0u; })},
      {CLUSTER_SERVICE_CONFIG_V1 " generation",
       Value([this](auto* host) { return config_.generation(host) != 0u; })},
      {CLUSTER_SERVICE_LOG_V1 " write",
       Void([this](auto* host) { log_.write(host, 0, {"x", 1}); })},
      {CLUSTER_SERVICE_METRIC_V1 " counter",
       [this](auto* host) {
         return metric_.counter(host, "a_total", "", &made);
       }},
      {CLUSTER_SERVICE_METRIC_V1 " gauge",
       [this](auto* host) { return metric_.gauge(host, "a", "", &made); }},
      {CLUSTER_SERVICE_METRIC_V1 " histogram",
       [this](auto* host) {
         const double bound = 1;
         return metric_.histogram(host, "h", "", &bound, 1, &made);
       }},
      // These get no host: there it is the NULL metric that is refused.
      {CLUSTER_SERVICE_METRIC_V1 " add",
       Void([this](auto*) { metric_.add(made, 1); })},
      {CLUSTER_SERVICE_METRIC_V1 " set",
       Void([this](auto*) { metric_.set(made, 1); })},
      {CLUSTER_SERVICE_METRIC_V1 " observe",
       Void([this](auto*) { metric_.observe(made, 1); })},
      {CLUSTER_SERVICE_HEALTH_V1 " ready",
       [this](auto* host) { return health_.ready(host); }},
      {CLUSTER_SERVICE_HEALTH_V1 " not_ready",
       [this](auto* host) { return health_.not_ready(host, {"x", 1}); }},
      {CLUSTER_SERVICE_HEALTH_V1 " heartbeat",
       Void([this](auto* host) { health_.heartbeat(host); })},
      {CLUSTER_SERVICE_HEALTH_V1 " end",
       [this](auto* host) { return health_.end(host, 0); }},
      {CLUSTER_SERVICE_MESSAGE_V1 " on_message",
       [this](auto* host) {
         return message_.on_message(host, &NeverMessage, nullptr);
       }},
      {CLUSTER_SERVICE_MESSAGE_V1 " send",
       [this](auto* host) { return message_.send(host, &outgoing_); }},
      {CLUSTER_SERVICE_MESSAGE_V1 " request",
       [this](auto* host) {
         return message_.request(host, &outgoing_, 1, &NeverReply, nullptr);
       }},
      {CLUSTER_SERVICE_MESSAGE_V1 " reply",
       [this](auto* host) { return message_.reply(host, 1, &outgoing_); }},
      {CLUSTER_SERVICE_LISTENER_V1 " count",
       Value([this](auto* host) { return listener_.count(host) != 0u; })},
      {CLUSTER_SERVICE_LISTENER_V1 " info",
       [this](auto* host) { return listener_.info(host, 0, &info_); }},
      {CLUSTER_SERVICE_LISTENER_V1 " listen",
       [this](auto* host) {
         return listener_.listen(
             host, {"x", 1}, nullptr, &NeverListening, nullptr);
       }},
      {CLUSTER_SERVICE_LISTENER_V1 " close",
       [this](auto* host) { return listener_.close(host, 0); }},
      {CLUSTER_SERVICE_DATAGRAM_V1 " socket",
       [this](auto* host) { return datagram_.socket(host, 0, &fd_); }},
      {CLUSTER_SERVICE_ACCEPTOR_V1 " take_over",
       [this](auto* host) { return acceptor_.take_over(host, 0, &fd_); }},
      {CLUSTER_SERVICE_ACCEPTOR_V1 " take",
       [this](auto* host) {
         return acceptor_.take(host, 0, &connections_, 1, &taken_);
       }},
      {CLUSTER_SERVICE_ACCEPTOR_V1 " pause",
       [this](auto* host) { return acceptor_.pause(host, 0); }},
      {CLUSTER_SERVICE_ACCEPTOR_V1 " resume",
       [this](auto* host) { return acceptor_.resume(host, 0); }},
      {CLUSTER_SERVICE_THREAD_CHECK_V1 " is_loop_thread",
       Value([this](auto* host) {
         return thread_check_.is_loop_thread(host) != 0;
       })},
      {CLUSTER_SERVICE_LOOP_V1 " start_timer",
       [this](auto* host) {
         return loop_.start_timer(host, 0, &Never, nullptr, &timer);
       }},
      {CLUSTER_SERVICE_LOOP_V1 " post",
       [this](auto* host) { return loop_.post(host, &Never, nullptr); }},
  };
}

}  // namespace cluster
