#include "plugins/static_files/request_path.h"

#include <algorithm>
#include <optional>

#include "plugins/static_files/field_text.h"

namespace cluster::static_files {
namespace {

constexpr int kBadRequest = 400;
constexpr int kForbidden = 403;
constexpr int kUriTooLong = 414;

RequestPath Refused(int status) {
  RequestPath path;
  path.refusal = status;
  return path;
}

// What a URI may hold only encoded and some clients send as it is: a backslash
// (which others take for a slash), a fragment, controls. Bytes above 127 pass.
bool IsForbidden(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= ' ' || byte == 0x7f || c == '\\' || c == '#';
}

// The path and query of `target`; none: neither form.
std::optional<std::string_view> StripAuthority(std::string_view target) {
  if (target.starts_with('/')) return target;
  const size_t colon = target.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view scheme = target.substr(0, colon);
  if (!EqualIgnoringCase(scheme, "http") &&
      !EqualIgnoringCase(scheme, "https")) {
    return std::nullopt;
  }
  const std::string_view rest = target.substr(colon + 3);
  const size_t authority = std::min(rest.find_first_of("/?"), rest.size());
  if (authority == 0) return std::nullopt;
  return rest.substr(authority);
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = ToLower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::optional<std::string> Decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (text.size() - i < 3) return std::nullopt;
      const int high = HexValue(text[i + 1]);
      const int low = HexValue(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (c == '\0') return std::nullopt;
    decoded += c;
  }
  return decoded;
}

// Appends what the segments of `decoded` come to. Returns whether they stay
// below the root all the way.
bool Walk(std::string_view decoded, RequestPath* out) {
  while (true) {
    const size_t slash = std::min(decoded.find('/'), decoded.size());
    const std::string_view segment = decoded.substr(0, slash);
    out->names_directory = segment.empty() || segment == "." || segment == "..";
    if (segment == "..") {
      if (out->path.empty()) return false;
      const size_t parent = out->path.rfind('/');
      out->path.resize(parent == std::string::npos ? 0 : parent);
    } else if (!out->names_directory) {
      if (!out->path.empty()) out->path += '/';
      out->path += segment;
    }
    if (slash == decoded.size()) return true;
    decoded.remove_prefix(slash + 1);
  }
}

std::string Encode(std::string_view text, std::string_view plain) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const bool alphanumeric =
        (c >= '0' && c <= '9') || (ToLower(c) >= 'a' && ToLower(c) <= 'z');
    if (alphanumeric || plain.find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return encoded;
}

}  // namespace

RequestPath ParseTarget(std::string_view target) {
  if (target.size() > kMaxTargetBytes) return Refused(kUriTooLong);
  if (std::any_of(target.begin(), target.end(), &IsForbidden)) {
    return Refused(kBadRequest);
  }
  const std::optional<std::string_view> local = StripAuthority(target);
  if (!local) return Refused(kBadRequest);
  const size_t question = std::min(local->find('?'), local->size());
  const std::optional<std::string> decoded = Decode(local->substr(0, question));
  if (!decoded) return Refused(kBadRequest);
  RequestPath path;
  if (!Walk(*decoded, &path)) return Refused(kForbidden);
  path.query = local->substr(question);
  return path;
}

std::string EncodePath(std::string_view path) { return Encode(path, "-._~/"); }

std::string EncodeSegment(std::string_view segment) {
  return Encode(segment, "-._~");
}

}  // namespace cluster::static_files
