// RequestParser: what a client sends, cut into requests. RESP2 arrays of bulk
// strings, and inline commands, as in
// https://redis.io/docs/latest/develop/reference/protocol-spec/.
//
// A request that arrives in many pieces is looked at once, not once for each
// piece. Errors are worded as Redis words them; after one the stream is lost.
//
// Thread safety: none; one parser belongs to one connection.
// Lifetime: what Next() gives points into the parser, until the next call.
//
//   parser.Feed(bytes);
//   std::vector<std::string_view> request;
//   while (parser.Next(&request) == RequestParser::Outcome::kRequest) {...}
#ifndef PLUGINS_RESP_KV_REQUEST_PARSER_H_
#define PLUGINS_RESP_KV_REQUEST_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cluster::resp_kv {

class RequestParser {
 public:
  // Limits on what a client may ask one worker to hold.
  static constexpr int64_t kMaxBulkBytes = 16 << 20;    // one argument
  static constexpr int64_t kMaxArguments = 64 << 10;    // of one request
  static constexpr size_t kMaxRequestBytes = 48 << 20;  // all of it
  static constexpr size_t kMaxLineBytes = 64 << 10;     // inline, or a length

  enum class Outcome {
    kRequest,   // one whole request, not empty
    kNeedMore,  // Feed() more
    kError,     // error() says what; nothing else ever comes
  };

  // Takes over a copy of `bytes`.
  void Feed(std::string_view bytes);

  // Finds the next request.
  Outcome Next(std::vector<std::string_view>* arguments);

  const std::string& error() const { return error_; }

  // Bytes held of requests that Next() has not given.
  size_t buffered_bytes() const { return buffer_.size() - position_; }

 private:
  enum class Step { kDone, kNeedMore, kError };

  Step StartRequest();
  Step ReadInline();
  Step ReadBulk();
  Step ReadLine(const char* too_long, std::string_view* line);
  Step Fail(std::string error);
  void ForgetGiven();

  std::string buffer_;
  size_t position_ = 0;      // of what was not looked at
  size_t begin_ = 0;         // of the request that is being read
  size_t scanned_ = 0;       // no line ends before this
  int64_t missing_ = 0;      // arguments
  int64_t bulk_bytes_ = -1;  // -1: the length comes
  std::vector<std::pair<size_t, size_t>> arguments_;  // position, size
  std::vector<std::string> inline_;
  std::string error_;
};

// Cuts a line into words, which may be quoted: "a\x41\n" or 'it\'s'. Returns
// whether the quotes are balanced.
bool SplitWords(std::string_view line, std::vector<std::string>* words);

}  // namespace cluster::resp_kv

#endif  // PLUGINS_RESP_KV_REQUEST_PARSER_H_
