// BareParser: Beast's parser of HTTP/1.x requests, told to keep nothing.
//
// A server derives from it and takes what it wants from on_request_impl and
// on_field_impl, calling those here as well. It allocates nothing for a
// request, and making a new one costs less than the fields of Beast's own
// containers. Limits: 8 KiB of header, 16 KiB of body, which is read and
// dropped.
//
// Thread safety: none; one parser for each request.
//
//   class Parser final : public http::BareParser { ... };
//   size_t used = parser.put(buffer.data(), error);
//   if (error) return Refuse(http::BareParser::StatusFor(error));
#ifndef PLUGINS_HTTP_BARE_PARSER_H_
#define PLUGINS_HTTP_BARE_PARSER_H_

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/verb.hpp>
#include <cstddef>
#include <cstdint>

namespace cluster::http {

class BareParser : public boost::beast::http::basic_parser<true> {
 public:
  static constexpr size_t kMaxHeaderBytes = 8 << 10;
  static constexpr size_t kMaxBodyBytes = 16 << 10;

  BareParser() {
    header_limit(kMaxHeaderBytes);
    body_limit(kMaxBodyBytes);
  }

  // False before the first line is parsed.
  bool is_http11() const { return is_http11_; }

  // Returns the status with which a request that does not parse is answered.
  static boost::beast::http::status StatusFor(boost::beast::error_code error) {
    namespace http = boost::beast::http;
    if (error == http::error::header_limit) {
      return http::status::request_header_fields_too_large;
    }
    if (error == http::error::body_limit) {
      return http::status::payload_too_large;
    }
    return http::status::bad_request;
  }

 protected:
  using Error = boost::beast::error_code;
  using Text = boost::beast::string_view;

  void on_request_impl(
      boost::beast::http::verb, Text, Text, int version, Error&) override {
    is_http11_ = version == 11;
  }

  void on_field_impl(boost::beast::http::field name,
                     Text,
                     Text,
                     Error&) override {
    if (name == boost::beast::http::field::host) ++hosts_;
  }

 private:
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

  bool is_http11_ = false;
  uint32_t hosts_ = 0;
};

}  // namespace cluster::http

#endif  // PLUGINS_HTTP_BARE_PARSER_H_
