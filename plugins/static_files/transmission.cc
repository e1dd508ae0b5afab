#include "plugins/static_files/transmission.h"

#include <sys/sendfile.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace cluster::static_files {

Transmission::State Transmission::Send(int socket) {
  size_t budget = kTurnBytes;
  while (part_ < response_.parts.size()) {
    State state = SendText(socket, &budget);
    if (state != State::kDone) return state;
    state = SendPiece(socket, &budget);
    if (state != State::kDone) return state;
    ++part_;
    text_sent_ = 0;
    piece_sent_ = 0;
  }
  response_.parts.clear();
  response_.file = sdk::Descriptor();
  return State::kDone;
}

Transmission::State Transmission::SendText(int socket, size_t* budget) {
  const Part& part = response_.parts[part_];
  // Head and body leave in one packet.
  const bool is_last = part.size == 0 && part_ + 1 == response_.parts.size();
  const int flags = MSG_NOSIGNAL | MSG_DONTWAIT | (is_last ? 0 : MSG_MORE);
  while (text_sent_ < part.text.size()) {
    if (*budget == 0) return State::kMore;
    const size_t size = std::min(part.text.size() - text_sent_, *budget);
    const ssize_t sent =
        send(socket, part.text.data() + text_sent_, size, flags);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return errno == EAGAIN ? State::kMore : State::kFailed;
    text_sent_ += sent;
    sent_bytes_ += sent;
    *budget -= sent;
  }
  return State::kDone;
}

// The host ignores SIGPIPE, for which sendfile(2) has no flag.
Transmission::State Transmission::SendPiece(int socket, size_t* budget) {
  const Part& part = response_.parts[part_];
  while (piece_sent_ < part.size) {
    if (*budget == 0) return State::kMore;
    off_t offset = static_cast<off_t>(part.offset + piece_sent_);
    const size_t size = std::min<uint64_t>(part.size - piece_sent_, *budget);
    const ssize_t sent = sendfile(socket, response_.file.fd(), &offset, size);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return errno == EAGAIN ? State::kMore : State::kFailed;
    if (sent == 0) return State::kFailed;  // the file has become shorter
    piece_sent_ += sent;
    sent_bytes_ += sent;
    *budget -= sent;
  }
  return State::kDone;
}

}  // namespace cluster::static_files
