#include "plugins/testing/fake_telemetry.h"

namespace cluster {

cluster_status FakeTelemetry::Make(cluster_metric::Kind kind,
                                   const char* name,
                                   cluster_metric** metric) {
  const std::lock_guard lock(mu_);
  std::unique_ptr<cluster_metric>& made = metrics_[name];
  if (made == nullptr) {
    made = std::make_unique<cluster_metric>();
    made->kind = kind;
  }
  if (made->kind != kind) return CLUSTER_E_INVALID;
  *metric = made.get();
  return CLUSTER_OK;
}

cluster_metric* FakeTelemetry::Find(const std::string& name) {
  const std::lock_guard lock(mu_);
  const auto found = metrics_.find(name);
  return found == metrics_.end() ? nullptr : found->second.get();
}

double FakeTelemetry::value(const std::string& name) {
  const cluster_metric* const metric = Find(name);
  if (metric == nullptr) return -1;
  return metric->kind == cluster_metric::kCounter
             ? static_cast<double>(metric->count.load())
             : metric->value.load();
}

uint64_t FakeTelemetry::count(const std::string& name) {
  const cluster_metric* const metric = Find(name);
  return metric == nullptr ? 0 : metric->count.load();
}

std::string FakeTelemetry::reason() {
  const std::lock_guard lock(mu_);
  return reason_;
}

void FakeTelemetry::SetNotReady(cluster_string reason) {
  const std::lock_guard lock(mu_);
  reason_.assign(reason.data, reason.size);
  ready_ = false;
}

}  // namespace cluster
