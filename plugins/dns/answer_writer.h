// AnswerWriter: the bytes of one response, with names compressed (RFC 1035,
// 4.1.4) and never more than a limit.
//
// A set of records goes in whole or not at all.
//
// Thread safety: none. Lifetime: the query and all names must outlive it.
//
//   AnswerWriter writer(query, limit, &out);
//   writer.Add(Section::kAnswer, query.name, set);
//   writer.Finish(Rcode::kNoError, /*authoritative=*/true);
#ifndef PLUGINS_DNS_ANSWER_WRITER_H_
#define PLUGINS_DNS_ANSWER_WRITER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugins/dns/query.h"
#include "plugins/dns/zone.h"

namespace cluster::dns {

enum class Section : uint8_t { kAnswer, kAuthority, kAdditional };

class AnswerWriter {
 public:
  // Appends to `*out`, at most `limit` bytes: 512 or more, 65535 at most.
  // `our_udp_bytes` is what an OPT record says that we take.
  AnswerWriter(const Query& query,
               size_t limit,
               uint16_t our_udp_bytes,
               std::string* out);

  // Adds the records of `set` under the name `owner`, with their TTL at most
  // `max_ttl_s`. False: they do not fit, and nothing was added. REQUIRES:
  // sections come in their order.
  bool Add(Section section,
           const Name& owner,
           const RecordSet& set,
           uint32_t max_ttl_s = UINT32_MAX);

  // Takes back all records and says that the answer was cut: the client asks
  // again over TCP.
  void Truncate();

  // Writes the OPT record, if the query had one, and the header.
  void Finish(Rcode rcode, bool authoritative);

 private:
  void AddRecord(const Name& owner,
                 uint16_t type,
                 uint32_t ttl_s,
                 const Rdata& data);
  void AddName(const Name& name, bool compress);
  size_t size() const { return out_.size() - start_; }

  const Query& query_;
  const size_t limit_;  // without the OPT record
  const uint16_t our_udp_bytes_;
  std::string& out_;
  const size_t start_;
  size_t records_start_ = 0;
  std::array<uint16_t, 3> counts_ = {};
  bool truncated_ = false;
  // Names that were written, in lower case, and where.
  std::vector<std::pair<std::string_view, uint16_t>> written_;
};

}  // namespace cluster::dns

#endif  // PLUGINS_DNS_ANSWER_WRITER_H_
