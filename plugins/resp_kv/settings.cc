#include "plugins/resp_kv/settings.h"

#include <charconv>
#include <string>

namespace cluster::resp_kv {
namespace {

struct Unit {
  std::string_view name;
  uint64_t factor;
};

// Reads a number with one of `units`; nothing if it is none, or too large.
template <size_t N>
std::optional<uint64_t> ReadAmount(std::string_view text,
                                   const Unit (&units)[N]) {
  uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec != std::errc()) return std::nullopt;
  const std::string_view name(parsed.ptr, end);
  for (const Unit& unit : units) {
    if (name != unit.name) continue;
    uint64_t amount = 0;
    if (__builtin_mul_overflow(number, unit.factor, &amount)) break;
    return amount;
  }
  return std::nullopt;
}

std::optional<uint64_t> ReadBytes(std::string_view text) {
  constexpr Unit kUnits[] = {
      {"", 1}, {"kb", 1 << 10}, {"mb", 1 << 20}, {"gb", 1 << 30}};
  return ReadAmount(text, kUnits);
}

std::optional<uint64_t> ReadMilliseconds(std::string_view text) {
  constexpr Unit kUnits[] = {{"ms", 1}, {"s", 1000}};
  return ReadAmount(text, kUnits);
}

sdk::Status Refusal(const char* key,
                    std::string_view value,
                    const char* expected) {
  return sdk::Status(
      CLUSTER_E_CONFIG,
      std::string(key) + "=\"" + std::string(value) + "\" is not " + expected);
}

}  // namespace

sdk::Result<Settings> Settings::Read(const Get& get) {
  Settings settings;
  if (const auto text = get("max_memory")) {
    const auto bytes = ReadBytes(*text);
    if (!bytes) {
      return Refusal(
          "max_memory", *text, "a number of bytes such as 512mb or 2gb");
    }
    settings.max_memory_bytes = *bytes;
  }
  if (const auto text = get("request_timeout")) {
    const auto time_ms = ReadMilliseconds(*text);
    if (!time_ms || *time_ms < 1 || *time_ms > 3'600'000) {
      return Refusal("request_timeout", *text, "a time from 1ms to 3600s");
    }
    settings.request_timeout_ms = static_cast<int64_t>(*time_ms);
  }
  if (const auto text = get("max_output")) {
    const auto bytes = ReadBytes(*text);
    if (!bytes || *bytes == 0) {
      return Refusal(
          "max_output", *text, "a number of bytes such as 64mb or 1gb");
    }
    settings.max_output_bytes = *bytes;
  }
  return settings;
}

}  // namespace cluster::resp_kv
