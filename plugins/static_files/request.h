// Request: what of an HTTP request a file server has to know.
//
// Thread safety: plain values.
#ifndef PLUGINS_STATIC_FILES_REQUEST_H_
#define PLUGINS_STATIC_FILES_REQUEST_H_

#include <cstdint>
#include <string>

namespace cluster::static_files {

enum class Method : uint8_t {
  kGet,
  kHead,
  kOptions,
  kOther,    // exists, and is not for files
  kUnknown,  // not a method of HTTP
};

struct Request {
  Method method = Method::kUnknown;
  std::string target;  // as sent
  bool is_http11 = false;
  bool keep_alive = false;  // by version and Connection
  // A body follows that nobody reads: the connection ends with the answer.
  bool has_unread_body = false;
  // Expect names something else than 100-continue.
  bool has_unknown_expectation = false;

  // Fields as sent; repeated ones joined by commas. Empty: not sent.
  std::string range;
  std::string if_range;
  std::string if_match;
  std::string if_none_match;
  std::string if_modified_since;
  std::string if_unmodified_since;
  std::string accept_encoding;
};

}  // namespace cluster::static_files

#endif  // PLUGINS_STATIC_FILES_REQUEST_H_
