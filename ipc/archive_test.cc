#include "ipc/archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cereal/archives/portable_binary.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;

enum class Color : uint8_t { kRed = 1, kBlue = 7 };

// One field of each kind that the archive takes.
struct Everything {
  int8_t i8 = 0;
  uint16_t u16 = 0;
  int32_t i32 = 0;
  uint64_t u64 = 0;
  double real = 0;
  bool flag = false;
  Color color = Color::kRed;
  std::string text;
  std::array<uint32_t, 3> triple = {};
  std::vector<uint64_t> numbers;
  std::vector<std::byte> blob;
  std::vector<bool> flags;
  std::vector<std::string> words;
  std::map<std::string, std::vector<int>> table;
  std::optional<std::string> maybe;
  std::pair<int, std::string> pair;
  std::variant<int, std::string, std::vector<int>> one_of;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(i8, u16, i32, u64, real, flag, color, text, triple, numbers);
    archive(blob, flags, words, table, maybe, pair, one_of);
  }
  bool operator==(const Everything&) const = default;
};

Everything Sample() {
  Everything value;
  value.i8 = -3;
  value.u16 = 65535;
  value.i32 = -70000;
  value.u64 = ~uint64_t{0};
  value.real = -0.125;
  value.flag = true;
  value.color = Color::kBlue;
  value.text = std::string("a\0b", 3);
  value.triple = {1, 2, 3};
  value.numbers = {1, uint64_t{1} << 63};
  value.blob = {std::byte{0}, std::byte{255}};
  value.flags = {true, false, true};
  value.words = {"", "two", std::string(300, 'x')};
  value.table = {{"a", {1, 2}}, {"b", {}}};
  value.maybe = "yes";
  value.pair = {4, "four"};
  value.one_of = std::vector<int>{9, 8};
  return value;
}

// A list within a list, as deep as one likes.
struct Node {
  std::vector<Node> children;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(children);
  }
};

// `levels` vectors of one element inside one another: each level of Node is two
// of the archive's, the struct and the vector.
std::vector<std::byte> NestedNodes(int levels) {
  std::vector<std::byte> bytes = {kArchiveLittleEndian};
  for (int i = 0; i < levels; ++i) {
    const bool last = i + 1 == levels;
    bytes.push_back(std::byte{static_cast<uint8_t>(last ? 0 : 1)});
    bytes.insert(bytes.end(), 7, std::byte{0});
  }
  return bytes;
}

