// TraceRow: one arrival of a recorded workload, and the words of the format
// (docs/policy_lab.md).
#ifndef CORE_TRACE_TRACE_ROW_H_
#define CORE_TRACE_TRACE_ROW_H_

#include <cstdint>

namespace cluster {

inline constexpr char kTraceHeader[] = "cluster-trace 1";
inline constexpr char kTraceEnd[] = "end ";

struct TraceRow {
  int64_t arrival_ns = 0;
  int64_t service_ns = 0;
  uint64_t key = 0;
};

}  // namespace cluster

#endif  // CORE_TRACE_TRACE_ROW_H_
