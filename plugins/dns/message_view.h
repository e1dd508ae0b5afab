// MessageView: a DNS message taken apart, for tests. It follows compression
// pointers strictly backwards and is as strict as a client could be: what is
// not whole, or has bytes left over, is not ok().
//
//   const MessageView answer(bytes);
//   EXPECT_EQ(answer.records[0].owner, "www.example.org.");
#ifndef PLUGINS_DNS_MESSAGE_VIEW_H_
#define PLUGINS_DNS_MESSAGE_VIEW_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/dns/name.h"
#include "plugins/dns/wire_numbers.h"

namespace cluster::dns {

class MessageView {
 public:
  struct Record {
    int section = 0;  // 0 answer, 1 authority, 2 additional
    std::string owner;
    uint16_t type = 0;
    uint16_t klass = 0;
    uint32_t ttl_s = 0;
    std::string data;    // as it is in the message
    std::string target;  // the last name in it, for types that have one
  };

  explicit MessageView(std::string_view message) : message_(message) {
    ok_ = message.size() >= 12 && Read() && at_ == message.size();
  }

  bool ok() const { return ok_; }
  uint16_t id() const { return LoadUint16(message_, 0); }
  uint16_t flags() const { return LoadUint16(message_, 2); }
  int rcode() const { return flags() & 0xf; }
  bool truncated() const { return (flags() & 0x0200) != 0; }
  bool authoritative() const { return (flags() & 0x0400) != 0; }

  std::string question;  // its name
  std::vector<Record> records;

  size_t CountIn(int section) const {
    size_t count = 0;
    for (const Record& record : records) count += record.section == section;
    return count;
  }

 private:
  bool Read() {
    for (int i = 0; i < LoadUint16(message_, 4); ++i) {
      if (!ReadName(&at_, &question) || Left() < 4) return false;
      at_ += 4;
    }
    for (int section = 0; section < 3; ++section) {
      for (int i = 0; i < LoadUint16(message_, 6 + 2 * section); ++i) {
        if (!ReadRecord(section)) return false;
      }
    }
    return true;
  }

  size_t Left() const { return message_.size() - at_; }

  bool ReadRecord(int section) {
    Record record;
    record.section = section;
    if (!ReadName(&at_, &record.owner) || Left() < 10) return false;
    record.type = LoadUint16(message_, at_);
    record.klass = LoadUint16(message_, at_ + 2);
    record.ttl_s = LoadUint32(message_, at_ + 4);
    const size_t length = LoadUint16(message_, at_ + 8);
    at_ += 10;
    if (Left() < length) return false;
    record.data = std::string(message_.substr(at_, length));
    const size_t end = at_ + length;
    if (!ReadTarget(record.type, end, &record.target)) return false;
    at_ = end;
    records.push_back(std::move(record));
    return true;
  }

  bool ReadTarget(uint16_t type, size_t end, std::string* target) {
    size_t at = at_;
    size_t skip = 0;
    switch (type) {
      case 2:   // NS
      case 5:   // CNAME
      case 12:  // PTR
        break;
      case 15:  // MX
        skip = 2;
        break;
      case 33:  // SRV
        skip = 6;
        break;
      case 6:  // SOA
        return ReadName(&at, target) && ReadName(&at, target) && at + 20 == end;
      default:
        return true;
    }
    at += skip;
    return at <= end && ReadName(&at, target) && at == end;
  }

  bool ReadName(size_t* at, std::string* text) {
    std::string wire;
    size_t here = *at;
    bool jumped = false;
    for (;;) {
      if (here >= message_.size()) return false;
      const auto length = static_cast<uint8_t>(message_[here]);
      if (length >= 0xc0) {
        if (here + 2 > message_.size()) return false;
        const size_t to = LoadUint16(message_, here) & 0x3fff;
        if (!jumped) *at = here + 2;
        jumped = true;
        if (to >= here) return false;
        here = to;
        continue;
      }
      if (length > kMaxLabelBytes || here + 1 + length > message_.size()) {
        return false;
      }
      wire.append(message_.substr(here, 1 + size_t{length}));
      if (wire.size() > kMaxNameBytes) return false;
      here += 1 + length;
      if (length == 0) break;
    }
    if (!jumped) *at = here;
    *text = Name::FromWire(wire).ToText();
    return true;
  }

  std::string_view message_;
  size_t at_ = 12;
  bool ok_ = false;
};

}  // namespace cluster::dns

#endif  // PLUGINS_DNS_MESSAGE_VIEW_H_
