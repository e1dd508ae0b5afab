// Fuzz target for Decode(). The input's first byte chooses the type, the rest
// is the archive.
//
// Beyond the sanitizers' rules and libFuzzer's limit on allocations it demands:
//   - what is refused is refused with kDataLoss
//   - what is taken encodes to bytes that decode to the same bytes again
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ipc/archive.h"

namespace cluster {
namespace {

enum class Color : uint8_t { kRed, kBlue };

// Something of each kind that a message may hold.
struct Message {
  uint32_t number = 0;
  double real = 0;
  bool flag = false;
  Color color = Color::kRed;
  std::string text;
  std::array<uint16_t, 2> pair_of_numbers = {};
  std::vector<uint64_t> numbers;
  std::vector<bool> flags;
  std::vector<std::string> words;
  std::map<std::string, std::vector<std::byte>> table;
  std::optional<std::pair<int32_t, std::string>> maybe;
  std::variant<int64_t, std::string, std::vector<std::optional<int8_t>>> one_of;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(number, real, flag, color, text, pair_of_numbers, numbers, flags);
    archive(words, table, maybe, one_of);
  }
};

// As deep as the input says.
struct Node {
  std::string name;
  std::vector<Node> children;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(name, children);
  }
};

void Demand(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

template <class T>
void Check(std::span<const std::byte> archive) {
  const absl::StatusOr<T> value = Decode<T>(archive);
  if (!value.ok()) {
    Demand(absl::IsDataLoss(value.status()), "refused with kDataLoss");
    return;
  }
  const std::vector<std::byte> bytes = Encode(*value);
  const absl::StatusOr<T> again = Decode<T>(bytes);
  Demand(again.ok(), "what was encoded decodes");
  Demand(Encode(*again) == bytes, "and is the same");
}

void CheckChosen(std::span<const std::byte> input) {
  if (input.empty()) return;
  const std::span<const std::byte> archive = input.subspan(1);
  switch (std::to_integer<int>(input[0]) % 4) {
    case 0:
      return Check<Message>(archive);
    case 1:
      return Check<Node>(archive);
    case 2:
      return Check<std::vector<uint64_t>>(archive);
    default:
      return Check<std::vector<std::map<uint16_t, std::string>>>(archive);
  }
}

}  // namespace
}  // namespace cluster

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cluster::CheckChosen(std::as_bytes(std::span(data, size)));
  return 0;
}
