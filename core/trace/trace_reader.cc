#include "core/trace/trace_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/errno_status.h"
#include "core/base/status_macros.h"

namespace cluster {
namespace {

constexpr size_t kBufferBytes = 1 << 16;
constexpr size_t kEndBytes = 64;   // more than the last line has
constexpr size_t kLineBytes = 80;  // more than a row has
// A year; sums of as many stay exact.
constexpr int64_t kMaxNs = int64_t{365} * 86'400 * 1'000'000'000;

// Reads microseconds with at most three decimals, as ns.
bool ParseUs(absl::string_view text, int64_t* ns) {
  const size_t point = std::min(text.find('.'), text.size());
  const absl::string_view whole = text.substr(0, point);
  const absl::string_view decimals =
      text.substr(std::min(point + 1, text.size()));
  if (whole.empty() || decimals.size() > 3) return false;
  if (point < text.size() && decimals.empty()) return false;
  int64_t value = 0;
  for (const char c : whole) {
    if (c < '0' || c > '9' || value > kMaxNs / 1000) return false;
    value = value * 10 + (c - '0');
  }
  for (size_t i = 0; i < 3; ++i) {
    const char c = i < decimals.size() ? decimals[i] : '0';
    if (c < '0' || c > '9') return false;
    value = value * 10 + (c - '0');
  }
  *ns = value;
  return value <= kMaxNs;
}

// Takes the text up to the next space off `line`.
absl::string_view TakeField(absl::string_view* line) {
  const size_t space = std::min(line->find(' '), line->size());
  const absl::string_view field = line->substr(0, space);
  *line = line->substr(std::min(space + 1, line->size()));
  return field;
}

// Digits only, unlike SimpleAtoi.
bool ParseCount(absl::string_view text, uint64_t* count) {
  return !text.empty() && text.front() >= '0' && text.front() <= '9' &&
         text.back() >= '0' && text.back() <= '9' &&
         absl::SimpleAtoi(text, count);
}

}  // namespace

TraceReader::TraceReader(UniqueFd fd, std::string path)
    : fd_(std::move(fd)), path_(std::move(path)), buffer_(kBufferBytes) {}

absl::StatusOr<TraceReader> TraceReader::Open(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return ErrnoStatus("open", path);
  struct stat info;
  if (fstat(fd.get(), &info) != 0) return ErrnoStatus("fstat", path);
  if (!S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " is no trace: not a regular file"));
  }
  TraceReader reader(std::move(fd), path);
  absl::string_view line;
  ASSIGN_OR_RETURN(const bool any, reader.NextLine(&line));
  if (!any || line != kTraceHeader) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, " is no trace: its first line is not \"", kTraceHeader, "\""));
  }
  RETURN_IF_ERROR(reader.CheckEnd());
  return reader;
}

absl::Status TraceReader::CheckEnd() {
  const off_t size = lseek(fd_.get(), 0, SEEK_END);
  if (size < 0) return ErrnoStatus("lseek", path_);
  char text[kEndBytes];
  const off_t from = std::max<off_t>(0, size - off_t{kEndBytes});
  const ssize_t n = pread(fd_.get(), text, sizeof(text), from);
  if (n < 0) return ErrnoStatus("read", path_);
  absl::string_view last(text, static_cast<size_t>(n));
  const bool whole = absl::ConsumeSuffix(&last, "\n");
  last = last.substr(last.rfind('\n') + 1);
  if (!whole || !absl::ConsumePrefix(&last, kTraceEnd) ||
      !ParseCount(last, &rows_)) {
    return absl::DataLossError(
        absl::StrCat(path_,
                     " was cut short: its last line is not \"",
                     kTraceEnd,
                     "COUNT\""));
  }
  // What is in the buffer goes on where the file does.
  if (lseek(fd_.get(), static_cast<off_t>(end_), SEEK_SET) < 0) {
    return ErrnoStatus("lseek", path_);
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> TraceReader::Fill() {
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  ssize_t n;
  do {
    n = read(fd_.get(), buffer_.data() + end_, buffer_.size() - end_);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return ErrnoStatus("read", path_);
  end_ += static_cast<size_t>(n);
  return n > 0;
}

absl::StatusOr<bool> TraceReader::NextLine(absl::string_view* line) {
  for (;;) {
    const char* const text = buffer_.data() + begin_;
    const void* const found = std::memchr(text, '\n', end_ - begin_);
    if (found != nullptr) {
      *line = absl::string_view(text, static_cast<const char*>(found) - text);
      begin_ += line->size() + 1;
      ++line_;
      return true;
    }
    if (end_ - begin_ > kLineBytes) {
      ++line_;
      return LineError("is too long");
    }
    ASSIGN_OR_RETURN(const bool more, Fill());
    if (!more) return false;
  }
}

absl::Status TraceReader::LineError(absl::string_view problem) const {
  const std::string where = absl::StrCat(path_, ":", line_, " ", problem);
  // A wrong first line is that of another kind of file.
  if (line_ == 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        path_, " is no trace: its first line is not \"", kTraceHeader, "\""));
  }
  return absl::DataLossError(where);
}

absl::StatusOr<bool> TraceReader::Next(TraceRow* row) {
  absl::string_view line;
  ASSIGN_OR_RETURN(const bool any, NextLine(&line));
  if (!any) return LineError("is the last line, without an end");
  absl::string_view rest = line;
  if (absl::ConsumePrefix(&rest, kTraceEnd)) {
    uint64_t count = 0;
    if (!ParseCount(rest, &count) || count != read_) {
      return LineError(absl::StrCat("does not fit: ",
                                    read_,
                                    " rows came before \"",
                                    absl::CHexEscape(line),
                                    "\""));
    }
    ASSIGN_OR_RETURN(const bool more, NextLine(&line));
    if (more) return LineError("comes after the end");
    return false;
  }
  if (!ParseUs(TakeField(&rest), &row->arrival_ns) ||
      !ParseUs(TakeField(&rest), &row->service_ns) ||
      !ParseCount(rest, &row->key)) {
    return LineError(absl::StrCat("is not \"ARRIVAL_US SERVICE_US KEY\": \"",
                                  absl::CHexEscape(line),
                                  "\""));
  }
  if (row->arrival_ns < last_ns_) {
    return LineError("arrives before the row above it");
  }
  last_ns_ = row->arrival_ns;
  ++read_;
  return true;
}

}  // namespace cluster
