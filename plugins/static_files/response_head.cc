#include "plugins/static_files/response_head.h"

#include <utility>

namespace cluster::static_files {
namespace {

constexpr size_t kUsualBytes = 512;

}  // namespace

std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
  }
  return "Unknown";
}

ResponseHead::ResponseHead(int status, std::string_view date) {
  text_.reserve(kUsualBytes);
  text_ += "HTTP/1.1 ";
  text_ += std::to_string(status);
  text_ += ' ';
  text_ += ReasonPhrase(status);
  text_ += "\r\n";
  Add("Date", date);
}

void ResponseHead::Add(std::string_view name, std::string_view value) {
  text_ += name;
  text_ += ": ";
  text_ += value;
  text_ += "\r\n";
}

void ResponseHead::Add(std::string_view name, uint64_t value) {
  Add(name, std::to_string(value));
}

std::string ResponseHead::Finish(Ending ending) && {
  if (ending == Ending::kKeep10) Add("Connection", "keep-alive");
  if (ending == Ending::kClose) Add("Connection", "close");
  text_ += "\r\n";
  return std::move(text_);
}

}  // namespace cluster::static_files
