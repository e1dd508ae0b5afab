#include "plugins/static_files/accept_encoding.h"

#include <algorithm>
#include <optional>

#include "plugins/static_files/field_text.h"

namespace cluster::static_files {
namespace {

constexpr Coding kBrotli = {"br", ".br"};
constexpr Coding kGzip = {"gzip", ".gz"};

// Thousandths of "1", "0.5", "0.123". Nonsense is 0: not accepted.
int ParseQuality(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) {
    return 0;
  }
  if (text.size() > 1 && text[1] != '.') return 0;
  int quality = (text[0] - '0') * 1000;
  int unit = 100;
  for (const char c : text.substr(std::min<size_t>(2, text.size()))) {
    if (c < '0' || c > '9') return 0;
    quality += (c - '0') * unit;
    unit /= 10;
  }
  return quality <= 1000 ? quality : 0;
}

// The weight of one element such as `br;q=0.5`.
int WeightOf(std::string_view parameters) {
  const std::string_view text = TrimSpace(parameters);
  if (text.empty()) return 1000;
  if (!EqualIgnoringCase(text.substr(0, 2), "q=")) return 0;
  return ParseQuality(text.substr(2));
}

// What `field` gives to `coding`, by its name or by the asterisk.
int QualityOf(std::string_view field, std::string_view coding) {
  std::optional<int> other;
  ListReader elements(field);
  while (const auto element = elements.Next()) {
    const size_t semicolon = std::min(element->find(';'), element->size());
    const std::string_view name = TrimSpace(element->substr(0, semicolon));
    const std::string_view parameters =
        element->substr(std::min(semicolon + 1, element->size()));
    if (EqualIgnoringCase(name, coding)) return WeightOf(parameters);
    if (name == "*") other = WeightOf(parameters);
  }
  return other.value_or(0);
}

}  // namespace

std::vector<Coding> AcceptedCodings(std::string_view field) {
  const int br = QualityOf(field, kBrotli.name);
  const int gzip = QualityOf(field, kGzip.name);
  std::vector<Coding> codings;
  if (gzip > br) codings.push_back(kGzip);
  if (br > 0) codings.push_back(kBrotli);
  if (gzip > 0 && gzip <= br) codings.push_back(kGzip);
  return codings;
}

}  // namespace cluster::static_files
