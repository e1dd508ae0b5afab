#include "plugins/resp_kv/reply.h"

#include <algorithm>
#include <charconv>

namespace cluster::resp_kv {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

void AppendNumber(int64_t number, std::string* out) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof(digits), number).ptr;
  out->append(digits, end);
  out->append(kLineEnd);
}

}  // namespace

void AppendSimple(std::string_view text, std::string* out) {
  out->push_back('+');
  out->append(text);
  out->append(kLineEnd);
}

void AppendError(std::string_view text, std::string* out) {
  out->push_back('-');
  const size_t begin = out->size();
  out->append(text);
  std::replace_if(
      out->begin() + begin,
      out->end(),
      [](char c) { return c == '\r' || c == '\n'; },
      ' ');
  out->append(kLineEnd);
}

void AppendInteger(int64_t number, std::string* out) {
  out->push_back(':');
  AppendNumber(number, out);
}

void AppendBulk(std::string_view bytes, std::string* out) {
  out->push_back('$');
  AppendNumber(static_cast<int64_t>(bytes.size()), out);
  out->append(bytes);
  out->append(kLineEnd);
}

void AppendArray(size_t count, std::string* out) {
  out->push_back('*');
  AppendNumber(static_cast<int64_t>(count), out);
}

void AppendRequest(std::span<const std::string_view> arguments,
                   std::string* out) {
  AppendArray(arguments.size(), out);
  for (const std::string_view argument : arguments) AppendBulk(argument, out);
}

std::optional<int64_t> ReadInteger(std::string_view reply) {
  if (!reply.starts_with(':') || !reply.ends_with(kLineEnd)) {
    return std::nullopt;
  }
  int64_t number = 0;
  const char* const end = reply.data() + reply.size() - kLineEnd.size();
  const auto parsed = std::from_chars(reply.data() + 1, end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return number;
}

std::optional<std::string_view> ReadBulkReply(std::string_view reply) {
  const size_t line_end = reply.find(kLineEnd);
  if (!reply.starts_with('$') || line_end == std::string_view::npos) {
    return std::nullopt;
  }
  size_t size = 0;
  const char* const end = reply.data() + line_end;
  const auto parsed = std::from_chars(reply.data() + 1, end, size);
  if (parsed.ec != std::errc() || parsed.ptr != end ||
      reply.size() != line_end + size + 2 * kLineEnd.size()) {
    return std::nullopt;
  }
  return reply.substr(line_end + kLineEnd.size(), size);
}

}  // namespace cluster::resp_kv
