#include "core/host/metrics_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/errno_status.h"
#include "core/base/status_macros.h"
#include "core/base/unique_fd.h"

namespace cluster {
namespace {

absl::Status WriteAll(int fd, absl::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t count = write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoStatus("write", path);
    text.remove_prefix(static_cast<size_t>(count));
  }
  return absl::OkStatus();
}

// A device or a socket is no file of ours to replace.
absl::Status CheckReplaceable(const std::string& path) {
  struct stat there;
  if (stat(path.c_str(), &there) != 0 || S_ISREG(there.st_mode)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat(path, " is there and is no regular file; it stays"));
}

// Never opens what is there already, which may be a FIFO by now and hold the
// caller for ever.
absl::Status WriteNew(const std::string& path, absl::string_view text) {
  RETURN_IF_ERROR(CheckReplaceable(path));
  if (unlink(path.c_str()) != 0 && errno != ENOENT) {
    return ErrnoStatus("unlink", path);
  }
  const UniqueFd fd(
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!fd) return ErrnoStatus("open", path);
  absl::Status status = WriteAll(fd.get(), text, path);
  if (!status.ok()) (void)unlink(path.c_str());
  return status;
}

}  // namespace

MetricsFile::MetricsFile(boost::asio::io_context& io,
                         std::string path,
                         std::function<std::string()> text,
                         std::function<void(const absl::Status&)> trouble)
    : path_(std::move(path)),
      text_(std::move(text)),
      trouble_(std::move(trouble)),
      alarm_(io) {}

absl::Status MetricsFile::Write() {
  RETURN_IF_ERROR(CheckReplaceable(path_));
  // Not *.prom, which a collector would read.
  const std::string beside = absl::StrCat(path_, ".new");
  RETURN_IF_ERROR(WriteNew(beside, text_()));
  if (std::rename(beside.c_str(), path_.c_str()) == 0) return absl::OkStatus();
  const absl::Status status = ErrnoStatus("rename", path_);
  (void)unlink(beside.c_str());
  return status;
}

void MetricsFile::WriteEvery(absl::Duration interval) {
  alarm_.Set(absl::ToChronoNanoseconds(interval), [this, interval] {
    const absl::Status status = Write();
    const bool new_trouble = !status.ok() && !in_trouble_;
    in_trouble_ = !status.ok();
    if (new_trouble) trouble_(status);
    WriteEvery(interval);
  });
}

}  // namespace cluster
