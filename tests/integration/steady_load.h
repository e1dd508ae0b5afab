// SteadyLoad: clients that come as fast as they are answered, eight at a time,
// on a thread of their own, until it is destroyed; each must be answered.
//
//   const SteadyLoad load(host.port());
#ifndef TESTS_INTEGRATION_STEADY_LOAD_H_
#define TESTS_INTEGRATION_STEADY_LOAD_H_

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>

#include "tests/integration/client_set.h"

namespace cluster {

class SteadyLoad {
 public:
  explicit SteadyLoad(uint16_t port)
      : thread_([this, port] {
          const ClientSet clients =
              RunLoad({.port = port, .request = "who\n"}, 1'000'000, 8, [this] {
                return stop_.load();
              });
          answered_ = clients.count(End::kAnswered);
          total_ = clients.outcomes().size();
        }) {}

  ~SteadyLoad() {
    stop_ = true;
    thread_.join();
    EXPECT_EQ(answered_, total_);
    EXPECT_GT(total_, 0u);
  }

 private:
  std::atomic<bool> stop_ = false;
  size_t answered_ = 0;
  size_t total_ = 0;
  std::thread thread_;
};

}  // namespace cluster

#endif  // TESTS_INTEGRATION_STEADY_LOAD_H_
