#include "plugins/resp_kv/request_parser.h"

#include <algorithm>
#include <charconv>

namespace cluster::resp_kv {
namespace {

// What is kept of a buffer that once held a large request.
constexpr size_t kKeptBytes = 64 << 10;

// Returns whether all of `text` is a number.
bool ParseNumber(std::string_view text, int64_t* number) {
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

void RequestParser::Feed(std::string_view bytes) {
  if (!error_.empty()) return;
  ForgetGiven();
  buffer_.append(bytes);
}

// Drops what was given; the request that is being read moves to the front.
void RequestParser::ForgetGiven() {
  const size_t drop = missing_ > 0 ? begin_ : position_;
  if (drop == 0) return;
  buffer_.erase(0, drop);
  if (buffer_.empty() && buffer_.capacity() > kKeptBytes) {
    buffer_ = std::string();
  }
  position_ -= drop;
  scanned_ = std::max(scanned_, drop) - drop;
  begin_ = 0;
  for (auto& [at, size] : arguments_) at -= drop;
}

RequestParser::Outcome RequestParser::Next(
    std::vector<std::string_view>* arguments) {
  if (!error_.empty()) return Outcome::kError;
  arguments->clear();
  inline_.clear();
  for (;;) {
    const Step step = missing_ > 0 ? ReadBulk() : StartRequest();
    if (step == Step::kNeedMore) return Outcome::kNeedMore;
    if (step == Step::kError) return Outcome::kError;
    if (missing_ > 0) continue;
    for (const std::string& word : inline_) arguments->push_back(word);
    for (const auto& [at, size] : arguments_) {
      arguments->emplace_back(buffer_.data() + at, size);
    }
    arguments_.clear();
    if (!arguments->empty()) return Outcome::kRequest;
  }
}

RequestParser::Step RequestParser::StartRequest() {
  begin_ = position_;
  if (position_ == buffer_.size()) return Step::kNeedMore;
  if (buffer_[position_] != '*') return ReadInline();
  std::string_view line;
  const Step step = ReadLine("too big mbulk count string", &line);
  if (step != Step::kDone) return step;
  int64_t count = 0;
  if (!ParseNumber(line.substr(1), &count) || count > kMaxArguments) {
    return Fail("invalid multibulk length");
  }
  missing_ = std::max<int64_t>(count, 0);
  return Step::kDone;
}

RequestParser::Step RequestParser::ReadInline() {
  std::string_view line;
  const Step step = ReadLine("too big inline request", &line);
  if (step != Step::kDone) return step;
  if (!SplitWords(line, &inline_)) {
    return Fail("unbalanced quotes in request");
  }
  return Step::kDone;
}

RequestParser::Step RequestParser::ReadBulk() {
  if (bulk_bytes_ < 0) {
    std::string_view line;
    const Step step = ReadLine("too big bulk count string", &line);
    if (step != Step::kDone) return step;
    if (line.empty() || line[0] != '$') {
      return Fail(std::string("expected '$', got '") +
                  (line.empty() ? ' ' : line[0]) + "'");
    }
    if (!ParseNumber(line.substr(1), &bulk_bytes_) || bulk_bytes_ < 0 ||
        bulk_bytes_ > kMaxBulkBytes) {
      return Fail("invalid bulk length");
    }
    if (position_ - begin_ + bulk_bytes_ > kMaxRequestBytes) {
      return Fail("too big request");
    }
  }
  const size_t size = static_cast<size_t>(bulk_bytes_);
  if (buffer_.size() - position_ < size + 2) return Step::kNeedMore;
  if (buffer_.compare(position_ + size, 2, "\r\n") != 0) {
    return Fail("expected CRLF behind a bulk string");
  }
  arguments_.emplace_back(position_, size);
  position_ += size + 2;
  scanned_ = position_;
  bulk_bytes_ = -1;
  --missing_;
  return Step::kDone;
}

// Reads up to a newline; a carriage return before it is no part of the line.
RequestParser::Step RequestParser::ReadLine(const char* too_long,
                                            std::string_view* line) {
  const size_t end = buffer_.find('\n', std::max(scanned_, position_));
  const bool whole = end != std::string::npos;
  const size_t size = (whole ? end : buffer_.size()) - position_;
  if (size > kMaxLineBytes) return Fail(too_long);
  if (!whole) {
    scanned_ = buffer_.size();
    return Step::kNeedMore;
  }
  *line = std::string_view(buffer_).substr(position_, size);
  if (line->ends_with('\r')) line->remove_suffix(1);
  position_ = scanned_ = end + 1;
  return Step::kDone;
}

RequestParser::Step RequestParser::Fail(std::string error) {
  error_ = "Protocol error: " + std::move(error);
  return Step::kError;
}

}  // namespace cluster::resp_kv
