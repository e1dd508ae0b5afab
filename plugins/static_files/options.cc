#include "plugins/static_files/options.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <numeric>

namespace cluster::static_files {
namespace {

constexpr uint32_t kMaxTimeoutSeconds = 86'400;
constexpr uint32_t kMaxAgeSeconds = 31'536'000;  // a year: RFC 9111 says more
                                                 // is not understood by all

sdk::Status Wrong(std::string message) {
  return sdk::Status(CLUSTER_E_CONFIG, std::move(message));
}

std::string Quoted(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

// Levenshtein's, one row at a time.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return row.back();
}

sdk::Status ParseSwitch(Setting setting, bool* out) {
  const auto& [key, value] = setting;
  if (value != "on" && value != "off") {
    return Wrong(std::string(key) + "=" + std::string(value) +
                 ": expected is on or off");
  }
  *out = value == "on";
  return {};
}

sdk::Status ParseSeconds(Setting setting,
                         uint32_t least,
                         uint32_t most,
                         uint32_t* out) {
  const auto& [key, value] = setting;
  const char* const end = value.data() + value.size();
  uint32_t seconds = 0;
  const auto [at, error] = std::from_chars(value.data(), end, seconds);
  if (error != std::errc() || at != end || seconds < least || seconds > most) {
    return Wrong(std::string(key) + "=" + std::string(value) +
                 ": expected are seconds, " + std::to_string(least) + " to " +
                 std::to_string(most));
  }
  *out = seconds;
  return {};
}

sdk::Status ParseIndex(Setting setting, Options* out) {
  const std::string_view name = setting.second;
  if (name.empty() || name == "." || name == ".." ||
      name.find('/') != std::string_view::npos) {
    return Wrong("index=" + std::string(name) +
                 ": expected is the name of a file, such as index.html");
  }
  out->index = name;
  return {};
}

sdk::Status ParseMaxAge(Setting setting, Options* out) {
  return ParseSeconds(setting, 0, kMaxAgeSeconds, &out->max_age_s.emplace());
}

sdk::Status ParseTimeout(Setting setting, uint32_t* out) {
  return ParseSeconds(setting, 1, kMaxTimeoutSeconds, out);
}

struct Known {
  std::string_view key;
  sdk::Status (*parse)(Setting, Options*);
};

constexpr Known kKnown[] = {
    {"root",
     [](Setting setting, Options* out) {
       out->root = setting.second;
       return sdk::Status();
     }},
    {"index", &ParseIndex},
    {"listing",
     [](Setting setting, Options* out) {
       return ParseSwitch(setting, &out->listing);
     }},
    {"precompressed",
     [](Setting setting, Options* out) {
       return ParseSwitch(setting, &out->precompressed);
     }},
    {"max_age", &ParseMaxAge},
    {"keepalive_timeout",
     [](Setting setting, Options* out) {
       return ParseTimeout(setting, &out->keepalive_timeout_s);
     }},
    {"header_timeout",
     [](Setting setting, Options* out) {
       return ParseTimeout(setting, &out->header_timeout_s);
     }},
    {"send_timeout",
     [](Setting setting, Options* out) {
       return ParseTimeout(setting, &out->send_timeout_s);
     }},
};

// All that are known, or the one that must have been meant.
sdk::Status Unknown(std::string_view key) {
  std::string_view nearest;
  size_t least = key.size() / 2 + 1;
  std::string all;
  for (const Known& known : kKnown) {
    const size_t distance = EditDistance(key, known.key);
    if (distance < least) nearest = known.key, least = distance;
    all += (all.empty() ? "" : ", ") + std::string(known.key);
  }
  return Wrong("unknown setting " + Quoted(key) +
               (nearest.empty() ? "; known: " + all
                                : ": did you mean " + Quoted(nearest) + "?"));
}

}  // namespace

sdk::Result<Options> ParseOptions(const std::vector<Setting>& settings) {
  Options options;
  for (const Setting& setting : settings) {
    const auto* const known = std::find_if(
        std::begin(kKnown), std::end(kKnown), [&](const Known& each) {
          return each.key == setting.first;
        });
    if (known == std::end(kKnown)) return Unknown(setting.first);
    sdk::Status status = known->parse(setting, &options);
    if (!status.ok()) return status;
  }
  if (options.root.empty()) {
    return Wrong("say what to serve: --set root=FOLDER");
  }
  return options;
}

}  // namespace cluster::static_files
