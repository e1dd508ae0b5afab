#include "plugins/resp_kv/gather.h"

#include <algorithm>

#include "plugins/resp_kv/reply.h"

namespace cluster::resp_kv {
namespace {

// Appends the first error, if there is one.
bool AppendFirstError(const Replies& replies, std::string* out) {
  const auto at = std::find_if(
      replies.begin(), replies.end(), [](const auto& r) { return IsError(r); });
  if (at == replies.end()) return false;
  out->append(*at);
  return true;
}

}  // namespace

void GatherOne(const Replies& replies, std::string* out) {
  out->append(replies[0]);
}

void GatherArray(const Replies& replies, std::string* out) {
  if (AppendFirstError(replies, out)) return;
  AppendArray(replies.size(), out);
  for (const std::string& reply : replies) out->append(reply);
}

void GatherSum(const Replies& replies, std::string* out) {
  if (AppendFirstError(replies, out)) return;
  int64_t sum = 0;
  for (const std::string& reply : replies) {
    sum += ReadInteger(reply).value_or(0);
  }
  AppendInteger(sum, out);
}

void GatherAllOk(const Replies& replies, std::string* out) {
  if (!AppendFirstError(replies, out)) out->append(kOk);
}

}  // namespace cluster::resp_kv
