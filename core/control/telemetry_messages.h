// What a worker tells the primary of its plugin's health; metrics are in
// metric_definition.h.
//
// Thread safety: plain values.
#ifndef CORE_CONTROL_TELEMETRY_MESSAGES_H_
#define CORE_CONTROL_TELEMETRY_MESSAGES_H_

#include <string>

namespace cluster {

// The plugin wants connections, or no more for now.
struct Readiness {
  bool ready = true;
  std::string reason;  // one line; when not ready

  template <class Archive>
  void serialize(Archive& archive) {
    archive(ready, reason);
  }
};

// The plugin runs, but this host lacks what it could use.
struct ReducedFeatures {
  std::string missing;  // one line

  template <class Archive>
  void serialize(Archive& archive) {
    archive(missing);
  }
};

}  // namespace cluster

#endif  // CORE_CONTROL_TELEMETRY_MESSAGES_H_
