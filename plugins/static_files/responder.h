// Responder: which answer a request gets. It opens files and reads none.
//
// Thread safety: none.
// Lifetime: a response is independent of it.
//
//   Responder responder(std::move(root), options);
//   Response response = responder.Answer(request, /*draining=*/false);
#ifndef PLUGINS_STATIC_FILES_RESPONDER_H_
#define PLUGINS_STATIC_FILES_RESPONDER_H_

#include <ctime>
#include <string>
#include <string_view>

#include "plugins/static_files/byte_range.h"
#include "plugins/static_files/conditional.h"
#include "plugins/static_files/http_date.h"
#include "plugins/static_files/options.h"
#include "plugins/static_files/request.h"
#include "plugins/static_files/request_path.h"
#include "plugins/static_files/response.h"
#include "plugins/static_files/response_head.h"
#include "plugins/static_files/served_root.h"

namespace cluster::static_files {

class Responder {
 public:
  // Throws std::system_error when the kernel has no random bytes.
  Responder(ServedRoot root, const Options& options);

  // `draining`: the connection ends with this answer, whatever was asked.
  Response Answer(const Request& request, bool draining);

  // The answer to what is no request, or came too slowly; the connection ends.
  Response Refuse(int status);

 private:
  // What an answer is made from, and passed along.
  struct Asked {
    const Request& request;
    Ending ending;
    time_t now;
    std::string_view date;
  };
  struct Found {
    Opened file;
    std::string_view content_type;
    std::string_view content_encoding;  // "": none
    Validators validators;
  };

  Asked Understand(const Request& request, bool draining);
  Response Route(const Asked& asked);
  Response AnswerDirectory(const Asked& asked,
                           const RequestPath& path,
                           const Opened& directory);
  Response AnswerFile(const Asked& asked, const std::string& path, Opened file);
  Response SendFile(const Asked& asked, Found found);
  Response SendRanges(const Asked& asked,
                      Found found,
                      const std::vector<ByteRange>& ranges);
  Response SendMultipart(const Asked& asked,
                         Found found,
                         const std::vector<ByteRange>& ranges);
  Response SendText(const Asked& asked,
                    int status,
                    std::string_view content_type,
                    std::string_view text);
  Response SendStatus(const Asked& asked, int status);
  Response Redirect(const Asked& asked, const RequestPath& path);
  Response SendAllow(const Asked& asked);

  // The file, or a precompressed form of it that the client takes.
  Found Choose(const Asked& asked, const std::string& path, Opened file);
  // The fields that 200, 206 and 304 have in common.
  ResponseHead StartHead(const Asked& asked, int status, const Found& found);

  const ServedRoot root_;
  const std::string index_;
  const bool listing_;
  const bool precompressed_;
  const std::string cache_control_;  // "": none
  const std::string boundary_;       // no file is likely to have it
  DateCache dates_;
};

}  // namespace cluster::static_files

#endif  // PLUGINS_STATIC_FILES_RESPONDER_H_
