#include "plugins/dns/rdata_text.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "plugins/dns/record_type.h"
#include "plugins/dns/wire_numbers.h"

namespace cluster::dns {
namespace {

constexpr uint32_t kMaxTtl = 0x7fffffff;
constexpr size_t kMaxStringBytes = 255;
constexpr size_t kMaxRdataBytes = 65535;

// Reads fields one after the other; after the first wrong one it does nothing
// more, and `error` says what was wrong.
class Fields {
 public:
  Fields(std::span<const ZoneToken> tokens,
         const Name& origin,
         std::string* error)
      : tokens_(tokens), origin_(origin), error_(error) {}

  bool ok() const { return error_->empty(); }
  bool empty() const { return at_ == tokens_.size(); }

  std::string_view Text(std::string_view what) {
    if (!ok()) return "";
    if (!empty()) return tokens_[at_++].text;
    *error_ = "no " + std::string(what);
    return "";
  }

  void Domain(std::string_view what, Rdata* data) {
    const std::string_view text = Text(what);
    if (!ok()) return;
    const std::optional<Name> name = Name::FromText(text, origin_);
    if (name) {
      data->names.push_back(*name);
    } else {
      Wrong(what, text);
    }
  }

  void Number16(std::string_view what, std::string* bytes) {
    const std::string_view text = Text(what);
    if (!ok()) return;
    const std::optional<uint32_t> number = ParseDecimal(text, 65535);
    if (!number) return Wrong(what, text);
    AppendUint16(static_cast<uint16_t>(*number), bytes);
  }

  // `time`: with units, at most 2^31-1.
  void Number32(std::string_view what, bool time, std::string* bytes) {
    const std::string_view text = Text(what);
    if (!ok()) return;
    const std::optional<uint32_t> number =
        time ? ParseTtl(text) : ParseDecimal(text, UINT32_MAX);
    if (!number) return Wrong(what, text);
    AppendUint32(*number, bytes);
  }

  void Address(int family, std::string_view what, std::string* bytes) {
    const std::string text(Text(what));
    if (!ok()) return;
    char address[16];
    if (inet_pton(family, text.c_str(), address) != 1) return Wrong(what, text);
    bytes->append(address, family == AF_INET ? 4 : 16);
  }

  void Strings(std::string* bytes) {
    do {
      const std::string_view text = Text("text");
      if (!ok()) return;
      const std::optional<std::string> string = Unescape(text);
      if (!string) return Wrong("text", text);
      if (string->size() > kMaxStringBytes) {
        *error_ = "a text of " + std::to_string(string->size()) +
                  " bytes; 255 are the most, split it into several";
        return;
      }
      bytes->push_back(static_cast<char>(string->size()));
      bytes->append(*string);
    } while (!empty());
    if (bytes->size() > kMaxRdataBytes) *error_ = "more than 65535 bytes";
  }

  void End() {
    if (ok() && !empty()) {
      *error_ = "'" + tokens_[at_].text + "' is one field too many";
    }
  }

 private:
  void Wrong(std::string_view what, std::string_view text) {
    *error_ = "'" + std::string(text) + "' is no " + std::string(what);
  }

  const std::span<const ZoneToken> tokens_;
  const Name& origin_;
  std::string* const error_;
  size_t at_ = 0;
};

void ReadSoa(Fields& fields, Rdata* data) {
  data->compress = true;
  fields.Domain("name of the primary server", data);
  fields.Domain("mailbox", data);
  fields.Number32("serial number", /*time=*/false, &data->tail);
  for (const char* what : {"refresh time", "retry time", "expire time"}) {
    fields.Number32(what, /*time=*/true, &data->tail);
  }
  fields.Number32("minimum TTL", /*time=*/true, &data->tail);
}

void ReadSrv(Fields& fields, Rdata* data) {
  for (const char* what : {"priority", "weight", "port"}) {
    fields.Number16(what, &data->head);
  }
  fields.Domain("target", data);
}

void ReadFields(uint16_t type, Fields& fields, Rdata* data) {
  switch (type) {
    case kTypeA:
      return fields.Address(AF_INET, "IPv4 address", &data->head);
    case kTypeAaaa:
      return fields.Address(AF_INET6, "IPv6 address", &data->head);
    case kTypeNs:
    case kTypeCname:
    case kTypePtr:
      data->compress = true;
      return fields.Domain("domain name", data);
    case kTypeMx:
      data->compress = true;
      fields.Number16("preference", &data->head);
      return fields.Domain("domain name", data);
    case kTypeTxt:
      return fields.Strings(&data->head);
    case kTypeSoa:
      return ReadSoa(fields, data);
    case kTypeSrv:
      return ReadSrv(fields, data);
  }
}

// Seconds in a unit; 0 if it is none.
uint32_t SecondsIn(char unit) {
  switch (unit | 0x20) {
    case 's':
      return 1;
    case 'm':
      return 60;
    case 'h':
      return 3600;
    case 'd':
      return 86400;
    case 'w':
      return 604800;
  }
  return 0;
}

}  // namespace

std::optional<Rdata> ParseRdata(uint16_t type,
                                std::span<const ZoneToken> tokens,
                                const Name& origin,
                                std::string* error) {
  error->clear();
  Rdata data;
  Fields fields(tokens, origin, error);
  ReadFields(type, fields, &data);
  fields.End();
  if (!fields.ok()) return std::nullopt;
  return data;
}

std::optional<uint32_t> ParseDecimal(std::string_view text, uint32_t max) {
  uint32_t number = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || at != end || number > max) return std::nullopt;
  return number;
}

std::optional<uint32_t> ParseTtl(std::string_view text) {
  if (text.empty()) return std::nullopt;
  uint64_t total = 0;
  while (!text.empty()) {
    const size_t digits =
        std::min(text.find_first_not_of("0123456789"), text.size());
    const std::optional<uint32_t> number =
        ParseDecimal(text.substr(0, digits), kMaxTtl);
    if (!number) return std::nullopt;
    text.remove_prefix(digits);
    uint32_t unit = 1;
    if (!text.empty()) {
      unit = SecondsIn(text.front());
      text.remove_prefix(1);
    }
    total += uint64_t{*number} * unit;
    if (unit == 0 || total > kMaxTtl) return std::nullopt;
  }
  return static_cast<uint32_t>(total);
}

}  // namespace cluster::dns
