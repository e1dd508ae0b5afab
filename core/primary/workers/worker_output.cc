#include "core/primary/workers/worker_output.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <utility>

#include "core/base/status_macros.h"

namespace cluster {
namespace {

// Reads in a row, so that a chatty plugin leaves time for others.
constexpr int kReadsPerTurn = 4;
// Turns at what a worker that has ended left behind: more than the kernel keeps
// of a pipe, and an end where somebody else goes on writing.
constexpr int kLastTurns = 32;

}  // namespace

WorkerOutput::WorkerOutput(UniqueFd fd, LineFunction on_line)
    : fd_(std::move(fd)), on_line_(std::move(on_line)) {}

absl::StatusOr<std::unique_ptr<WorkerOutput>> WorkerOutput::Create(
    boost::asio::io_context& io, UniqueFd fd, LineFunction on_line) {
  std::unique_ptr<WorkerOutput> output(
      new WorkerOutput(std::move(fd), std::move(on_line)));
  ASSIGN_OR_RETURN(output->watch_, FdWatch::Create(io, output->fd_.get()));
  output->watch_->OnReadable([raw = output.get()] {
    if (!raw->Read()) raw->watch_->Stop();
  });
  return output;
}

bool WorkerOutput::Read() {
  std::array<char, 16 << 10> buffer;
  for (int i = 0; i < kReadsPerTurn; ++i) {
    const ssize_t count = read(fd_.get(), buffer.data(), buffer.size());
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    if (count == 0) {
      lines_.Finish(on_line_);
      return false;
    }
    lines_.Feed(absl::string_view(buffer.data(), static_cast<size_t>(count)),
                on_line_);
  }
  return true;
}

void WorkerOutput::Finish() {
  for (int i = 0; i < kLastTurns && Read(); ++i) {
  }
  watch_->Stop();
  lines_.Finish(on_line_);
}

}  // namespace cluster
