// ResponseHead: the status line and the fields of an answer.
//
// Thread safety: none.
//
//   ResponseHead head(200, date);
//   head.Add("Content-Length", size);
//   std::string text = std::move(head).Finish(Ending::kKeep);
#ifndef PLUGINS_STATIC_FILES_RESPONSE_HEAD_H_
#define PLUGINS_STATIC_FILES_RESPONSE_HEAD_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace cluster::static_files {

// What becomes of the connection after an answer, and how that is said.
enum class Ending : uint8_t {
  kKeep,    // HTTP/1.1: nothing is said
  kKeep10,  // HTTP/1.0: Connection: keep-alive
  kClose,   // Connection: close
};

// "Not Found" for 404.
std::string_view ReasonPhrase(int status);

class ResponseHead {
 public:
  // `date` is the present as FormatHttpDate writes it.
  ResponseHead(int status, std::string_view date);

  void Add(std::string_view name, std::string_view value);
  void Add(std::string_view name, uint64_t value);

  // Returns everything up to and with the empty line.
  std::string Finish(Ending ending) &&;

 private:
  std::string text_;
};

}  // namespace cluster::static_files

#endif  // PLUGINS_STATIC_FILES_RESPONSE_HEAD_H_
