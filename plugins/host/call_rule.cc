#include "plugins/host/call_rule.h"

#include <array>
#include <bit>

#include "absl/strings/str_cat.h"

namespace cluster {

absl::string_view StateName(uint32_t state) {
  static constexpr std::array<absl::string_view, 6> kNames = {
      "loaded", "created", "started", "draining", "stopped", "destroyed"};
  return kNames[std::countr_zero(state)];
}

std::string TagOf(const CallRule& rule) {
  const uint32_t first = uint32_t{1} << std::countr_zero(rule.states);
  const uint32_t last = std::bit_floor(rule.states);
  return absl::StrCat("[",
                      rule.on_loop_thread ? "loop-thread" : "any-thread",
                      " & ",
                      StateName(first),
                      first == last       ? ""
                      : first * 2 == last ? ", "
                                          : " to ",
                      first == last ? "" : StateName(last),
                      "]");
}

}  // namespace cluster
