// Fuzz target for what resp_kv reads from clients. The input is a stream.
//
// Beyond the sanitizers' rules it demands:
//   - the stream in pieces gives the same requests as the whole
//   - no request is empty or beyond the limits
//   - a request, written as clients write it, is read as the same again
//   - after an error nothing comes, and what is said of it is one line
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/resp_kv/reply.h"
#include "plugins/resp_kv/request_parser.h"

namespace cluster::resp_kv {
namespace {

using Outcome = RequestParser::Outcome;
using Request = std::vector<std::string>;

void Demand(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

struct Parsed {
  std::vector<Request> requests;
  std::string error;
  size_t left = 0;

  bool operator==(const Parsed& other) const = default;
};

Parsed Parse(std::string_view stream, size_t piece) {
  RequestParser parser;
  Parsed parsed;
  std::vector<std::string_view> request;
  for (size_t at = 0; at < stream.size(); at += piece) {
    parser.Feed(stream.substr(at, piece));
    while (parser.Next(&request) == Outcome::kRequest) {
      Demand(!request.empty(), "a request has a word");
      Demand(request.size() <= size_t{RequestParser::kMaxArguments},
             "a request has not too many words");
      parsed.requests.emplace_back(request.begin(), request.end());
    }
    if (!parser.error().empty()) break;
  }
  parsed.error = parser.error();
  parsed.left = parsed.error.empty() ? parser.buffered_bytes() : 0;
  if (!parsed.error.empty()) {
    parser.Feed("PING\r\n");
    Demand(parser.Next(&request) == Outcome::kError, "an error is the end");
  }
  return parsed;
}

void Check(std::string_view stream) {
  const size_t whole = stream.size() + 1;
  const Parsed parsed = Parse(stream, whole);
  for (const size_t piece : {1, 3, 64}) {
    Demand(Parse(stream, piece) == parsed, "pieces give the same");
  }
  Demand(parsed.left <= stream.size(), "nothing is left that did not come");
  std::string written;
  for (const Request& request : parsed.requests) {
    const std::vector<std::string_view> words(request.begin(), request.end());
    AppendRequest(words, &written);
  }
  const Parsed again = Parse(written, written.size() + 1);
  Demand(again.requests == parsed.requests && again.error.empty() &&
             again.left == 0,
         "what is written is read again");
  std::string error;
  AppendError(parsed.error, &error);
  Demand(error.find_first_of("\r\n") == error.size() - 2, "one line");
}

}  // namespace
}  // namespace cluster::resp_kv

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cluster::resp_kv::Check(
      std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
