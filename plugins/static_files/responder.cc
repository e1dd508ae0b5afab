#include "plugins/static_files/responder.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <system_error>
#include <utility>

#include "plugins/static_files/accept_encoding.h"
#include "plugins/static_files/content_type.h"
#include "plugins/static_files/directory_listing.h"

namespace cluster::static_files {
namespace {

constexpr std::string_view kAllow = "GET, HEAD, OPTIONS";
constexpr std::string_view kPlain = "text/plain; charset=utf-8";
constexpr std::string_view kHtml = "text/html; charset=utf-8";

std::string MakeBoundary() {
  std::array<uint64_t, 2> random;
  if (getrandom(random.data(), sizeof(random), 0) != sizeof(random)) {
    throw std::system_error(errno, std::generic_category(), "getrandom");
  }
  char text[40];
  const int size = std::snprintf(text,
                                 sizeof(text),
                                 "%016llx%016llx",
                                 static_cast<unsigned long long>(random[0]),
                                 static_cast<unsigned long long>(random[1]));
  return std::string(text, size);
}

std::string CacheControl(std::optional<uint32_t> max_age_s) {
  if (!max_age_s) return "";
  return "max-age=" + std::to_string(*max_age_s);
}

std::string ContentRange(const ByteRange& range, uint64_t size) {
  return "bytes " + std::to_string(range.first) + "-" +
         std::to_string(range.last()) + "/" + std::to_string(size);
}

}  // namespace

Responder::Responder(ServedRoot root, const Options& options)
    : root_(std::move(root)),
      index_(options.index),
      listing_(options.listing),
      precompressed_(options.precompressed),
      cache_control_(CacheControl(options.max_age_s)),
      boundary_(MakeBoundary()) {}

Response Responder::Answer(const Request& request, bool draining) {
  const Asked asked = Understand(request, draining);
  Response response = Route(asked);
  response.ends_connection = asked.ending == Ending::kClose;
  return response;
}

Response Responder::Refuse(int status) {
  // As to a GET: whoever cannot be understood gets the reason to read.
  Request request;
  request.method = Method::kGet;
  Response response = SendStatus(Understand(request, false), status);
  response.ends_connection = true;
  return response;
}

Responder::Asked Responder::Understand(const Request& request, bool draining) {
  Ending ending = request.is_http11 ? Ending::kKeep : Ending::kKeep10;
  if (!request.keep_alive || request.has_unread_body || draining) {
    ending = Ending::kClose;
  }
  const time_t now = time(nullptr);
  return {request, ending, now, dates_.At(now)};
}

Response Responder::Route(const Asked& asked) {
  const Request& request = asked.request;
  if (request.has_unknown_expectation) return SendStatus(asked, 417);
  switch (request.method) {
    case Method::kGet:
    case Method::kHead:
      break;
    case Method::kOptions:
      return SendAllow(asked);
    case Method::kOther:
      return SendStatus(asked, 405);
    case Method::kUnknown:
      return SendStatus(asked, 501);
  }
  const RequestPath path = ParseTarget(request.target);
  if (path.refusal != 0) return SendStatus(asked, path.refusal);
  Opened opened = root_.Open(path.path);
  switch (opened.kind) {
    case Opened::Kind::kNothing:
      return SendStatus(asked, opened.refusal);
    case Opened::Kind::kDirectory:
      return AnswerDirectory(asked, path, opened);
    case Opened::Kind::kFile:
      break;
  }
  if (path.names_directory) return SendStatus(asked, 404);
  return AnswerFile(asked, path.path, std::move(opened));
}

Response Responder::AnswerDirectory(const Asked& asked,
                                    const RequestPath& path,
                                    const Opened& directory) {
  if (!path.names_directory) return Redirect(asked, path);
  const std::string index = path.path + (path.path.empty() ? "" : "/") + index_;
  Opened opened = root_.Open(index);
  if (opened.kind == Opened::Kind::kFile) {
    return AnswerFile(asked, index, std::move(opened));
  }
  const bool missing =
      opened.kind == Opened::Kind::kDirectory || opened.refusal == 404;
  if (!missing) return SendStatus(asked, opened.refusal);
  if (!listing_) return SendStatus(asked, 403);
  const std::optional<std::string> page =
      ListDirectory(directory.fd.fd(), path.path);
  if (!page) return SendStatus(asked, 503);
  return SendText(asked, 200, kHtml, *page);
}

Response Responder::AnswerFile(const Asked& asked,
                               const std::string& path,
                               Opened file) {
  Found found = Choose(asked, path, std::move(file));
  switch (Evaluate(asked.request, found.validators)) {
    case Precondition::kFailed:
      return SendStatus(asked, 412);
    case Precondition::kNotModified: {
      Response response;
      response.parts.push_back(
          {StartHead(asked, 304, found).Finish(asked.ending)});
      return response;
    }
    case Precondition::kProceed:
      break;
  }
  // RFC 9110, 14.2: a Range counts for GET only.
  if (asked.request.method != Method::kGet || asked.request.range.empty() ||
      !IfRangeHolds(asked.request.if_range, found.validators, asked.now)) {
    return SendFile(asked, std::move(found));
  }
  const RangeSet set = ParseRange(asked.request.range, found.file.size());
  switch (set.kind) {
    case RangeSet::Kind::kWhole:
      return SendFile(asked, std::move(found));
    case RangeSet::Kind::kPartial:
      return SendRanges(asked, std::move(found), set.ranges);
    case RangeSet::Kind::kUnsatisfiable:
      break;
  }
  ResponseHead head(416, asked.date);
  head.Add("Content-Range", "bytes */" + std::to_string(found.file.size()));
  head.Add("Content-Length", 0);
  Response response;
  response.parts.push_back({std::move(head).Finish(asked.ending)});
  return response;
}

Responder::Found Responder::Choose(const Asked& asked,
                                   const std::string& path,
                                   Opened file) {
  std::string_view encoding;
  if (precompressed_) {
    for (const Coding& coding :
         AcceptedCodings(asked.request.accept_encoding)) {
      Opened compressed = root_.Open(path + std::string(coding.ending));
      if (compressed.kind != Opened::Kind::kFile) continue;
      file = std::move(compressed);
      encoding = coding.name;
      break;
    }
  }
  Validators validators =
      ValidatorsOf(file.size(), file.stat.st_mtim, file.stat.st_ino, asked.now);
  return {
      std::move(file), ContentTypeOf(path), encoding, std::move(validators)};
}

ResponseHead Responder::StartHead(const Asked& asked,
                                  int status,
                                  const Found& found) {
  ResponseHead head(status, asked.date);
  head.Add("ETag", found.validators.etag);
  head.Add("Last-Modified", FormatHttpDate(found.validators.last_modified));
  if (!cache_control_.empty()) head.Add("Cache-Control", cache_control_);
  if (precompressed_) head.Add("Vary", "Accept-Encoding");
  if (status == 304) return head;
  if (!found.content_encoding.empty()) {
    head.Add("Content-Encoding", found.content_encoding);
  }
  head.Add("X-Content-Type-Options", "nosniff");
  head.Add("Accept-Ranges", "bytes");
  return head;
}

Response Responder::SendFile(const Asked& asked, Found found) {
  const uint64_t size = found.file.size();
  ResponseHead head = StartHead(asked, 200, found);
  head.Add("Content-Type", found.content_type);
  head.Add("Content-Length", size);
  const bool has_body = asked.request.method == Method::kGet;
  Response response;
  response.parts.push_back(
      {std::move(head).Finish(asked.ending), 0, has_body ? size : 0});
  response.file = std::move(found.file.fd);
  return response;
}

Response Responder::SendRanges(const Asked& asked,
                               Found found,
                               const std::vector<ByteRange>& ranges) {
  if (ranges.size() > 1) return SendMultipart(asked, std::move(found), ranges);
  const ByteRange& range = ranges.front();
  ResponseHead head = StartHead(asked, 206, found);
  head.Add("Content-Type", found.content_type);
  head.Add("Content-Range", ContentRange(range, found.file.size()));
  head.Add("Content-Length", range.size);
  Response response;
  response.parts.push_back(
      {std::move(head).Finish(asked.ending), range.first, range.size});
  response.file = std::move(found.file.fd);
  return response;
}

// RFC 9110, 14.6.
Response Responder::SendMultipart(const Asked& asked,
                                  Found found,
                                  const std::vector<ByteRange>& ranges) {
  Response response;
  uint64_t size = 0;
  std::string_view line_end = "";
  for (const ByteRange& range : ranges) {
    Part part = {std::string(line_end) + "--" + boundary_ +
                     "\r\nContent-Type: " + std::string(found.content_type) +
                     "\r\nContent-Range: " +
                     ContentRange(range, found.file.size()) + "\r\n\r\n",
                 range.first,
                 range.size};
    size += part.text.size() + part.size;
    response.parts.push_back(std::move(part));
    line_end = "\r\n";
  }
  response.parts.push_back({"\r\n--" + boundary_ + "--\r\n"});
  size += response.parts.back().text.size();
  ResponseHead head = StartHead(asked, 206, found);
  head.Add("Content-Type", "multipart/byteranges; boundary=" + boundary_);
  head.Add("Content-Length", size);
  response.parts.front().text.insert(0, std::move(head).Finish(asked.ending));
  response.file = std::move(found.file.fd);
  return response;
}

Response Responder::SendText(const Asked& asked,
                             int status,
                             std::string_view content_type,
                             std::string_view text) {
  ResponseHead head(status, asked.date);
  head.Add("X-Content-Type-Options", "nosniff");
  head.Add("Content-Type", content_type);
  head.Add("Content-Length", text.size());
  if (status == 405) head.Add("Allow", kAllow);
  if (status == 503) head.Add("Retry-After", 1);
  std::string bytes = std::move(head).Finish(asked.ending);
  if (asked.request.method != Method::kHead) bytes += text;
  Response response;
  response.parts.push_back({std::move(bytes)});
  return response;
}

Response Responder::SendStatus(const Asked& asked, int status) {
  const std::string text =
      std::to_string(status) + " " + std::string(ReasonPhrase(status)) + "\n";
  return SendText(asked, status, kPlain, text);
}

Response Responder::Redirect(const Asked& asked, const RequestPath& path) {
  ResponseHead head(301, asked.date);
  // One slash in front: two would name another server.
  head.Add("Location", "/" + EncodePath(path.path) + "/" + path.query);
  head.Add("Content-Length", 0);
  Response response;
  response.parts.push_back({std::move(head).Finish(asked.ending)});
  return response;
}

Response Responder::SendAllow(const Asked& asked) {
  ResponseHead head(204, asked.date);
  head.Add("Allow", kAllow);
  Response response;
  response.parts.push_back({std::move(head).Finish(asked.ending)});
  return response;
}

}  // namespace cluster::static_files
