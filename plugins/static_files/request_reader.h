// RequestReader: requests out of the bytes of a connection, one after another.
// (Beast's parser, kept out of sight for its size.)
//
// A body is read and dropped, up to 16 KiB. One that goes with a method other
// than GET and HEAD, or that waits for a "100 Continue", is not: the request is
// complete without it, and the connection has to end with the answer.
//
// Thread safety: none; one for each connection.
//
//   switch (reader.Read(bytes, &used)) {
//     case RequestReader::State::kComplete: Answer(reader.request()); ...
//   }
//   reader.Reset();
#ifndef PLUGINS_STATIC_FILES_REQUEST_READER_H_
#define PLUGINS_STATIC_FILES_REQUEST_READER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "plugins/static_files/request.h"

namespace cluster::static_files {

class RequestReader {
 public:
  enum class State : uint8_t {
    kNeedsMore,
    kComplete,  // request() is whole
    kRefused,   // refusal() says by which status; nothing more can be read
  };

  RequestReader();
  ~RequestReader();

  // Takes from `bytes`; `*used` is how much, and what is left has to come
  // again, with more behind it. At most kMaxUnusedBytes are ever left.
  // REQUIRES: kComplete and kRefused were followed by Reset()
  State Read(std::string_view bytes, size_t* used);

  // Something of a request was used.
  bool started() const;
  // REQUIRES: kComplete
  const Request& request() const;
  // REQUIRES: kRefused. 400, 413, 414, 431 or 505.
  int refusal() const;

  // Starts with the next request.
  void Reset();

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace cluster::static_files

#endif  // PLUGINS_STATIC_FILES_REQUEST_READER_H_
