// Name: a domain name, as it goes over the wire: labels of 1 to 63 bytes, each
// after its length, and an empty one at the end; 255 bytes at most (RFC 1035,
// 3.1). Case is kept and does not count when names are compared.
//
// Thread safety: a plain value.
//
//   std::optional<Name> name = Name::FromText("www", origin);
#ifndef PLUGINS_DNS_NAME_H_
#define PLUGINS_DNS_NAME_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cluster::dns {

inline constexpr size_t kMaxNameBytes = 255;
inline constexpr size_t kMaxLabelBytes = 63;

// ASCII letters in lower case; all else stays (RFC 4343).
std::string LowerCase(std::string_view text);

// The bytes that `text` of a zone file means: \C is the character, \DDD the
// byte of that decimal number. None: a backslash that is neither.
std::optional<std::string> Unescape(std::string_view text);

class Name {
 public:
  // The root.
  Name() : wire_(1, '\0'), key_(wire_) {}

  // REQUIRES: `wire` is a whole name, without compression.
  static Name FromWire(std::string_view wire);

  // Reads a name of a zone file: "@" is `origin`, and what does not end with a
  // dot is below it. None: an empty label, or one or a name that is too long,
  // or a wrong escape.
  static std::optional<Name> FromText(std::string_view text,
                                      const Name& origin);

  // The length in bytes of the name at the beginning of `bytes`; none if there
  // is no whole name without compression.
  static std::optional<size_t> Measure(std::string_view bytes);

  const std::string& wire() const { return wire_; }
  // The same in lower case: equal for names that are equal.
  const std::string& key() const { return key_; }
  bool operator==(const Name& other) const { return key_ == other.key_; }

  // Whether this is `other` or below it.
  bool IsUnder(const Name& other) const;
  bool is_wildcard() const { return wire_.starts_with("\1*"); }

  // As a zone file has it, with the dot at the end.
  std::string ToText() const;

 private:
  explicit Name(std::string wire)
      : wire_(std::move(wire)), key_(LowerCase(wire_)) {}

  std::string wire_;
  std::string key_;
};

// Where each label of a name begins, the empty one last. REQUIRES: `wire` is a
// whole name without compression.
std::vector<size_t> LabelOffsets(std::string_view wire);

}  // namespace cluster::dns

#endif  // PLUGINS_DNS_NAME_H_
