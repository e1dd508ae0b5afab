// TraceRow: one arrival of a recorded workload, and the words of the format
// (docs/policy_lab.md).
#ifndef TOOLS_POLICY_LAB_TRACE_TRACE_ROW_H_
#define TOOLS_POLICY_LAB_TRACE_TRACE_ROW_H_

#include <cstdint>

namespace cluster::lab {

inline constexpr char kTraceHeader[] = "cluster-trace 1";
inline constexpr char kTraceEnd[] = "end ";

struct TraceRow {
  int64_t arrival_ns = 0;
  int64_t service_ns = 0;
  uint64_t key = 0;
};

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_TRACE_TRACE_ROW_H_
