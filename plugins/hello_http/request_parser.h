// RequestParser: as much of an HTTP/1.x request as hello_http wants.
//
// Beast's parser, told to keep nothing: it allocates nothing for a request, and
// making a new one costs less than the fields of Beast's own containers.
// Limits: 8 KiB of header, 16 KiB of body, which is read and dropped.
//
// Thread safety: none; one parser for each request.
//
//   RequestParser parser;
//   size_t used = parser.put(buffer.data(), error);
//   if (parser.is_done()) Answer(parser.route(), parser.is_head());
#ifndef PLUGINS_HELLO_HTTP_REQUEST_PARSER_H_
#define PLUGINS_HELLO_HTTP_REQUEST_PARSER_H_

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/verb.hpp>
#include <cstddef>
#include <cstdint>

namespace cluster::hello_http {

// What is answered.
enum class Route : uint8_t {
  kHello,       // GET / or HEAD /
  kHealth,      // GET /healthz
  kNotFound,    // another path
  kNotAllowed,  // another method
};

class RequestParser final : public boost::beast::http::basic_parser<true> {
 public:
  static constexpr size_t kMaxHeaderBytes = 8 << 10;
  static constexpr size_t kMaxBodyBytes = 16 << 10;

  RequestParser() {
    header_limit(kMaxHeaderBytes);
    body_limit(kMaxBodyBytes);
    eager(true);
  }

  // REQUIRES: is_done()
  Route route() const { return route_; }
  bool is_head() const { return is_head_; }
  bool is_http11() const { return is_http11_; }

  // Returns the status with which a request that does not parse is answered.
  static boost::beast::http::status StatusFor(boost::beast::error_code error) {
    namespace http = boost::beast::http;
    if (error == http::error::header_limit) {
      return http::status::request_header_fields_too_large;
    }
    if (error == http::error::body_limit)
      return http::status::payload_too_large;
    return http::status::bad_request;
  }

 private:
  using Error = boost::beast::error_code;
  using Text = boost::beast::string_view;

  void on_request_impl(boost::beast::http::verb method,
                       Text method_text,
                       Text target,
                       int version,
                       Error& error) override {
    using boost::beast::http::verb;
    is_head_ = method == verb::head;
    is_http11_ = version == 11;
    const Text path = target.substr(0, target.find('?'));
    if (method != verb::get && method != verb::head) {
      route_ = Route::kNotAllowed;
    } else if (path == "/") {
      route_ = Route::kHello;
    } else if (path == "/healthz") {
      route_ = Route::kHealth;
    }
  }

  void on_field_impl(boost::beast::http::field name,
                     Text name_text,
                     Text value,
                     Error& error) override {
    if (name == boost::beast::http::field::host) ++hosts_;
  }

  // RFC 9112, 3.2: a request of HTTP/1.1 has one Host field.
  void on_header_impl(Error& error) override {
    if (hosts_ > 1 || (is_http11_ && hosts_ == 0)) {
      error = boost::beast::http::error::bad_field;
    }
  }

  void on_response_impl(int, Text, int, Error&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&,
                         Error&) override {}
  std::size_t on_body_impl(Text body, Error&) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t, Text, Error&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text body, Error&) override {
    return body.size();
  }
  void on_finish_impl(Error&) override {}

  Route route_ = Route::kNotFound;
  bool is_head_ = false;
  bool is_http11_ = false;
  uint32_t hosts_ = 0;
};

}  // namespace cluster::hello_http

#endif  // PLUGINS_HELLO_HTTP_REQUEST_PARSER_H_
