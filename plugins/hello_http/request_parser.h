// RequestParser: as much of an HTTP/1.x request as hello_http wants.
//
// Thread safety: none; one parser for each request.
//
//   RequestParser parser;
//   size_t used = parser.put(buffer.data(), error);
//   if (parser.is_done()) Answer(parser.route(), parser.is_head());
#ifndef PLUGINS_HELLO_HTTP_REQUEST_PARSER_H_
#define PLUGINS_HELLO_HTTP_REQUEST_PARSER_H_

#include <boost/beast/http/verb.hpp>
#include <cstdint>

#include "plugins/http/bare_parser.h"

namespace cluster::hello_http {

// What is answered.
enum class Route : uint8_t {
  kHello,       // GET / or HEAD /
  kHealth,      // GET /healthz
  kNotFound,    // another path
  kNotAllowed,  // another method
};

class RequestParser final : public http::BareParser {
 public:
  RequestParser() { eager(true); }

  // REQUIRES: is_done()
  Route route() const { return route_; }
  bool is_head() const { return is_head_; }

 private:
  void on_request_impl(boost::beast::http::verb method,
                       Text method_text,
                       Text target,
                       int version,
                       Error& error) override {
    BareParser::on_request_impl(method, method_text, target, version, error);
    using boost::beast::http::verb;
    is_head_ = method == verb::head;
    const Text path = target.substr(0, target.find('?'));
    if (method != verb::get && method != verb::head) {
      route_ = Route::kNotAllowed;
    } else if (path == "/") {
      route_ = Route::kHello;
    } else if (path == "/healthz") {
      route_ = Route::kHealth;
    }
  }

  Route route_ = Route::kNotFound;
  bool is_head_ = false;
};

}  // namespace cluster::hello_http

#endif  // PLUGINS_HELLO_HTTP_REQUEST_PARSER_H_
