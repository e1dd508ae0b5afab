// Incident: what befalls one worker for some time.
#ifndef TOOLS_POLICY_LAB_INCIDENT_H_
#define TOOLS_POLICY_LAB_INCIDENT_H_

#include <cstdint>

#include "tools/policy_lab/sim_time.h"

namespace cluster::lab {

struct Incident {
  enum class Kind {
    kSlow,     // it takes `factor` times as long
    kStall,    // it does nothing, and nobody knows
    kRestart,  // it is gone; what it had begun is lost, the rest goes elsewhere
  };

  Kind kind = Kind::kStall;
  uint32_t worker = 0;
  double factor = 1;  // > 0
  int64_t from_ns = 0;
  int64_t to_ns = kNever;  // > from_ns
};

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_INCIDENT_H_
