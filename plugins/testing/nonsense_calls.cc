// ServiceCalls: arguments that make no sense.
#include <cstdlib>
#include <limits>
#include <utility>

#include "plugins/testing/service_calls.h"

namespace cluster {
namespace {

constexpr uint32_t kNoListener = 9;
constexpr uint64_t kNoConnection = 99;
constexpr uint32_t kWrongSize = 4;  // of any struct

void Never(void*) { std::abort(); }
void NeverReady(void*, uint32_t) { std::abort(); }
void NeverReply(void*, cluster_status, const cluster_message*) { std::abort(); }
void NeverDone(void*, cluster_status, uint32_t, const cluster_error*) {
  std::abort();
}

using Call = ServiceCalls::Call;

Call VoidCall(std::string name, std::function<void(const cluster_host*)> call) {
  return {std::move(name), [call = std::move(call)](const cluster_host* host) {
            call(host);
            return ServiceCalls::kNoResult;
          }};
}

cluster_outgoing ToOthers() {
  cluster_outgoing outgoing = {};
  outgoing.size = sizeof(outgoing);
  outgoing.to = CLUSTER_TO_OTHERS;
  return outgoing;
}

// Messages that cannot be sent.
std::vector<cluster_outgoing> BadMessages() {
  std::vector<cluster_outgoing> bad(5, ToOthers());
  bad[0].size = kWrongSize;
  bad[1].payload = {nullptr, 1};
  bad[2].payload = {"", CLUSTER_MAX_MESSAGE_BYTES + 1};
  bad[3].fd_count = 1;
  bad[4].fd_count = CLUSTER_MAX_MESSAGE_FDS + 1;
  return bad;
}

// Messages to nobody who can be.
std::vector<cluster_outgoing> BadTargets() {
  std::vector<cluster_outgoing> bad(3, ToOthers());
  bad[0].to = 5;
  bad[1].to = CLUSTER_TO_WORKER;
  bad[2].to = CLUSTER_TO_PRIMARY;
  bad[2].number = 1;
  return bad;
}

}  // namespace

std::vector<Call> ServiceCalls::nonsense() {
  std::vector<Call> calls = NonsenseOfTheLoop();
  for (auto more :
       {NonsenseOfMetrics(), NonsenseOfMessages(), NonsenseOfListeners()}) {
    calls.insert(calls.end(), more.begin(), more.end());
  }
  return calls;
}

std::vector<Call> ServiceCalls::NonsenseOfTheLoop() {
  return {
      VoidCall("cluster_host get_service",
               [this](auto* h) { (void)host_->get_service(h, nullptr); }),
      {CLUSTER_SERVICE_LOOP_V1 " watch",
       [this](auto* h) {
         return loop_.watch(h, 0, 0, nullptr, nullptr, &watch);
       }},
      {CLUSTER_SERVICE_LOOP_V1 " watch",
       [this](auto* h) {
         return loop_.watch(h, 0, 0, &NeverReady, nullptr, nullptr);
       }},
      {CLUSTER_SERVICE_LOOP_V1 " modify",
       [this](auto* h) { return loop_.modify(h, nullptr, 0); }},
      VoidCall(CLUSTER_SERVICE_LOOP_V1 " unwatch",
               [this](auto* h) { loop_.unwatch(h, nullptr); }),
      {CLUSTER_SERVICE_LOOP_V1 " start_timer",
       [this](auto* h) {
         return loop_.start_timer(h, 0, nullptr, nullptr, &timer);
       }},
      {CLUSTER_SERVICE_LOOP_V1 " start_timer",
       [this](auto* h) {
         return loop_.start_timer(h, 0, &Never, nullptr, nullptr);
       }},
      VoidCall(CLUSTER_SERVICE_LOOP_V1 " cancel_timer",
               [this](auto* h) { loop_.cancel_timer(h, nullptr); }),
      {CLUSTER_SERVICE_LOOP_V1 " post",
       [this](auto* h) { return loop_.post(h, nullptr, nullptr); }},
      VoidCall(CLUSTER_SERVICE_CONFIG_V1 " get",
               [this](auto* h) { (void)config_.get(h, nullptr); }),
      VoidCall(CLUSTER_SERVICE_CONFIG_V1 " entry",
               [this](auto* h) { config_.entry(h, 0, nullptr, &value_); }),
      VoidCall(CLUSTER_SERVICE_CONNECTION_V1 " close",
               [this](auto* h) { connection_.close(h, 0, kNoConnection); }),
      VoidCall(CLUSTER_SERVICE_CONNECTION_V1 " closed",
               [this](auto* h) { connection_.closed(h, kNoConnection); }),
      {CLUSTER_SERVICE_CONNECTION_V1 " local_address",
       [this](auto* h) { return connection_.local_address(h, 0, nullptr); }},
      VoidCall(CLUSTER_SERVICE_CONNECTION_V1 " requests",
               [this](auto* h) { connection_.requests(h, kNoConnection, 1); }),
      VoidCall(CLUSTER_SERVICE_LOG_V1 " write",
               [this](auto* h) { log_.write(h, 1, {nullptr, 7}); }),
      {CLUSTER_SERVICE_HEALTH_V1 " not_ready",
       [this](auto* h) { return health_.not_ready(h, {"", 0}); }},
  };
}

std::vector<Call> ServiceCalls::NonsenseOfMetrics() {
  std::vector<Call> calls;
  const auto counter = [&](const char* name, const char* help, bool out) {
    calls.push_back({CLUSTER_SERVICE_METRIC_V1 " counter", [=, this](auto* h) {
                       return metric_.counter(
                           h, name, help, out ? &made : nullptr);
                     }});
  };
  counter(nullptr, "", true);
  counter("a_total", nullptr, true);
  counter("a_total", "", false);
  counter("a_total", "two\nlines", true);
  counter("9_total", "", true);
  counter("no_end", "", true);
  counter("cluster_a_total", "", true);
  calls.push_back({CLUSTER_SERVICE_METRIC_V1 " gauge", [this](auto* h) {
                     return metric_.gauge(h, "g_total", "", &made);
                   }});
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  const auto histogram = [&](std::vector<double> bounds) {
    calls.push_back(
        {CLUSTER_SERVICE_METRIC_V1 " histogram", [=, this](auto* h) {
           return metric_.histogram(
               h, "h", "", bounds.data(), bounds.size(), &made);
         }});
  };
  calls.push_back({CLUSTER_SERVICE_METRIC_V1 " histogram", [this](auto* h) {
                     return metric_.histogram(h, "h", "", nullptr, 0, &made);
                   }});
  calls.push_back({CLUSTER_SERVICE_METRIC_V1 " histogram", [this](auto* h) {
                     const double bound = 1;
                     return metric_.histogram(h, "h", "", &bound, 0, &made);
                   }});
  histogram(std::vector<double>(33, 1));
  histogram({2, 1});
  histogram({kNan});
  for (const double value : {kNan, std::numeric_limits<double>::infinity()}) {
    calls.push_back(
        VoidCall(CLUSTER_SERVICE_METRIC_V1 " observe", [=, this](auto* h) {
          const double bound = 1;
          cluster_metric* fine = nullptr;
          metric_.histogram(h, "fine", "", &bound, 1, &fine);
          metric_.observe(fine, value);
        }));
  }
  calls.push_back(VoidCall(CLUSTER_SERVICE_METRIC_V1 " add",
                           [this](auto*) { metric_.add(nullptr, 1); }));
  calls.push_back(VoidCall(CLUSTER_SERVICE_METRIC_V1 " set", [this](auto* h) {
    cluster_metric* fine = nullptr;
    metric_.counter(h, "fine_total", "", &fine);
    metric_.set(fine, 1);
  }));
  return calls;
}

std::vector<Call> ServiceCalls::NonsenseOfMessages() {
  std::vector<Call> calls = {
      {CLUSTER_SERVICE_MESSAGE_V1 " on_message",
       [this](auto* h) { return message_.on_message(h, nullptr, nullptr); }},
      {CLUSTER_SERVICE_MESSAGE_V1 " send",
       [this](auto* h) { return message_.send(h, nullptr); }},
      {CLUSTER_SERVICE_MESSAGE_V1 " reply",
       [this](auto* h) { return message_.reply(h, 1, nullptr); }}};
  const auto request = [&](cluster_outgoing outgoing,
                           uint64_t timeout_ms,
                           bool replied) {
    calls.push_back({CLUSTER_SERVICE_MESSAGE_V1 " request", [=, this](auto* h) {
                       return message_.request(h,
                                               &outgoing,
                                               timeout_ms,
                                               replied ? &NeverReply : nullptr,
                                               nullptr);
                     }});
  };
  const auto send = [&](cluster_outgoing outgoing) {
    calls.push_back({CLUSTER_SERVICE_MESSAGE_V1 " send", [=, this](auto* h) {
                       return message_.send(h, &outgoing);
                     }});
  };
  for (const cluster_outgoing& bad : BadMessages()) {
    send(bad);
    request(bad, 1, true);
    calls.push_back({CLUSTER_SERVICE_MESSAGE_V1 " reply", [=, this](auto* h) {
                       return message_.reply(h, 1, &bad);
                     }});
  }
  for (const cluster_outgoing& bad : BadTargets()) {
    send(bad);
    request(bad, 1, true);
  }
  request(ToOthers(), 1, true);
  cluster_outgoing fine = ToOthers();
  fine.to = CLUSTER_TO_PRIMARY;
  request(fine, 0, true);
  request(fine, UINT64_MAX, true);
  request(fine, 1, false);
  return calls;
}

std::vector<Call> ServiceCalls::NonsenseOfListeners() {
  std::vector<Call> calls = {
      {CLUSTER_SERVICE_LISTENER_V1 " info",
       [this](auto* h) { return listener_.info(h, 0, nullptr); }},
      {CLUSTER_SERVICE_LISTENER_V1 " info",
       [this](auto* h) {
         info_.size = kWrongSize;
         return listener_.info(h, 0, &info_);
       }},
      {CLUSTER_SERVICE_LISTENER_V1 " info",
       [this](auto* h) {
         info_.size = sizeof(info_);
         return listener_.info(h, kNoListener, &info_);
       }},
      {CLUSTER_SERVICE_LISTENER_V1 " close",
       [this](auto* h) { return listener_.close(h, kNoListener); }},
      {CLUSTER_SERVICE_DATAGRAM_V1 " socket",
       [this](auto* h) { return datagram_.socket(h, 1, nullptr); }},
      {CLUSTER_SERVICE_DATAGRAM_V1 " socket",
       [this](auto* h) { return datagram_.socket(h, kNoListener, &fd_); }},
      {CLUSTER_SERVICE_ACCEPTOR_V1 " take_over",
       [this](auto* h) { return acceptor_.take_over(h, 0, nullptr); }},
      {CLUSTER_SERVICE_ACCEPTOR_V1 " take_over",
       [this](auto* h) { return acceptor_.take_over(h, kNoListener, &fd_); }},
      {CLUSTER_SERVICE_ACCEPTOR_V1 " pause",
       [this](auto* h) { return acceptor_.pause(h, kNoListener); }},
      {CLUSTER_SERVICE_ACCEPTOR_V1 " resume",
       [this](auto* h) { return acceptor_.resume(h, kNoListener); }}};
  const auto listen =
      [&](cluster_string address, cluster_listen_options options, bool done) {
        calls.push_back(
            {CLUSTER_SERVICE_LISTENER_V1 " listen", [=, this](auto* h) {
               return listener_.listen(
                   h, address, &options, done ? &NeverDone : nullptr, nullptr);
             }});
      };
  cluster_listen_options fine = {};
  fine.size = sizeof(fine);
  cluster_listen_options negative = fine;
  negative.backlog = -1;
  listen({nullptr, 3}, fine, true);
  listen({"x", 0}, fine, true);
  listen({"x", 1}, fine, false);
  listen({"x", 1}, negative, true);
  listen({"x", 1},
         {.size = kWrongSize, .flags = 0, .backlog = 0, .reserved = 0},
         true);
  const auto take = [&](uint32_t listener,
                        uint32_t size,
                        uint64_t capacity,
                        bool out,
                        bool taken) {
    calls.push_back({CLUSTER_SERVICE_ACCEPTOR_V1 " take", [=, this](auto* h) {
                       connections_.size = size;
                       return acceptor_.take(h,
                                             listener,
                                             out ? &connections_ : nullptr,
                                             capacity,
                                             taken ? &taken_ : nullptr);
                     }});
  };
  take(0, sizeof(connections_), 1, true, false);
  take(0, sizeof(connections_), 0, true, true);
  take(0, sizeof(connections_), 1, false, true);
  take(0, kWrongSize, 1, true, true);
  take(kNoListener, sizeof(connections_), 1, true, true);
  return calls;
}

}  // namespace cluster
