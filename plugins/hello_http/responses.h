// Responses: every answer that hello_http gives, serialised once.
//
// Thread safety: immutable once made.
// Lifetime: the text returned lives as long as the object.
//
//   Responses responses(worker_id, "hello from worker 1\n");
//   out += responses.Get(Route::kHello, Ending::kKeep, /*head=*/false);
#ifndef PLUGINS_HELLO_HTTP_RESPONSES_H_
#define PLUGINS_HELLO_HTTP_RESPONSES_H_

#include <array>
#include <boost/beast/http/status.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "plugins/hello_http/request_parser.h"

namespace cluster::hello_http {

// What becomes of the connection after an answer, and how that is said.
enum class Ending : uint8_t {
  kKeep,    // HTTP/1.1: nothing is said
  kKeep10,  // HTTP/1.0: Connection: keep-alive
  kClose,   // Connection: close
};

class Responses {
 public:
  // `hello` is the whole body of the answer to GET /.
  Responses(uint32_t worker_id, std::string_view hello);

  std::string_view Get(Route route, Ending ending, bool head) const {
    const Text& text = texts_[size_t(route)][size_t(ending)];
    return std::string_view(text.bytes)
        .substr(0, head ? text.header_bytes : std::string_view::npos);
  }

  // The answer to what is no request; the connection closes after it.
  std::string Refusal(boost::beast::http::status status) const;

 private:
  struct Text {
    std::string bytes;
    size_t header_bytes = 0;
  };

  Text Make(boost::beast::http::status status,
            Ending ending,
            std::string_view body) const;

  const std::string worker_id_;
  std::array<std::array<Text, 3>, 4> texts_;  // by Route, Ending
};

}  // namespace cluster::hello_http

#endif  // PLUGINS_HELLO_HTTP_RESPONSES_H_
