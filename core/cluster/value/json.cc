#include "core/cluster/value/json.h"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/error.hpp>
#include <boost/json/parse_options.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string_view.hpp>
#include <boost/locale/utf.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/cluster/value/double_text.h"

namespace cluster {
namespace {

// ---- To text

bool IsUtf8(std::string_view text) {
  namespace utf = boost::locale::utf;
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at != end;) {
    if (!utf::is_valid_codepoint(utf::utf_traits<char>::decode(at, end))) {
      return false;
    }
  }
  return true;
}

class Writer {
 public:
  absl::Status Write(const Value& value) {
    switch (value.kind()) {
      case Value::Kind::kNull:
        text_ += "null";
        break;
      case Value::Kind::kBool:
        text_ += *value.As<bool>() ? "true" : "false";
        break;
      case Value::Kind::kInt:
        absl::StrAppend(&text_, *value.As<int64_t>());
        break;
      case Value::Kind::kDouble:
        WriteDouble(*value.As<double>());
        break;
      case Value::Kind::kString:
        return WriteString(*value.As<std::string>());
      case Value::Kind::kBytes:
        return absl::InvalidArgumentError("cannot be sent as JSON: bytes");
      case Value::Kind::kList:
        return WriteList(*value.As<Value::List>());
      case Value::Kind::kMap:
        return WriteMap(*value.As<Value::Map>());
    }
    return absl::OkStatus();
  }

  std::string Take() && { return std::move(text_); }

 private:
  void WriteDouble(double number) {
    if (!std::isfinite(number)) {
      text_ += "null";
      return;
    }
    AppendDouble(number, &text_);
  }

  absl::Status WriteString(std::string_view text) {
    if (!IsUtf8(text)) {
      return absl::InvalidArgumentError(
          "cannot be sent as JSON: a string that is not UTF-8");
    }
    text_ += boost::json::serialize(
        boost::json::string_view(text.data(), text.size()));
    return absl::OkStatus();
  }

  absl::Status WriteList(const Value::List& list) {
    RETURN_IF_ERROR(Enter());
    const char* before = "[";
    for (const Value& element : list) {
      text_ += std::exchange(before, ",");
      RETURN_IF_ERROR(Write(element));
    }
    text_ += list.empty() ? "[]" : "]";
    --depth_;
    return absl::OkStatus();
  }

  absl::Status WriteMap(const Value::Map& map) {
    RETURN_IF_ERROR(Enter());
    const char* before = "{";
    for (const auto& [key, element] : map) {
      text_ += std::exchange(before, ",");
      RETURN_IF_ERROR(WriteString(key));
      text_ += ':';
      RETURN_IF_ERROR(Write(element));
    }
    text_ += map.empty() ? "{}" : "}";
    --depth_;
    return absl::OkStatus();
  }

  absl::Status Enter() {
    if (++depth_ <= Value::kMaxDepth) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("cannot be sent as JSON: lists and maps nest deeper than ",
                     Value::kMaxDepth));
  }

  std::string text_;
  int depth_ = 0;
};

// ---- From text

// Boost's own double may differ in the last bit.
Value NumberOf(const std::string& text) {
  int64_t exact = 0;
  if (text.find_first_of(".eE") == text.npos &&
      absl::SimpleAtoi(text, &exact)) {
    return exact;
  }
  double nearest = 0;
  (void)absl::SimpleAtod(text, &nearest);
  return nearest;
}

// What the parser calls, by these names: makes a Value of what it finds.
// NOLINTBEGIN(readability-identifier-naming)
class Builder {
 public:
  using Text = boost::json::string_view;
  using Error = boost::json::error_code;

  static constexpr size_t max_array_size = Value::kMaxCount;
  static constexpr size_t max_object_size = Value::kMaxCount;
  static constexpr size_t max_string_size = SIZE_MAX;
  static constexpr size_t max_key_size = SIZE_MAX;

  bool on_document_begin(Error&) { return true; }
  bool on_document_end(Error&) { return true; }
  bool on_null(Error& error) { return Add(Value(), error); }
  bool on_bool(bool value, Error& error) { return Add(value, error); }
  bool on_int64(int64_t, Text last, Error& error) {
    return OnNumber(last, error);
  }
  bool on_uint64(uint64_t, Text last, Error& error) {
    return OnNumber(last, error);
  }
  bool on_double(double, Text last, Error& error) {
    return OnNumber(last, error);
  }
  bool on_number_part(Text part, Error&) { return Append(part); }
  bool on_string_part(Text part, size_t, Error&) { return Append(part); }
  bool on_string(Text last, size_t, Error& error) {
    Append(last);
    return Add(std::exchange(text_, {}), error);
  }
  bool on_key_part(Text part, size_t, Error&) { return Append(part); }
  bool on_key(Text last, size_t, Error&) {
    Append(last);
    open_.back().key = std::exchange(text_, {});
    return true;
  }
  bool on_array_begin(Error&) { return Open(Value::List()); }
  bool on_array_end(size_t, Error& error) { return Close(error); }
  bool on_object_begin(Error&) { return Open(Value::Map()); }
  bool on_object_end(size_t, Error& error) { return Close(error); }
  bool on_comment_part(Text, Error&) { return true; }
  bool on_comment(Text, Error&) { return true; }

  Value Take() && { return std::move(root_); }

 private:
  // A list or a map that has not ended.
  struct Level {
    Value value;
    std::string key;  // of the element that is next
  };

  bool Append(Text part) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool OnNumber(Text last, Error& error) {
    Append(last);
    return Add(NumberOf(std::exchange(text_, {})), error);
  }
  bool Open(Value value) {
    open_.push_back({.value = std::move(value), .key = {}});
    return true;
  }
  bool Close(Error& error) {
    Value whole = std::move(open_.back().value);
    open_.pop_back();
    return Add(std::move(whole), error);
  }
  bool Add(Value value, Error& error) {
    if (++count_ > Value::kMaxCount) {
      error = boost::json::error::array_too_large;
      return false;
    }
    if (open_.empty()) {
      root_ = std::move(value);
      return true;
    }
    Level& level = open_.back();
    if (auto* list = level.value.As<Value::List>()) {
      list->push_back(std::move(value));
    } else {
      level.value.As<Value::Map>()->insert_or_assign(std::move(level.key),
                                                     std::move(value));
    }
    return true;
  }

  Value root_;
  std::vector<Level> open_;
  std::string text_;  // of a string or a number, so far
  size_t count_ = 0;
};
// NOLINTEND(readability-identifier-naming)

}  // namespace

absl::StatusOr<std::string> EncodeJson(const Value& value) {
  Writer writer;
  RETURN_IF_ERROR(writer.Write(value));
  return std::move(writer).Take();
}

absl::StatusOr<Value> DecodeJson(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = Value::kMaxDepth;
  boost::json::basic_parser<Builder> parser(options);
  boost::json::error_code error;
  const size_t end = parser.write_some(
      /*more=*/false, text.data(), text.size(), error);
  if (error) {
    return absl::DataLossError(absl::StrCat("no JSON: ", error.message()));
  }
  if (end < text.size()) {
    return absl::DataLossError(
        absl::StrCat("no JSON: ", text.size() - end, " bytes are left"));
  }
  return std::move(parser.handler()).Take();
}

}  // namespace cluster
