// Fuzz target for DecodeJson() and EncodeJson().
//
// Beyond the sanitizers' rules and libFuzzer's limit on allocations it demands:
//   - what is refused is refused with kDataLoss
//   - what is taken has a text, which is one of the same value, but that what
//     is not finite has become null
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/cluster/value/json.h"
#include "core/cluster/value/value.h"

namespace cluster {
namespace {

void Demand(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

void Check(std::string_view input) {
  const absl::StatusOr<Value> value = DecodeJson(input);
  if (!value.ok()) {
    Demand(absl::IsDataLoss(value.status()), "refused with kDataLoss");
    return;
  }
  const absl::StatusOr<std::string> text = EncodeJson(*value);
  Demand(text.ok(), "what was taken has a text");
  const absl::StatusOr<Value> again = DecodeJson(*text);
  Demand(again.ok(), "which is taken");
  const absl::StatusOr<std::string> text_again = EncodeJson(*again);
  Demand(text_again.ok() && *text_again == *text, "and is the same");
  // The text of an infinite number is "inf" there, and that of no other.
  const bool finite =
      value->DebugText(SIZE_MAX).find("inf") == std::string::npos;
  Demand(!finite || *again == *value, "of the same value");
}

}  // namespace
}  // namespace cluster

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cluster::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
