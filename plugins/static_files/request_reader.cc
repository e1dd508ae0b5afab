#include "plugins/static_files/request_reader.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/verb.hpp>
#include <optional>
#include <string>

#include "plugins/http/bare_parser.h"
#include "plugins/static_files/field_text.h"

namespace cluster::static_files {
namespace {

namespace beast = boost::beast;

// A chunk's header that does not end is the parser's to bound; this is ours.
constexpr size_t kMaxUnusedBytes = 16 << 10;

Method MethodOf(beast::http::verb verb) {
  switch (verb) {
    case beast::http::verb::get:
      return Method::kGet;
    case beast::http::verb::head:
      return Method::kHead;
    case beast::http::verb::options:
      return Method::kOptions;
    case beast::http::verb::unknown:
      return Method::kUnknown;
    default:
      return Method::kOther;
  }
}

std::string* FieldIn(Request& request, beast::http::field name) {
  using beast::http::field;
  switch (name) {
    case field::range:
      return &request.range;
    case field::if_range:
      return &request.if_range;
    case field::if_match:
      return &request.if_match;
    case field::if_none_match:
      return &request.if_none_match;
    case field::if_modified_since:
      return &request.if_modified_since;
    case field::if_unmodified_since:
      return &request.if_unmodified_since;
    case field::accept_encoding:
      return &request.accept_encoding;
    default:
      return nullptr;
  }
}

std::string_view View(beast::string_view text) {
  return {text.data(), text.size()};
}

class Parser final : public http::BareParser {
 public:
  bool has_first_line() const { return has_first_line_; }
  bool expects_continue() const { return expects_continue_; }
  Request& request() { return request_; }

 private:
  void on_request_impl(beast::http::verb method,
                       Text method_text,
                       Text target,
                       int version,
                       Error& error) override {
    BareParser::on_request_impl(method, method_text, target, version, error);
    has_first_line_ = true;
    request_.method = MethodOf(method);
    request_.target = View(target);
    request_.is_http11 = is_http11();
  }

  void on_field_impl(beast::http::field name,
                     Text name_text,
                     Text value,
                     Error& error) override {
    BareParser::on_field_impl(name, name_text, value, error);
    if (name == beast::http::field::expect) {
      expects_continue_ = EqualIgnoringCase(View(value), "100-continue");
      request_.has_unknown_expectation |= !expects_continue_;
    } else if (std::string* const field = FieldIn(request_, name)) {
      if (!field->empty()) *field += ", ";
      *field += View(value);
    }
  }

  Request request_;
  bool has_first_line_ = false;
  bool expects_continue_ = false;
};

// Beast says bad_version for any third word of the first line.
bool NamesOtherVersion(std::string_view bytes) {
  const std::string_view line = bytes.substr(0, bytes.find('\r'));
  const size_t at = line.rfind(" HTTP/");
  return at != std::string_view::npos && at + 6 < line.size() &&
         line[at + 6] >= '0' && line[at + 6] <= '9';
}

}  // namespace

class RequestReader::Impl {
 public:
  Impl() { parser_.emplace(); }

  State Read(std::string_view bytes, size_t* used) {
    *used = parser_->got_some() ? 0 : SkipEmptyLines(bytes);
    while (*used < bytes.size()) {
      const std::string_view rest = bytes.substr(*used);
      if (!parser_->got_some() && rest == "\r") break;
      beast::error_code error;
      *used +=
          parser_->put(boost::asio::buffer(rest.data(), rest.size()), error);
      if (error == beast::http::error::need_more) {
        if (bytes.size() - *used <= kMaxUnusedBytes) break;
        error = beast::http::error::bad_chunk_extension;
      }
      if (error) return Refuse(error, rest);
      if (IsComplete()) return State::kComplete;
      // What follows the header goes in one call.
      parser_->eager(true);
    }
    return State::kNeedsMore;
  }

  bool started() const { return parser_->got_some(); }
  const Request& request() { return parser_->request(); }
  int refusal() const { return refusal_; }
  void Reset() { parser_.emplace(); }

 private:
  // RFC 9112, 2.2.
  static size_t SkipEmptyLines(std::string_view bytes) {
    size_t size = 0;
    while (bytes.substr(size).starts_with("\r\n")) size += 2;
    return size;
  }

  bool IsComplete() {
    if (!parser_->is_header_done()) return false;
    Request& request = parser_->request();
    request.keep_alive = parser_->keep_alive();
    if (parser_->is_done()) return true;
    request.has_unread_body = !ReadsBody() || parser_->expects_continue();
    return request.has_unread_body;
  }

  bool ReadsBody() {
    const Method method = parser_->request().method;
    return method == Method::kGet || method == Method::kHead;
  }

  State Refuse(beast::error_code error, std::string_view bytes) {
    if (error == beast::http::error::body_limit && !ReadsBody()) {
      // The method is what is wrong, not how much comes with it.
      parser_->request().has_unread_body = true;
      return State::kComplete;
    }
    refusal_ = static_cast<int>(Parser::StatusFor(error));
    if (error == beast::http::error::header_limit &&
        !parser_->has_first_line() &&
        bytes.substr(0, Parser::kMaxHeaderBytes).find('\n') ==
            std::string_view::npos) {
      refusal_ = 414;
    }
    if (error == beast::http::error::bad_version && NamesOtherVersion(bytes)) {
      refusal_ = 505;
    }
    return State::kRefused;
  }

  std::optional<Parser> parser_;
  int refusal_ = 0;
};

RequestReader::RequestReader() : impl_(std::make_unique<Impl>()) {}
RequestReader::~RequestReader() = default;

RequestReader::State RequestReader::Read(std::string_view bytes, size_t* used) {
  return impl_->Read(bytes, used);
}

bool RequestReader::started() const { return impl_->started(); }
const Request& RequestReader::request() const { return impl_->request(); }
int RequestReader::refusal() const { return impl_->refusal(); }
void RequestReader::Reset() { impl_->Reset(); }

}  // namespace cluster::static_files
