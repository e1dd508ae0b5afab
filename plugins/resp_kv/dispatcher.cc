#include "plugins/resp_kv/dispatcher.h"

#include <memory>
#include <utility>
#include <vector>

#include "plugins/resp_kv/reply.h"
#include "plugins/resp_kv/words.h"

namespace cluster::resp_kv {
namespace {

size_t BytesOf(std::span<const std::string_view> request) {
  size_t bytes = 0;
  for (const std::string_view word : request) bytes += word.size() + 32;
  return bytes;
}

// What a browser sends first when a page makes it talk to this port; nothing
// else that follows may be done.
bool IsHttp(std::string_view name) {
  return IsWord(name, "POST") || IsWord(name, "HOST:");
}

}  // namespace

void Dispatcher::Dispatch(Request request,
                          ClientState& client,
                          AnswerQueue& answers,
                          std::string* out) {
  const Command* const command = FindCommand(request[0]);
  std::string reply;
  if (command == nullptr) {
    client.leaving = IsHttp(request[0]);
    AppendError(UnknownCommand(request), &reply);
    return AnswerNow(reply, answers, out);
  }
  if (!command->Takes(request.size())) {
    AppendError(WrongArguments(command->name), &reply);
    return AnswerNow(reply, answers, out);
  }
  switch (command->spread) {
    case Spread::kHere:
      RunLocalCommand(*command, request, server_, client, &reply);
      return AnswerNow(reply, answers, out);
    case Spread::kKey:
      return SendWhole(request, answers, out);
    case Spread::kEachKey:
    case Spread::kEachPair:
      return SendParts(*command, request, answers);
    case Spread::kEveryShard:
      return SendToAll(*command, request, answers);
  }
}

void Dispatcher::AnswerNow(std::string_view reply,
                           AnswerQueue& answers,
                           std::string* out) {
  if (answers.empty()) {
    out->append(reply);
  } else {
    answers.Add(&GatherOne, 1, 0)->Fill(0, reply);
  }
}

void Dispatcher::SendWhole(Request request,
                           AnswerQueue& answers,
                           std::string* out) {
  const uint32_t slot = ShardOf(request[1], router_.slot_count());
  if (answers.empty() && router_.IsHere(slot)) return shard_.Run(request, out);
  router_.Submit(
      slot, request, answers.Add(&GatherOne, 1, BytesOf(request)), 0);
}

// All go out in the order of the request, so that those on one key keep it.
void Dispatcher::SendParts(const Command& command,
                           Request request,
                           AnswerQueue& answers) {
  const size_t step = command.spread == Spread::kEachPair ? 2 : 1;
  const size_t parts = (request.size() - 1) / step;
  const std::shared_ptr<Answer> answer =
      answers.Add(command.gather, parts, BytesOf(request));
  for (size_t part = 0; part < parts; ++part) {
    const size_t at = 1 + part * step;
    const std::string_view words[] = {
        command.part, request[at], request[at + step - 1]};
    router_.Submit(ShardOf(request[at], router_.slot_count()),
                   std::span(words, 1 + step),
                   answer,
                   part);
  }
}

void Dispatcher::SendToAll(const Command& command,
                           Request request,
                           AnswerQueue& answers) {
  std::vector<std::string_view> words = {command.part};
  if (command.gather != nullptr) {
    words.insert(words.end(), request.begin() + 1, request.end());
  }
  const std::shared_ptr<Answer> answer = answers.Add(
      WholeOf(command, request), router_.slot_count(), BytesOf(request));
  for (uint32_t slot = 0; slot < router_.slot_count(); ++slot) {
    router_.Submit(slot, words, answer, slot);
  }
}

Answer::Whole Dispatcher::WholeOf(const Command& command, Request request) {
  if (command.gather != nullptr) return command.gather;
  const std::vector<std::string> wanted(request.begin() + 1, request.end());
  return [this, wanted](const Replies& replies, std::string* out) {
    AppendBulk(InfoText(read_facts_(), replies, wanted), out);
  };
}

}  // namespace cluster::resp_kv
