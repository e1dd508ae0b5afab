#include "plugins/hello_http/responses.h"

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <sstream>

namespace cluster::hello_http {

namespace http = boost::beast::http;

Responses::Responses(uint32_t worker_id, std::string_view hello)
    : worker_id_(std::to_string(worker_id)) {
  for (const Ending ending : {Ending::kKeep, Ending::kKeep10, Ending::kClose}) {
    const auto set =
        [&](Route route, http::status status, std::string_view body) {
          texts_[size_t(route)][size_t(ending)] = Make(status, ending, body);
        };
    set(Route::kHello, http::status::ok, hello);
    set(Route::kHealth, http::status::ok, "ok\n");
    set(Route::kNotFound, http::status::not_found, "not found\n");
    set(Route::kNotAllowed,
        http::status::method_not_allowed,
        "only GET and HEAD are answered\n");
  }
}

std::string Responses::Refusal(http::status status) const {
  const auto reason = http::obsolete_reason(status);
  return Make(status, Ending::kClose, std::string(reason) + "\n").bytes;
}

Responses::Text Responses::Make(http::status status,
                                Ending ending,
                                std::string_view body) const {
  http::response<http::string_body> response(status, 11);
  response.set(http::field::content_type, "text/plain; charset=utf-8");
  response.set("X-Worker", worker_id_);
  if (status == http::status::method_not_allowed) {
    response.set(http::field::allow, "GET, HEAD");
  }
  if (ending == Ending::kKeep10) {
    response.set(http::field::connection, "keep-alive");
  }
  if (ending == Ending::kClose) {
    response.set(http::field::connection, "close");
  }
  response.body() = std::string(body);
  response.prepare_payload();
  std::ostringstream bytes;
  bytes << response;
  return {bytes.str(), bytes.str().size() - body.size()};
}

}  // namespace cluster::hello_http
