// What a client sends to static_files: requests in one piece and in small ones
// must come to the same, and what they ask for must lie inside. The first byte
// is the size of the small ones.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <initializer_list>
#include <string>
#include <string_view>

#include "plugins/static_files/accept_encoding.h"
#include "plugins/static_files/byte_range.h"
#include "plugins/static_files/conditional.h"
#include "plugins/static_files/http_date.h"
#include "plugins/static_files/request.h"
#include "plugins/static_files/request_path.h"
#include "plugins/static_files/request_reader.h"

namespace {

using namespace cluster::static_files;  // everything here is about it

void Demand(bool holds) {
  if (!holds) std::abort();
}

void DemandInside(const RequestPath& path) {
  Demand(path.refusal == 0 || path.refusal == 400 || path.refusal == 403 ||
         path.refusal == 414);
  Demand(path.path.find('\0') == std::string::npos);
  if (path.refusal != 0 || path.path.empty()) return;
  const std::string bounded = "/" + path.path + "/";
  for (const char* segment : {"//", "/./", "/../"}) {
    Demand(bounded.find(segment) == std::string::npos);
  }
  const std::string encoded = "/" + EncodePath(path.path);
  if (encoded.size() <= kMaxTargetBytes) {
    Demand(ParseTarget(encoded).path == path.path);
  }
}

void DemandInside(std::string_view range, uint64_t size) {
  const RangeSet set = ParseRange(range, size);
  Demand((set.kind == RangeSet::Kind::kPartial) == !set.ranges.empty());
  Demand(set.ranges.size() <= kMaxRanges);
  uint64_t left = size;
  for (const ByteRange& each : set.ranges) {
    Demand(each.size > 0 && each.size <= left && each.first < size &&
           each.size <= size - each.first);
    left -= each.size;
  }
}

void Use(const Request& request) {
  DemandInside(ParseTarget(request.target));
  for (const uint64_t size : {uint64_t{0}, uint64_t{1000}, UINT64_MAX}) {
    DemandInside(request.range, size);
  }
  const Validators validators =
      ValidatorsOf(1000, {784'111'777, 1}, 7, 1 << 30);
  Evaluate(request, validators);
  IfRangeHolds(request.if_range, validators, 1 << 30);
  Demand(AcceptedCodings(request.accept_encoding).size() <= 2);
  if (const auto date = ParseHttpDate(request.if_modified_since)) {
    Demand(ParseHttpDate(FormatHttpDate(*date)) == date);
  }
}

// One line for each request, and one for what ends the stream.
std::string Transcript(std::string_view bytes, size_t piece) {
  RequestReader reader;
  std::string transcript;
  std::string unread;
  while (true) {
    size_t used = 0;
    const RequestReader::State state = reader.Read(unread, &used);
    Demand(used <= unread.size());
    unread.erase(0, used);
    if (state == RequestReader::State::kRefused) {
      return transcript + std::to_string(reader.refusal());
    }
    if (state == RequestReader::State::kComplete) {
      const Request& request = reader.request();
      Use(request);
      transcript += request.target + "|" + request.range + "|" +
                    (request.keep_alive ? "k" : "c") + "\n";
      if (request.has_unread_body) return transcript;
      reader.Reset();
      continue;
    }
    if (bytes.empty()) return transcript + (reader.started() ? "..." : "");
    const size_t next = std::min(piece, bytes.size());
    unread += bytes.substr(0, next);
    bytes.remove_prefix(next);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const size_t piece = 1 + data[0] % 64;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1,
                               size - 1);
  Demand(Transcript(bytes, piece) == Transcript(bytes, std::string::npos));
  return 0;
}
