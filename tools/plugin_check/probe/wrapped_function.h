// WrappedFunction: the function of a service as the plugin gets it: checked by
// CallGuard, its arguments by a function that says what is wrong with them
// (nothing: empty), then done by the host beneath.
//
//   table.send =
//       &WrappedFunction<kSend, &cluster_message_v1::send, &FaultOf>::Call;
#ifndef TOOLS_PLUGIN_CHECK_PROBE_WRAPPED_FUNCTION_H_
#define TOOLS_PLUGIN_CHECK_PROBE_WRAPPED_FUNCTION_H_

#include <type_traits>

#include "absl/strings/string_view.h"
#include "plugins/abi/cluster_plugin.h"
#include "tools/plugin_check/probe/call_guard.h"
#include "tools/plugin_check/probe/host_beneath.h"
#include "tools/plugin_check/probe/probe_rule.h"

namespace cluster {

template <const ProbeRule& kRule, auto kMember, auto kFault = nullptr>
struct WrappedFunction;

template <const ProbeRule& kRule,
          typename Table,
          typename Result,
          typename... Arguments,
          Result (*Table::*kMember)(const cluster_host*, Arguments...),
          auto kFault>
struct WrappedFunction<kRule, kMember, kFault> {
  static Result Call(const cluster_host* host, Arguments... arguments) {
    CallGuard& guard = CallGuard::Get();
    cluster_status no = guard.Check(host, kRule);
    if constexpr (!std::is_null_pointer_v<decltype(kFault)>) {
      const absl::string_view fault =
          no == CLUSTER_OK ? kFault(arguments...) : absl::string_view();
      if (!fault.empty()) no = guard.RefuseArgument(kRule, fault);
    }
    if (no != CLUSTER_OK) {
      if constexpr (std::is_same_v<Result, cluster_status>) {
        return no;
      } else {
        return Result();
      }
    }
    const auto* table = TableBeneath<Table>(kRule.service);
    return (table->*kMember)(HostBeneath(), arguments...);
  }
};

}  // namespace cluster

#endif  // TOOLS_PLUGIN_CHECK_PROBE_WRAPPED_FUNCTION_H_
