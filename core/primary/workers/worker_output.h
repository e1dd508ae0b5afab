// WorkerOutput: the lines that a worker writes to one of its pipes.
//
// Thread safety: the io_context's thread.
//
//   ASSIGN_OR_RETURN(output, WorkerOutput::Create(io, std::move(pipe), told));
//   output->Finish();  // the process has ended
#ifndef CORE_PRIMARY_WORKERS_WORKER_OUTPUT_H_
#define CORE_PRIMARY_WORKERS_WORKER_OUTPUT_H_

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/unique_fd.h"
#include "core/event_loop/fd_watch.h"
#include "core/log/line_splitter.h"

namespace cluster {

class WorkerOutput {
 public:
  // Takes a line without its '\n'; valid until it returns.
  using LineFunction = std::function<void(absl::string_view line)>;

  // Owns `fd`, the reading end of a pipe, which does not block, and calls
  // `on_line` for each line until the pipe ends. Errors: epoll's.
  static absl::StatusOr<std::unique_ptr<WorkerOutput>> Create(
      boost::asio::io_context& io, UniqueFd fd, LineFunction on_line);

  // The process has ended: tells what it left in the pipe, an unfinished line,
  // too, and reads no more.
  void Finish();

 private:
  WorkerOutput(UniqueFd fd, LineFunction on_line);

  // False when the pipe has ended.
  bool Read();

  const UniqueFd fd_;
  const LineFunction on_line_;
  LineSplitter lines_;
  std::unique_ptr<FdWatch> watch_;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_WORKERS_WORKER_OUTPUT_H_
