#include "plugins/resp_kv/shard.h"

#include <vector>

#include "plugins/resp_kv/batch.h"
#include "plugins/resp_kv/reply.h"
#include "plugins/resp_kv/request_parser.h"
#include "plugins/resp_kv/shard_commands.h"

namespace cluster::resp_kv {
namespace {

constexpr size_t kRemovedAtOnce = 1000;

}  // namespace

void Shard::OnTakenOver() {
  if (state_ == State::kTakingOver) state_ = State::kOwning;
}

void Shard::Retire() {
  state_ = State::kRetired;
  store_.Clear();
}

void Shard::Run(std::span<const std::string_view> request, std::string* out) {
  switch (state_) {
    case State::kOwning:
      return RunShardCommand(request, clock_(), store_, stats_, out);
    case State::kTakingOver:
      return AppendError(
          "TRYAGAIN the worker of this key has just been replaced", out);
    case State::kRetired:
      return AppendError("TRYAGAIN the worker of this key is ending", out);
  }
}

std::string Shard::RunBatch(std::string_view message) {
  ReplyWriter replies;
  const std::optional<Batch> batch = ReadBatch(message);
  if (!batch) return "";
  RequestParser parser;
  parser.Feed(batch->commands);
  std::vector<std::string_view> request;
  // The asker gives up at the deadline, so that nothing is done behind its
  // back.
  while (clock_() < batch->deadline_ms &&
         parser.Next(&request) == RequestParser::Outcome::kRequest) {
    Run(request, replies.Begin());
    if (!replies.End()) break;
  }
  return replies.bytes();
}

bool Shard::RemoveDue() {
  return store_.RemoveDue(clock_(), kRemovedAtOnce) == kRemovedAtOnce;
}

}  // namespace cluster::resp_kv