template <class T>
std::vector<std::byte> CerealEncode(const T& value) {
  std::ostringstream stream;
  cereal::PortableBinaryOutputArchive archive(
      stream, cereal::PortableBinaryOutputArchive::Options::LittleEndian());
  archive(value);
  const std::string text = stream.str();
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

template <class T>
T CerealDecode(std::span<const std::byte> bytes) {
  std::istringstream stream(
      std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  cereal::PortableBinaryInputArchive archive(stream);
  T value;
  archive(value);
  return value;
}

template <class T>
void ExpectDataLoss(std::span<const std::byte> bytes, std::string_view why) {
  const absl::StatusOr<T> value = Decode<T>(bytes);
  ASSERT_FALSE(value.ok());
  EXPECT_EQ(value.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(value.status().message()),
              HasSubstr(std::string(why)));
}

// A little-endian archive that begins with a size, then `rest`.
std::vector<std::byte> Announce(uint64_t size, std::string_view rest = "") {
  std::vector<std::byte> bytes = Encode(size);
  const auto more = std::as_bytes(std::span(rest));
  bytes.insert(bytes.end(), more.begin(), more.end());
  return bytes;
}

TEST(ArchiveTest, EveryTypeRoundTrips) {
  const Everything value = Sample();
  const absl::StatusOr<Everything> decoded = Decode<Everything>(Encode(value));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(*decoded, value);
}

TEST(ArchiveTest, DefaultValuesRoundTrip) {
  const absl::StatusOr<Everything> decoded =
      Decode<Everything>(Encode(Everything{}));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(*decoded, Everything{});
}

TEST(ArchiveTest, BareValuesNeedNoStruct) {
  EXPECT_EQ(*Decode<std::string>(Encode(std::string("hi"))), "hi");
  EXPECT_EQ(*Decode<uint32_t>(Encode(uint32_t{7})), 7u);
  EXPECT_EQ(*Decode<Color>(Encode(Color::kBlue)), Color::kBlue);
}

TEST(ArchiveTest, BytesAreThoseOfCerealsPortableBinary) {
  EXPECT_EQ(Encode(Sample()), CerealEncode(Sample()));
}

TEST(ArchiveTest, CerealReadsWhatWeWrite) {
  EXPECT_EQ(CerealDecode<Everything>(Encode(Sample())), Sample());
}

TEST(ArchiveTest, WeReadWhatCerealWrites) {
  const absl::StatusOr<Everything> decoded =
      Decode<Everything>(CerealEncode(Sample()));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(*decoded, Sample());
}

TEST(ArchiveTest, BigEndianArchiveIsRefused) {
  std::ostringstream stream;
  cereal::PortableBinaryOutputArchive archive(
      stream, cereal::PortableBinaryOutputArchive::Options::BigEndian());
  archive(uint32_t{1});
  const std::string text = stream.str();
  ExpectDataLoss<uint32_t>(std::as_bytes(std::span(text)), "first byte is 0");
}

TEST(ArchiveTest, EncodeToAppends) {
  std::vector<std::byte> bytes = {std::byte{42}};
  EncodeTo(uint8_t{5}, &bytes);
  EXPECT_EQ(
      bytes,
      (std::vector<std::byte>{std::byte{42}, std::byte{1}, std::byte{5}}));
}

TEST(ArchiveTest, NoBytesAreNoArchive) {
  ExpectDataLoss<uint32_t>({}, "no bytes");
}

TEST(ArchiveTest, EveryTruncationIsDataLoss) {
  const std::vector<std::byte> bytes = Encode(Sample());
  for (size_t size = 0; size < bytes.size(); ++size) {
    ExpectDataLoss<Everything>(std::span(bytes).first(size), "archive");
  }
}

TEST(ArchiveTest, TrailingByteIsDataLoss) {
  std::vector<std::byte> bytes = Encode(Sample());
  bytes.push_back(std::byte{0});
  ExpectDataLoss<Everything>(bytes, "1 bytes remain");
}

TEST(ArchiveTest, SizesAboveWhatRemainsTakeNoMemory) {
  for (const uint64_t size :
       {uint64_t{4}, uint64_t{1} << 32, uint64_t{1} << 61, ~uint64_t{0}}) {
    const std::vector<std::byte> bytes = Announce(size, "abc");
    ExpectDataLoss<std::string>(bytes, "announced");
    ExpectDataLoss<std::vector<uint8_t>>(bytes, "announced");
    ExpectDataLoss<std::vector<uint64_t>>(bytes, "announced");
    ExpectDataLoss<std::vector<bool>>(bytes, "announced");
    ExpectDataLoss<std::vector<std::string>>(bytes, "announced");
    ExpectDataLoss<std::map<int, int>>(bytes, "announced");
  }
}

TEST(ArchiveTest, ArithmeticVectorNeedsItsExactBytes) {
  // Three elements, and three bytes.
  ExpectDataLoss<std::vector<uint64_t>>(Announce(3, "abc"), "8 bytes");
}

TEST(ArchiveTest, NestedSizeLargerThanTheRestIsDataLoss) {
  std::vector<std::byte> bytes = Announce(2);
  const std::vector<std::byte> inner = Announce(1'000'000, "abc");
  bytes.insert(bytes.end(), inner.begin() + 1, inner.end());
  ExpectDataLoss<std::vector<std::string>>(bytes, "1000000 elements");
}

TEST(ArchiveTest, NestingUpToTheBoundDecodes) {
  EXPECT_TRUE(Decode<Node>(NestedNodes(kMaxArchiveDepth / 2)).ok());
}

TEST(ArchiveTest, DepthBombIsDataLoss) {
  ExpectDataLoss<Node>(NestedNodes(kMaxArchiveDepth / 2 + 1), "nested deeper");
  ExpectDataLoss<Node>(NestedNodes(1'000'000), "nested deeper");
}

TEST(ArchiveTest, DepthCountsWhatIsOpenAndNotWhatWas) {
  const std::vector<std::vector<int>> wide(1000, {1, 2});
  const auto decoded = Decode<std::vector<std::vector<int>>>(Encode(wide));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(*decoded, wide);
}

TEST(ArchiveTest, BoolIsZeroOrOne) {
  const std::vector<std::byte> two = Encode(uint8_t{2});
  ExpectDataLoss<bool>(two, "a bool is 2");
  ExpectDataLoss<std::optional<int>>(two, "a bool is 2");
}

TEST(ArchiveTest, VariantIndexOutOfRangeIsDataLoss) {
  using Variant = std::variant<int, std::string>;
  ExpectDataLoss<Variant>(Encode(int32_t{2}), "variant");
  ExpectDataLoss<Variant>(Encode(int32_t{-1}), "variant");
}

TEST(ArchiveTest, RandomDamageNeverCrashes) {
  std::mt19937 random(1);
  const std::vector<std::byte> bytes = Encode(Sample());
  for (int i = 0; i < 20'000; ++i) {
    std::vector<std::byte> damaged = bytes;
    for (int hits = 1 + static_cast<int>(random() % 4); hits > 0; --hits) {
      damaged[random() % damaged.size()] = std::byte(random());
    }
    damaged.resize(damaged.size() - random() % 8);
    const absl::StatusOr<Everything> value = Decode<Everything>(damaged);
    if (!value.ok()) EXPECT_TRUE(absl::IsDataLoss(value.status()));
  }
}

}  // namespace
}  // namespace cluster
