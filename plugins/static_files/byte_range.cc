#include "plugins/static_files/byte_range.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "plugins/static_files/field_text.h"

namespace cluster::static_files {
namespace {

constexpr std::string_view kUnit = "bytes";

// Digits alone. A number too large is the largest: it lies behind every file.
std::optional<uint64_t> ParseNumber(std::string_view text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) {
    return std::nullopt;
  }
  uint64_t number = 0;
  const auto result =
      std::from_chars(text.data(), text.data() + text.size(), number);
  return result.ec == std::errc() ? number : UINT64_MAX;
}

// What one range specification means for a file of `size` bytes. A range of
// size 0: it cannot be satisfied. None: no such syntax.
std::optional<ByteRange> ParseSpec(std::string_view spec, uint64_t size) {
  const size_t dash = spec.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::string_view before = TrimSpace(spec.substr(0, dash));
  const std::string_view after = TrimSpace(spec.substr(dash + 1));
  const std::optional<uint64_t> last = ParseNumber(after);
  if (before.empty()) {
    if (!last) return std::nullopt;
    const uint64_t suffix = std::min(*last, size);
    return ByteRange{size - suffix, suffix};
  }
  const std::optional<uint64_t> first = ParseNumber(before);
  if (!first || (!last && !after.empty())) return std::nullopt;
  if (last && *last < *first) return std::nullopt;
  if (*first >= size) return ByteRange{};
  return ByteRange{*first,
                   std::min(last.value_or(size), size - 1) - *first + 1};
}

}  // namespace

RangeSet ParseRange(std::string_view value, uint64_t size) {
  // Content-Range cannot name a part of nothing.
  if (size == 0) return {};
  const size_t equals = value.find('=');
  if (equals == std::string_view::npos ||
      !EqualIgnoringCase(value.substr(0, equals), kUnit)) {
    return {};
  }
  ListReader specs(value.substr(equals + 1));
  std::vector<ByteRange> ranges;
  size_t count = 0;
  uint64_t left = size;
  while (const auto spec = specs.Next()) {
    const std::optional<ByteRange> range = ParseSpec(*spec, size);
    if (!range || ++count > kMaxRanges || range->size > left) return {};
    left -= range->size;
    if (range->size > 0) ranges.push_back(*range);
  }
  if (count == 0) return {};
  if (ranges.empty()) return {RangeSet::Kind::kUnsatisfiable, {}};
  return {RangeSet::Kind::kPartial, std::move(ranges)};
}

}  // namespace cluster::static_files
