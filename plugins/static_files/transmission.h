// Transmission: one response on its way into a socket. Files go by sendfile(2),
// in pieces: a big one does not keep others waiting, and one that shrinks ends
// the connection and nothing else.
//
// Thread safety: none.
//
//   Transmission out(responder.Answer(request, false));
//   switch (out.Send(socket)) { case Transmission::State::kDone: ... }
#ifndef PLUGINS_STATIC_FILES_TRANSMISSION_H_
#define PLUGINS_STATIC_FILES_TRANSMISSION_H_

#include <cstddef>
#include <cstdint>
#include <utility>

#include "plugins/static_files/response.h"

namespace cluster::static_files {

class Transmission {
 public:
  enum class State : uint8_t {
    kDone,
    kMore,    // call again when the socket is writable
    kFailed,  // the peer is gone, or the file is shorter than it was
  };

  // What one call sends at most, about: a turn of the loop.
  static constexpr size_t kTurnBytes = 256 << 10;

  Transmission() = default;
  explicit Transmission(Response response) : response_(std::move(response)) {}

  // Sends what `socket` takes, and at most kTurnBytes. Once it is done, the
  // file is closed.
  State Send(int socket);

  uint64_t sent_bytes() const { return sent_bytes_; }
  bool ends_connection() const { return response_.ends_connection; }

 private:
  // Both return whether all of it went, and take it off `budget`.
  State SendText(int socket, size_t* budget);
  State SendPiece(int socket, size_t* budget);

  Response response_;
  size_t part_ = 0;          // of response_.parts
  size_t text_sent_ = 0;     // of that part
  uint64_t piece_sent_ = 0;  // of that part
  uint64_t sent_bytes_ = 0;
};

}  // namespace cluster::static_files

#endif  // PLUGINS_STATIC_FILES_TRANSMISSION_H_
