// Dispatcher: what a client asks, done here or sent to the workers that own the
// keys.
//
// Thread safety: loop thread only.
// Lifetime: what it is given must outlive it.
//
//   dispatcher.Dispatch(request, client, answers, &output);
#ifndef PLUGINS_RESP_KV_DISPATCHER_H_
#define PLUGINS_RESP_KV_DISPATCHER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "plugins/resp_kv/answer_queue.h"
#include "plugins/resp_kv/command_table.h"
#include "plugins/resp_kv/info.h"
#include "plugins/resp_kv/local_commands.h"
#include "plugins/resp_kv/router.h"
#include "plugins/resp_kv/shard.h"

namespace cluster::resp_kv {

class Dispatcher {
 public:
  using ReadFacts = std::function<WorkerFacts()>;

  Dispatcher(Shard& shard,
             Router& router,
             const ServerFacts& server,
             ReadFacts read_facts)
      : shard_(shard),
        router_(router),
        server_(server),
        read_facts_(std::move(read_facts)) {}

  // Answers a request, which is not empty: appends to `out` if nothing is owed
  // before it and all of it is here, else adds to `answers`.
  void Dispatch(std::span<const std::string_view> request,
                ClientState& client,
                AnswerQueue& answers,
                std::string* out);

 private:
  using Request = std::span<const std::string_view>;

  void AnswerNow(std::string_view reply,
                 AnswerQueue& answers,
                 std::string* out);
  void SendWhole(Request request, AnswerQueue& answers, std::string* out);
  void SendParts(const Command& command, Request request, AnswerQueue& answers);
  void SendToAll(const Command& command, Request request, AnswerQueue& answers);
  Answer::Whole WholeOf(const Command& command, Request request);

  Shard& shard_;
  Router& router_;
  const ServerFacts server_;
  const ReadFacts read_facts_;
};

}  // namespace cluster::resp_kv

#endif  // PLUGINS_RESP_KV_DISPATCHER_H_
