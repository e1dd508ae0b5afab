// Fuzz target for DecodeMessage<Value>().
//
// Beyond the sanitizers' rules and libFuzzer's limit on allocations it demands:
//   - what is refused is refused with kDataLoss
//   - what is taken has one encoding: the bytes that it came from
//   - its text is bounded, and it is not less than itself
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/cluster/value/message_codec.h"
#include "core/cluster/value/value.h"

namespace cluster {
namespace {

void Demand(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

void Check(std::span<const std::byte> input) {
  const absl::StatusOr<Value> value = DecodeMessage<Value>(input);
  if (!value.ok()) {
    Demand(absl::IsDataLoss(value.status()), "refused with kDataLoss");
    return;
  }
  const absl::StatusOr<std::vector<std::byte>> bytes = EncodeMessage(*value);
  Demand(bytes.ok(), "what was taken encodes");
  Demand(std::equal(bytes->begin(), bytes->end(), input.begin(), input.end()),
         "and is the same");
  Demand(value->DebugText(100).size() <= 103, "the text is bounded");
  const Value copy = *value;
  Demand(!(copy < *value) && !(copy > *value), "it is not less than itself");
}

}  // namespace
}  // namespace cluster

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cluster::Check(std::as_bytes(std::span(data, size)));
  return 0;
}
