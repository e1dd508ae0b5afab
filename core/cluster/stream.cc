#include "core/cluster/stream.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <utility>

#include "absl/status/statusor.h"
#include "core/base/unique_fd.h"
#include "core/event_loop/fd_watch.h"

namespace cluster {
namespace {

// Reads of one stream in a row, so that others get their turn.
constexpr int kReads = 4;

}  // namespace

struct Stream::State {
  UniqueFd fd;
  std::unique_ptr<FdWatch> watch;
  DataFunction data;
  EndFunction end;
  std::string queued;
  size_t written = 0;              // of these, from their beginning
  bool ends = false;               // behind what is queued
  std::shared_ptr<Stream> itself;  // while it is read
};

Stream::Stream(std::unique_ptr<State> state) : state_(std::move(state)) {}

Stream::~Stream() = default;

std::shared_ptr<Stream> Stream::Create(boost::asio::io_context& io,
                                       UniqueFd fd) {
  absl::StatusOr<std::unique_ptr<FdWatch>> watch =
      FdWatch::Create(io, fd.get());
  if (!watch.ok()) return nullptr;
  auto state = std::make_unique<State>();
  state->fd = std::move(fd);
  state->watch = *std::move(watch);
  return std::shared_ptr<Stream>(new Stream(std::move(state)));
}

void Stream::on_data(DataFunction data, EndFunction end) {
  if (state_ == nullptr) return;
  state_->data = std::move(data);
  state_->end = std::move(end);
  state_->itself = shared_from_this();
  state_->watch->OnReadable([this] { Read(); });
}

void Stream::Read() {
  const std::shared_ptr<Stream> alive = shared_from_this();
  std::array<char, 16 << 10> buffer;
  // A callback may close it.
  for (int i = 0; i < kReads && state_ != nullptr; ++i) {
    const ssize_t count = read(state_->fd.get(), buffer.data(), buffer.size());
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) return Finish();
    const DataFunction data = state_->data;
    data(std::string_view(buffer.data(), static_cast<size_t>(count)));
  }
}

void Stream::Finish() {
  state_->watch->Stop();
  const std::shared_ptr<Stream> itself = std::move(state_->itself);
  const EndFunction end = std::move(state_->end);
  state_->data = nullptr;
  if (end) end();
}

bool Stream::write(std::string_view data) {
  if (state_ == nullptr || !state_->fd || state_->ends) return false;
  // Once half of it is written, moving the rest costs less than that did.
  if (state_->written > queued_bytes()) {
    state_->queued.erase(0, std::exchange(state_->written, 0));
  }
  state_->queued.append(data);
  Flush();
  return true;
}

size_t Stream::queued_bytes() const {
  return state_ == nullptr ? 0 : state_->queued.size() - state_->written;
}

void Stream::end() {
  if (state_ == nullptr) return;
  state_->ends = true;
  Flush();
}

void Stream::Flush() {
  if (state_ == nullptr) return;
  while (queued_bytes() > 0) {
    const ssize_t count = ::write(state_->fd.get(),
                                  state_->queued.data() + state_->written,
                                  queued_bytes());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) {
      return state_->watch->OnceWritable(
          [self = shared_from_this()] { self->Flush(); });
    }
    if (count < 0) {  // nobody reads it: reading tells the end
      state_->written = state_->queued.size();
      break;
    }
    state_->written += static_cast<size_t>(count);
  }
  state_->queued.clear();
  state_->written = 0;
  if (!state_->ends) return;
  // A pipe has no other direction.
  if (shutdown(state_->fd.get(), SHUT_WR) != 0) close();
}

void Stream::close() {
  const std::unique_ptr<State> closed = std::move(state_);
  if (closed == nullptr) return;
  closed->watch.reset();
}

}  // namespace cluster
