// Counter, Gauge and Histogram: numbers of a plugin that the host adds up over
// its workers and shows (--metrics_file).
//
// Handles, small and free to copy. One that could not be made (an old host, a
// bad name, no cells left) does nothing; why is in the host's log.
//
// Thread safety: make them on the loop thread; use them on any.
// Lifetime: as long as the worker.
//
//   Counter hits = Counter::Make(host(), "app_hits_total", "Hits so far.");
//   hits.Add();
#ifndef PLUGINS_SDK_METRICS_H_
#define PLUGINS_SDK_METRICS_H_

#include <cstdint>
#include <initializer_list>
#include <vector>

#include "plugins/abi/cluster_plugin.h"
#include "plugins/sdk/host.h"
#include "plugins/sdk/services.h"

namespace cluster::sdk {

// A number that only rises. Its name ends in "_total".
class Counter {
 public:
  Counter() = default;
  static Counter Make(const Host& host, const char* name, const char* help) {
    const Services& services = host.services();
    Counter made;
    if (services.metric.counter == nullptr) return made;
    if (services.metric.counter(services.host, name, help, &made.metric_) ==
        CLUSTER_OK) {
      made.add_ = services.metric.add;
    }
    return made;
  }

  void Add(uint64_t amount = 1) const {
    if (add_ != nullptr) add_(metric_, amount);
  }

 private:
  void (*add_)(cluster_metric*, uint64_t) = nullptr;
  cluster_metric* metric_ = nullptr;
};

// A number that goes up and down; over the workers it is a sum.
class Gauge {
 public:
  Gauge() = default;
  static Gauge Make(const Host& host, const char* name, const char* help) {
    const Services& services = host.services();
    Gauge made;
    if (services.metric.gauge == nullptr) return made;
    if (services.metric.gauge(services.host, name, help, &made.metric_) ==
        CLUSTER_OK) {
      made.set_ = services.metric.set;
    }
    return made;
  }

  void Set(double value) const {
    if (set_ != nullptr) set_(metric_, value);
  }

 private:
  void (*set_)(cluster_metric*, double) = nullptr;
  cluster_metric* metric_ = nullptr;
};

// How values are spread. `bounds` are the upper bounds of its buckets, 1 to 32,
// ascending; what is above the last has a bucket of its own.
class Histogram {
 public:
  Histogram() = default;
  static Histogram Make(const Host& host,
                        const char* name,
                        const char* help,
                        std::initializer_list<double> bounds) {
    const Services& services = host.services();
    Histogram made;
    if (services.metric.histogram == nullptr) return made;
    const std::vector<double> list(bounds);
    if (services.metric.histogram(services.host,
                                  name,
                                  help,
                                  list.data(),
                                  list.size(),
                                  &made.metric_) == CLUSTER_OK) {
      made.observe_ = services.metric.observe;
    }
    return made;
  }

  // Adds a finite value.
  void Observe(double value) const {
    if (observe_ != nullptr) observe_(metric_, value);
  }

 private:
  void (*observe_)(cluster_metric*, double) = nullptr;
  cluster_metric* metric_ = nullptr;
};

}  // namespace cluster::sdk

#endif  // PLUGINS_SDK_METRICS_H_
