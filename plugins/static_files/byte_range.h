// Byte ranges: what a Range field asks for. RFC 9110, 14.1 and 14.2.
//
// Thread safety: a function of its arguments.
//
//   const RangeSet set = ParseRange("bytes=-500", file_bytes);
//   if (set.kind == RangeSet::Kind::kPartial) Send(set.ranges[0]);
#ifndef PLUGINS_STATIC_FILES_BYTE_RANGE_H_
#define PLUGINS_STATIC_FILES_BYTE_RANGE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace cluster::static_files {

struct ByteRange {
  uint64_t first = 0;
  uint64_t size = 0;  // at least 1

  uint64_t last() const { return first + size - 1; }
  bool operator==(const ByteRange&) const = default;
};

struct RangeSet {
  enum class Kind : uint8_t {
    kWhole,          // the field does not count: 200
    kPartial,        // 206 with `ranges`, as asked, at least one
    kUnsatisfiable,  // 416
  };

  Kind kind = Kind::kWhole;
  std::vector<ByteRange> ranges;
};

// More ranges than this are not answered piecemeal, and neither are ranges that
// come to more than the file: RFC 9110, 14.2 has it that a server may ignore
// them, and 17.15 why it should.
inline constexpr size_t kMaxRanges = 16;

// Returns what `value` asks of a file of `size` bytes. A value that breaks the
// syntax, or is not in bytes, asks for the whole; so does any for an empty
// file.
RangeSet ParseRange(std::string_view value, uint64_t size);

}  // namespace cluster::static_files

#endif  // PLUGINS_STATIC_FILES_BYTE_RANGE_H_
