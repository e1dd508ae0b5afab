// Response: an answer, ready to be sent.
//
// Thread safety: plain values.
#ifndef PLUGINS_STATIC_FILES_RESPONSE_H_
#define PLUGINS_STATIC_FILES_RESPONSE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "plugins/sdk/descriptor.h"

namespace cluster::static_files {

// A text, then a piece of the response's file.
struct Part {
  std::string text;
  uint64_t offset = 0;
  uint64_t size = 0;  // 0: the text alone
};

struct Response {
  std::vector<Part> parts;  // the first starts with the head
  sdk::Descriptor file;     // none if no part has a piece of it
  bool ends_connection = false;
};

}  // namespace cluster::static_files

#endif  // PLUGINS_STATIC_FILES_RESPONSE_H_
