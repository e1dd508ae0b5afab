#include "plugins/resp_kv/set_options.h"

#include <optional>

#include "plugins/resp_kv/reply.h"
#include "plugins/resp_kv/words.h"

namespace cluster::resp_kv {
namespace {

bool Fail(std::string_view error, std::string* out) {
  AppendError(error, out);
  return false;
}

}  // namespace

bool ParseSetOptions(std::span<const std::string_view> request,
                     int64_t now_ms,
                     SetOptions* options,
                     std::string* out) {
  constexpr std::string_view kSyntax = "ERR syntax error";
  bool expires = false;
  for (size_t i = 3; i < request.size(); ++i) {
    const std::string_view word = request[i];
    const bool seconds = IsWord(word, "EX");
    if (IsWord(word, "NX")) {
      options->only_absent = true;
    } else if (IsWord(word, "XX")) {
      options->only_present = true;
    } else if (IsWord(word, "GET")) {
      options->get = true;
    } else if (IsWord(word, "KEEPTTL")) {
      options->keep_ttl = true;
    } else if ((seconds || IsWord(word, "PX")) && i + 1 < request.size() &&
               !expires) {
      const auto amount = ParseInteger(request[++i]);
      if (!amount) return Fail(kNotAnInteger, out);
      const auto at = AddTime(now_ms, *amount, seconds ? 1000 : 1);
      if (*amount <= 0 || !at) return Fail(InvalidExpire("set"), out);
      options->expires_ms = *at;
      expires = true;
    } else {
      return Fail(kSyntax, out);
    }
  }
  if (options->only_absent && options->only_present) return Fail(kSyntax, out);
  if (options->keep_ttl && expires) return Fail(kSyntax, out);
  return true;
}

}  // namespace cluster::resp_kv
