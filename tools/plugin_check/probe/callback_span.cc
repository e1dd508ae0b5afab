#include "tools/plugin_check/probe/callback_span.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "core/base/monotonic_clock.h"
#include "tools/plugin_check/probe/finding.h"
#include "tools/plugin_check/probe/reporter.h"

namespace cluster {
namespace {

CallbackSpan* innermost = nullptr;

// How long this thread was ready to run and had no CPU, as proc(5) has it.
int64_t WaitedForCpuNs() {
  unsigned long long ran = 0;
  unsigned long long waited = 0;
  FILE* file = std::fopen("/proc/thread-self/schedstat", "re");
  if (file == nullptr) return 0;
  if (std::fscanf(file, "%llu %llu", &ran, &waited) != 2) waited = 0;
  std::fclose(file);
  return static_cast<int64_t>(waited);
}

}  // namespace

CallbackSpan::CallbackSpan(absl::string_view what, bool timed)
    : what_(what),
      timed_(timed),
      outer_(innermost),
      began_ns_(MonotonicNs()),
      waited_ns_(timed ? WaitedForCpuNs() : 0) {
  innermost = this;
  Reporter::Get().At(what_);
}

CallbackSpan::~CallbackSpan() {
  const int64_t took_ns = MonotonicNs() - began_ns_;
  innermost = outer_;
  Reporter::Get().At(outer_ == nullptr ? absl::string_view("no callback")
                                       : absl::string_view(outer_->what_));
  if (!timed_ || took_ns <= kBudgetNs) return;
  const int64_t busy_ns = took_ns - (WaitedForCpuNs() - waited_ns_);
  if (busy_ns <= kBudgetNs) return;
  Reporter::Get().Found(Finding::kSlow,
                        absl::StrCat(what_,
                                     " took ",
                                     busy_ns / 1'000'000,
                                     " ms, where ",
                                     kBudgetNs / 1'000'000,
                                     " ms are too many"));
}

}  // namespace cluster
