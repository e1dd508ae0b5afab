// Value: null, a bool, an integer, a double, a string, bytes, a list or a map:
// what a message holds in programs that want no types of their own.
//
// A map is ordered by key, so equal values have equal bytes. Kinds stay apart:
// 1 and 1.0 are two values, and so are "a" and the byte 'a'. A string is any
// bytes that the program calls text; nobody checks that it is UTF-8.
//
// Bytes of it: core/cluster/value/message_codec.h.
//
// Thread safety: a plain value. A reference into it is valid until it changes.
//
//   const Value config = Value::Map{
//       {"port", 8080}, {"hosts", Value::List{"a", "b"}}, {"tls", nullptr}};
//   if (const int64_t* port = config["port"].As<int64_t>()) Listen(*port);
#ifndef CORE_CLUSTER_VALUE_VALUE_H_
#define CORE_CLUSTER_VALUE_VALUE_H_

#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace cluster {

class Value {
 public:
  using Bytes = std::vector<std::byte>;
  using List = std::vector<Value>;
  using Map = std::map<std::string, Value, std::less<>>;

  // The order is that of comparisons, and the number what is sent.
  enum class Kind : uint8_t {
    kNull,
    kBool,
    kInt,
    kDouble,
    kString,
    kBytes,
    kList,
    kMap,
  };

  // Lists and maps inside one another that can be sent.
  static constexpr int kMaxDepth = 64;
  // Values in one that are received: they take more memory than their bytes do.
  static constexpr size_t kMaxCount = size_t{16} << 20;

  Value() = default;
  Value(std::nullptr_t) {}  // NOLINT: literals convert
  // Only bool, so that no pointer becomes one.
  template <std::same_as<bool> T>
  Value(T value) : data_(value) {}  // NOLINT
  // Every integer that int64_t holds whatever its value; cast the others.
  template <std::integral T>
    requires(!std::same_as<T, bool> && std::numeric_limits<T>::max() <=
                                           std::numeric_limits<int64_t>::max())
  Value(T value) : data_(static_cast<int64_t>(value)) {}  // NOLINT
  template <std::floating_point T>
  Value(T value) : data_(static_cast<double>(value)) {}       // NOLINT
  Value(std::string text) : data_(std::move(text)) {}         // NOLINT
  Value(std::string_view text) : data_(std::string(text)) {}  // NOLINT
  Value(const char* text) : data_(std::string(text)) {}       // NOLINT
  Value(Bytes bytes) : data_(std::move(bytes)) {}             // NOLINT
  Value(List list) : data_(std::move(list)) {}                // NOLINT
  Value(Map map) : data_(std::move(map)) {}                   // NOLINT

  Kind kind() const { return static_cast<Kind>(data_.index()); }
  bool is_null() const { return kind() == Kind::kNull; }

  // What it holds, null if that is no T: bool, int64_t, double, std::string,
  // Bytes, List or Map.
  template <class T>
  const T* As() const {
    return std::get_if<T>(&data_);
  }
  template <class T>
  T* As() {
    return std::get_if<T>(&data_);
  }
  // An integer or a double as a double.
  std::optional<double> Number() const;

  // The element, or a null value if there is none or this is no map or list.
  const Value& operator[](std::string_view key) const;
  const Value& operator[](size_t index) const;
  // Elements of a list or a map; 0 of others.
  size_t size() const;

  // NaN equals nothing, as for doubles. Kinds compare in the order of Kind.
  bool operator==(const Value& other) const = default;
  std::partial_ordering operator<=>(const Value& other) const;

  // For people, like JSON: {"a": [1, 2.5, "x\n", b"00ff", null]}. What has more
  // than `max_bytes` bytes, or nests deeper than kMaxDepth, ends in "...".
  std::string DebugText(size_t max_bytes = 1'000) const;

 private:
  std::variant<std::monostate,
               bool,
               int64_t,
               double,
               std::string,
               Bytes,
               List,
               Map>
      data_;
};

// "null", "bool", "int", "double", "string", "bytes", "list", "map".
std::string_view KindName(Value::Kind kind);

}  // namespace cluster

#endif  // CORE_CLUSTER_VALUE_VALUE_H_
