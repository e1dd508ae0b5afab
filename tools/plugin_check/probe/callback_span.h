// CallbackSpan: the time in which plugin code runs for the host, from entering
// a callback to its return. It keeps what the plugin is doing readable from
// outside, and reports a callback that keeps the loop for more than a second.
//
// Time that the thread was ready and not given a CPU does not count.
//
// Thread safety: the loop thread's.
//
//   const CallbackSpan span("on_connection");
//   table.on_connection(self, &connection);
#ifndef TOOLS_PLUGIN_CHECK_PROBE_CALLBACK_SPAN_H_
#define TOOLS_PLUGIN_CHECK_PROBE_CALLBACK_SPAN_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace cluster {

class CallbackSpan {
 public:
  static constexpr int64_t kBudgetNs = 1'000'000'000;

  // `timed` is false for `run`, which lasts as long as the worker.
  explicit CallbackSpan(absl::string_view what, bool timed = true);
  CallbackSpan(const CallbackSpan&) = delete;
  CallbackSpan& operator=(const CallbackSpan&) = delete;
  ~CallbackSpan();

 private:
  const std::string what_;
  const bool timed_;
  CallbackSpan* const outer_;
  const int64_t began_ns_;
  const int64_t waited_ns_;
};

}  // namespace cluster

#endif  // TOOLS_PLUGIN_CHECK_PROBE_CALLBACK_SPAN_H_
