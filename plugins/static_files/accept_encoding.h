// Which of the precompressed forms a client takes: RFC 9110, 12.5.3.
//
// Thread safety: functions of their arguments.
//
//   for (const Coding& coding : AcceptedCodings("gzip, br")) TryOpen(coding);
#ifndef PLUGINS_STATIC_FILES_ACCEPT_ENCODING_H_
#define PLUGINS_STATIC_FILES_ACCEPT_ENCODING_H_

#include <string_view>
#include <vector>

namespace cluster::static_files {

struct Coding {
  std::string_view name;    // of Content-Encoding
  std::string_view ending;  // of the file beside the plain one
};

// Returns the codings that `field` accepts, the client's favourite first, br
// before gzip where it has none. A field that is not sent accepts none.
std::vector<Coding> AcceptedCodings(std::string_view field);

}  // namespace cluster::static_files

#endif  // PLUGINS_STATIC_FILES_ACCEPT_ENCODING_H_
