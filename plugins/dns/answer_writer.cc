#include "plugins/dns/answer_writer.h"

#include <algorithm>

#include "plugins/dns/record_type.h"
#include "plugins/dns/wire_numbers.h"

namespace cluster::dns {
namespace {

constexpr uint16_t kResponse = 0x8000;
constexpr uint16_t kAuthoritative = 0x0400;
constexpr uint16_t kTruncated = 0x0200;
constexpr uint16_t kRecursionDesired = 0x0100;
// A pointer has 14 bits.
constexpr size_t kMaxPointer = 0x3fff;
constexpr uint16_t kPointer = 0xc000;
constexpr size_t kOptBytes = 11;

}  // namespace

AnswerWriter::AnswerWriter(const Query& query,
                           size_t limit,
                           uint16_t our_udp_bytes,
                           std::string* out)
    : query_(query),
      limit_(limit - (query.edns ? kOptBytes : 0)),
      our_udp_bytes_(our_udp_bytes),
      out_(*out),
      start_(out->size()) {
  out_.append(kHeaderBytes, '\0');
  out_.append(query.question);
  records_start_ = out_.size();
  if (query.question.empty()) return;
  const std::string_view key = query_.name.key();
  for (const size_t offset : LabelOffsets(key)) {
    if (key[offset] == '\0') break;
    written_.emplace_back(key.substr(offset),
                          static_cast<uint16_t>(kHeaderBytes + offset));
  }
}

bool AnswerWriter::Add(Section section,
                       const Name& owner,
                       const RecordSet& set,
                       uint32_t max_ttl_s) {
  const size_t bytes_before = out_.size();
  const size_t names_before = written_.size();
  for (const Rdata& data : set.records) {
    AddRecord(owner, set.type, std::min(set.ttl_s, max_ttl_s), data);
    if (size() > limit_) {
      out_.resize(bytes_before);
      written_.resize(names_before);
      return false;
    }
  }
  counts_[static_cast<size_t>(section)] +=
      static_cast<uint16_t>(set.records.size());
  return true;
}

void AnswerWriter::AddRecord(const Name& owner,
                             uint16_t type,
                             uint32_t ttl_s,
                             const Rdata& data) {
  AddName(owner, /*compress=*/true);
  AppendUint16(type, &out_);
  AppendUint16(kClassIn, &out_);
  AppendUint32(ttl_s, &out_);
  const size_t length_at = out_.size();
  AppendUint16(0, &out_);
  out_.append(data.head);
  for (const Name& name : data.names) AddName(name, data.compress);
  out_.append(data.tail);
  StoreUint16(
      static_cast<uint16_t>(out_.size() - length_at - 2), length_at, &out_);
}

void AnswerWriter::AddName(const Name& name, bool compress) {
  const std::string_view key = name.key();
  const size_t begin = size();
  for (const size_t offset : LabelOffsets(key)) {
    const std::string_view rest = key.substr(offset);
    const auto before =
        std::find_if(written_.begin(), written_.end(), [&](const auto& each) {
          return each.first == rest;
        });
    if (compress && before != written_.end()) {
      return AppendUint16(kPointer | before->second, &out_);
    }
    const size_t length = static_cast<uint8_t>(key[offset]);
    if (length > 0 && before == written_.end() &&
        begin + offset <= kMaxPointer) {
      written_.emplace_back(rest, static_cast<uint16_t>(begin + offset));
    }
    out_.append(name.wire(), offset, 1 + length);
  }
}

void AnswerWriter::Truncate() {
  out_.resize(records_start_);
  counts_ = {};
  truncated_ = true;
}

void AnswerWriter::Finish(Rcode rcode, bool authoritative) {
  const auto code = static_cast<uint16_t>(rcode);
  if (query_.edns) {
    out_.push_back('\0');
    AppendUint16(kTypeOpt, &out_);
    AppendUint16(our_udp_bytes_, &out_);
    AppendUint32(
        uint32_t{code} >> 4 << 24 | (query_.edns->dnssec_ok ? 0x8000u : 0u),
        &out_);
    AppendUint16(0, &out_);
    ++counts_[static_cast<size_t>(Section::kAdditional)];
  }
  uint16_t flags = kResponse;
  flags |= static_cast<uint16_t>(query_.opcode << 11);
  if (authoritative) flags |= kAuthoritative;
  if (truncated_) flags |= kTruncated;
  if (query_.recursion_desired) flags |= kRecursionDesired;
  flags |= code & 0xf;
  StoreUint16(query_.id, start_, &out_);
  StoreUint16(flags, start_ + 2, &out_);
  StoreUint16(query_.question.empty() ? 0 : 1, start_ + 4, &out_);
  for (size_t i = 0; i < counts_.size(); ++i) {
    StoreUint16(counts_[i], start_ + 6 + 2 * i, &out_);
  }
}

}  // namespace cluster::dns
