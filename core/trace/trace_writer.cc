#include "core/trace/trace_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/errno_status.h"

namespace cluster {
namespace {

constexpr size_t kFlushBytes = 1 << 16;

void AppendUs(int64_t ns, std::string* text) {
  absl::StrAppend(text, ns / 1000);
  if (ns % 1000 == 0) return;
  absl::StrAppend(text, ".", absl::Dec(ns % 1000, absl::kZeroPad3));
  while (text->back() == '0') text->pop_back();
}

}  // namespace

TraceWriter::TraceWriter(UniqueFd fd, std::string path)
    : fd_(std::move(fd)),
      path_(std::move(path)),
      text_(absl::StrCat(kTraceHeader, "\n")) {}

absl::StatusOr<TraceWriter> TraceWriter::Create(const std::string& path) {
  // A FIFO would hold the caller until somebody reads; without one, ENXIO.
  UniqueFd fd(open(path.c_str(),
                   O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_CLOEXEC,
                   0666));
  if (!fd && errno != ENXIO) return ErrnoStatus("open", path);
  struct stat there;
  if (!fd || fstat(fd.get(), &there) != 0 ||
      (!S_ISREG(there.st_mode) && !S_ISCHR(there.st_mode))) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " is there and is no regular file"));
  }
  fcntl(fd.get(), F_SETFL, 0);
  return TraceWriter(std::move(fd), path);
}

void TraceWriter::Flush() {
  size_t done = 0;
  while (status_.ok() && done < text_.size()) {
    const ssize_t n =
        write(fd_.get(), text_.data() + done, text_.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) status_ = ErrnoStatus("write", path_);
    if (n > 0) done += static_cast<size_t>(n);
  }
  text_.clear();
}

void TraceWriter::Write(const TraceRow& row) {
  AppendUs(row.arrival_ns, &text_);
  text_ += ' ';
  AppendUs(row.service_ns, &text_);
  absl::StrAppend(&text_, " ", row.key, "\n");
  ++rows_;
  if (text_.size() >= kFlushBytes) Flush();
}

absl::Status TraceWriter::Finish() {
  absl::StrAppend(&text_, kTraceEnd, rows_, "\n");
  Flush();
  return status_;
}

}  // namespace cluster
