// ServiceFixture: the services as a plugin finds them, for tests.
#ifndef CORE_WORKER_SERVICES_SERVICE_FIXTURE_H_
#define CORE_WORKER_SERVICES_SERVICE_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/scoreboard/slot_page.h"
#include "core/worker/host_context.h"
#include "core/worker/host_services.h"
#include "core/worker/loop.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {

class ServiceFixture : public ::testing::Test {
 protected:
  ServiceFixture() {
    context_.Configure(
        {.worker_id = 7,
         .worker_count = 9,
         .plugin_path = "",
         .config = {{"key", "value"}, {"empty", ""}, {"key", "second"}},
         .arguments = {"first"}},
        *page_);
    context_.OnClosed([this] { ++told_; });
  }

  template <class Service>
  const Service* Find(const char* id) {
    return static_cast<const Service*>(host_->get_service(host_, id));
  }

  std::unique_ptr<SlotPage> page_ = std::make_unique<SlotPage>();
  std::unique_ptr<Loop> loop_ = *Loop::Create();
  std::vector<std::pair<int, std::string>> logged_;
  int told_ = 0;  // times that OnClosed() said so
  HostContext context_{*loop_,
                       [this](int level, std::string text) {
                         logged_.emplace_back(level, std::move(text));
                       },
                       [] { return cluster_status{CLUSTER_STOPPED}; }};
  HostServices services_{context_};
  const cluster_host* const host_ = services_.host();
};

}  // namespace cluster

#endif  // CORE_WORKER_SERVICES_SERVICE_FIXTURE_H_
