#include "plugins/resp_kv/takeover.h"

#include <string_view>

#include "plugins/resp_kv/batch.h"

namespace cluster::resp_kv {
namespace {

constexpr size_t kAskedAtOnce = 64;
constexpr int64_t kPatienceMs = 1000;
constexpr int64_t kPauseMs = 20;

}  // namespace

void Takeover::Start() {
  while (asked_ < kAskedAtOnce && next_id_ > 1) {
    ++asked_;
    Ask(--next_id_);
  }
  if (asked_ == 0) done_();
}

void Takeover::Ask(uint32_t id) {
  const cluster_status sent =
      link_.AskWorker(id,
                      kTakeoverMessage,
                      kPatienceMs,
                      [this, id](cluster_status status, std::string_view) {
                        OnReply(id, status);
                      });
  if (sent == CLUSTER_OK) return;
  if (sent == CLUSTER_E_GONE) {
    link_.CallSoon([this, id] { OnReply(id, CLUSTER_E_GONE); });
  } else {
    link_.CallAfter(kPauseMs, [this, id] { Ask(id); });
  }
}

void Takeover::OnReply(uint32_t id, cluster_status status) {
  if (status == CLUSTER_OK || status == CLUSTER_E_GONE) {
    --asked_;
    Start();
  } else if (status == CLUSTER_E_TIMEOUT) {
    Ask(id);
  } else {
    link_.CallAfter(kPauseMs, [this, id] { Ask(id); });
  }
}

}  // namespace cluster::resp_kv
