#include "plugins/dns/zone_file.h"

#include <span>
#include <utility>

#include "plugins/dns/rdata_text.h"
#include "plugins/dns/record_type.h"
#include "plugins/dns/wire_numbers.h"
#include "plugins/dns/zone_tokens.h"

namespace cluster::dns {
namespace {

class ZoneFileReader {
 public:
  explicit ZoneFileReader(const std::optional<Name>& origin)
      : origin_(origin.value_or(Name())), origin_known_(origin.has_value()) {
    if (origin) zone_.emplace(*origin);
  }

  // Takes one entry. Returns what is wrong with it, "" if nothing.
  std::string Take(const ZoneEntry& entry) {
    tokens_ = entry.tokens;
    const std::string& first = tokens_.front().text;
    if (!entry.starts_blank && !tokens_.front().quoted && first[0] == '$') {
      return TakeDirective(LowerCase(first));
    }
    if (!entry.starts_blank) {
      if (std::string error = TakeOwner(first); !error.empty()) return error;
      tokens_ = tokens_.subspan(1);
    } else if (!owner_) {
      return "no name, and no record before that has one";
    }
    return TakeRecord();
  }

  std::optional<Zone> TakeZone() { return std::move(zone_); }

 private:
  std::string TakeDirective(const std::string& name) {
    if (name != "$origin" && name != "$ttl") {
      return "'" + tokens_[0].text + "' is not supported: $ORIGIN and $TTL are";
    }
    if (tokens_.size() != 2) return tokens_[0].text + " takes one value";
    const std::string& value = tokens_[1].text;
    if (name == "$ttl") {
      default_ttl_ = ParseTtl(value);
      return default_ttl_ ? "" : "'" + value + "' is no TTL";
    }
    if (!value.ends_with('.') && !origin_known_) return NoOrigin(value);
    const std::optional<Name> origin = Name::FromText(value, origin_);
    if (!origin) return "'" + value + "' is no domain name";
    origin_ = *origin;
    origin_known_ = true;
    return "";
  }

  std::string TakeOwner(const std::string& text) {
    if (!text.ends_with('.') && !origin_known_) return NoOrigin(text);
    std::optional<Name> owner = Name::FromText(text, origin_);
    if (!owner) return "'" + text + "' is no domain name";
    owner_ = std::move(owner);
    return "";
  }

  static std::string NoOrigin(const std::string& text) {
    return "'" + text +
           "' is relative and there is no origin: begin with $ORIGIN, or set "
           "one";
  }

  // Takes [TTL] [class] type data, the first two in either order.
  std::string TakeRecord() {
    std::optional<uint32_t> ttl;
    bool has_class = false;
    while (!tokens_.empty()) {
      const std::string word = LowerCase(tokens_.front().text);
      if (!ttl && ParseTtl(word)) {
        ttl = ParseTtl(word);
      } else if (!has_class && word == "in") {
        has_class = true;
      } else {
        break;
      }
      tokens_ = tokens_.subspan(1);
    }
    if (tokens_.empty()) return "no type";
    const std::string& word = tokens_.front().text;
    if (const std::string lower = LowerCase(word);
        lower == "ch" || lower == "hs" || lower == "cs") {
      return "class " + word + ": only IN is served";
    }
    const std::optional<uint16_t> type = RecordTypeOf(word);
    if (!type) return "'" + word + "' is no type that is served";
    tokens_ = tokens_.subspan(1);
    return TakeData(*type, ttl);
  }

  std::string TakeData(uint16_t type, std::optional<uint32_t> ttl) {
    std::string error;
    std::optional<Rdata> data = ParseRdata(type, tokens_, origin_, &error);
    if (!data) return error;
    if (!zone_) {
      if (type != kTypeSoa) return "the first record has to be the SOA";
      zone_.emplace(*owner_);
    }
    if (!ttl) ttl = default_ttl_ ? default_ttl_ : last_ttl_;
    // RFC 1035 lets the SOA's minimum stand in where RFC 2308 wants a $TTL.
    if (!ttl && type == kTypeSoa) {
      ttl = LoadUint32(data->tail, data->tail.size() - 4);
    }
    if (!ttl) return "no TTL: begin with $TTL";
    last_ttl_ = ttl;
    return zone_->Add(*owner_, type, *ttl, *std::move(data));
  }

  Name origin_;
  bool origin_known_;
  std::optional<Zone> zone_;
  std::optional<Name> owner_;
  std::optional<uint32_t> default_ttl_;
  std::optional<uint32_t> last_ttl_;
  std::span<const ZoneToken> tokens_;
};

}  // namespace

sdk::Result<Zone> ParseZoneFile(std::string_view text,
                                const std::string& file,
                                const std::optional<Name>& origin) {
  const auto failure = [&](int line, const std::string& error) {
    return sdk::Status(CLUSTER_E_CONFIG,
                       file + ":" + std::to_string(line) + ": " + error);
  };
  ZoneFileReader reader(origin);
  ZoneTokens tokens(text);
  ZoneEntry entry;
  while (tokens.Next(&entry)) {
    const std::string error = reader.Take(entry);
    if (!error.empty()) return failure(entry.line, error);
  }
  if (!tokens.error().empty()) {
    return failure(tokens.error_line(), tokens.error());
  }
  std::optional<Zone> zone = reader.TakeZone();
  const std::string missing = zone ? zone->Check() : "it has no records";
  if (!missing.empty()) return failure(tokens.error_line(), missing);
  return *std::move(zone);
}

}  // namespace cluster::dns
