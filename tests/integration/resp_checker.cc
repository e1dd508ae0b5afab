#include "tests/integration/resp_checker.h"

#include <algorithm>

namespace cluster {
namespace {

constexpr size_t kOwnKeys = 24;
constexpr size_t kMaxPipeline = 32;

}  // namespace

bool SharedCounters::Acknowledge(size_t n, int64_t value) {
  Counter& counter = counters_[n];
  {
    const std::lock_guard lock(counter.mu);
    if (!counter.values.insert(value).second) return false;
  }
  int64_t floor = counter.floor;
  while (floor < value && !counter.floor.compare_exchange_weak(floor, value)) {
  }
  return true;
}

int64_t SharedCounters::acknowledged(size_t n) {
  const std::lock_guard lock(counters_[n].mu);
  return static_cast<int64_t>(counters_[n].values.size());
}

RespChecker::RespChecker(uint16_t port, size_t number, SharedCounters& counters)
    : port_(port),
      number_(number),
      counters_(counters),
      random_(static_cast<uint32_t>(number)),
      client_(port) {
  const std::string id = client_.Info("worker_id");
  if (!id.empty()) worker_id_ = static_cast<uint32_t>(std::stoul(id));
}

void RespChecker::Run(size_t count, std::atomic<size_t>& progress) {
  while (count > 0 && wrong_.empty()) {
    std::vector<Command> commands(
        std::min<size_t>(count, 1 + random_() % kMaxPipeline));
    std::vector<RespClient::Request> requests;
    for (Command& command : commands) {
      command = Choose();
      requests.push_back(RequestOf(command));
    }
    client_.Send(requests);
    bool broken = false;
    for (const Command& command : commands) {
      const RespReply reply = broken ? RespReply{} : client_.Read();
      broken = reply.broken();
      broken ? Unanswered(command) : Check(command, reply);
    }
    if (broken) {
      ++reconnects_;
      client_ = RespClient(port_);
    }
    count -= commands.size();
    progress += commands.size();
  }
}

RespChecker::Command RespChecker::Choose() {
  Command command = {};
  const uint32_t dice = random_() % 100;
  command.kind = dice < 40   ? Kind::kIncr
                 : dice < 55 ? Kind::kGetCounter
                 : dice < 70 ? Kind::kSet
                 : dice < 80 ? Kind::kGet
                 : dice < 88 ? Kind::kAppend
                 : dice < 94 ? Kind::kDel
                             : Kind::kMGet;
  command.counter = random_() % counters_.size();
  command.floor = counters_.Floor(command.counter);
  command.key =
      std::to_string(number_) + ":" + std::to_string(random_() % kOwnKeys);
  command.text = "v" + std::to_string(next_value_++) + ",";
  return command;
}

RespClient::Request RespChecker::RequestOf(const Command& command) const {
  const std::string counter = SharedCounters::NameOf(command.counter);
  switch (command.kind) {
    case Kind::kIncr:
      return {"INCR", counter};
    case Kind::kGetCounter:
      return {"GET", counter};
    case Kind::kSet:
      return {"SET", command.key, command.text};
    case Kind::kGet:
      return {"GET", command.key};
    case Kind::kAppend:
      return {"APPEND", command.key, command.text};
    case Kind::kDel:
      return {"DEL", command.key};
    case Kind::kMGet:
      return {"MGET", counter, command.key, counter};
  }
}

void RespChecker::Check(const Command& command, const RespReply& reply) {
  ++answered_;
  if (reply.error()) {
    ++errors_;
    return Unanswered(command);
  }
  switch (command.kind) {
    case Kind::kIncr:
    case Kind::kGetCounter:
      return CheckCounter(command, reply);
    case Kind::kMGet:
      if (reply.elements.size() != 3) return Complain(command, reply);
      CheckCounter(command, reply.elements[0]);
      CheckRead(command.key, reply.elements[1]);
      return CheckCounter(command, reply.elements[2]);
    default:
      return CheckOwn(command, reply);
  }
}

void RespChecker::CheckCounter(const Command& command, const RespReply& reply) {
  const bool counts = command.kind == Kind::kIncr;
  if (reply.kind != (counts ? ':' : '$')) return Complain(command, reply);
  const int64_t value = reply.number();
  const bool fits = counts ? value > command.floor &&
                                 counters_.Acknowledge(command.counter, value)
                           : value >= command.floor;
  if (!fits) Complain(command, reply);
}

void RespChecker::CheckOwn(const Command& command, const RespReply& reply) {
  std::set<Value>& values = ValuesOf(command.key);
  switch (command.kind) {
    case Kind::kSet:
      if (reply.kind != '+') Complain(command, reply);
      values = {command.text};
      return;
    case Kind::kAppend: {
      std::set<Value> after;
      for (const Value& value : values) {
        const std::string text = value.value_or("") + command.text;
        if (reply.kind == ':' && reply.number() == int64_t(text.size())) {
          after.insert(text);
        }
      }
      if (after.empty()) Complain(command, reply);
      values = after;
      return;
    }
    case Kind::kDel: {
      const Value none;
      const bool absent = values.count(none) > 0;
      const bool present = values.size() > (absent ? 1 : 0);
      const bool fits =
          (reply.text == "1" && present) || (reply.text == "0" && absent);
      if (reply.kind != ':' || !fits) Complain(command, reply);
      values = {none};
      return;
    }
    default:
      return CheckRead(command.key, reply);
  }
}

void RespChecker::CheckRead(const std::string& key, const RespReply& reply) {
  const Value value = reply.kind == '$' ? Value(reply.text) : Value();
  const bool is_value = reply.kind == '$' || reply.kind == '_';
  std::set<Value>& values = ValuesOf(key);
  if (!is_value || values.count(value) == 0) {
    Complain({.kind = Kind::kGet, .key = key}, reply);
  }
  values = {value};
}

// It was done, or not.
void RespChecker::Unanswered(const Command& command) {
  std::set<Value>& values = ValuesOf(command.key);
  switch (command.kind) {
    case Kind::kIncr:
      return counters_.CountUnknown(command.counter);
    case Kind::kSet:
      values.insert(command.text);
      return;
    case Kind::kAppend:
      for (const Value& value : std::set<Value>(values)) {
        values.insert(value.value_or("") + command.text);
      }
      return;
    case Kind::kDel:
      values.insert(Value());
      return;
    default:
      return;
  }
}

void RespChecker::Complain(const Command& command, const RespReply& reply) {
  std::string text = "client " + std::to_string(number_) + ":";
  for (const std::string& word : RequestOf(command)) text += " " + word;
  text += " gave " + std::string(1, reply.kind) + reply.text + ", floor " +
          std::to_string(command.floor) + ", may be:";
  for (const Value& value : ValuesOf(command.key)) {
    text += " " + value.value_or("(none)");
  }
  wrong_.push_back(text);
}

std::set<RespChecker::Value>& RespChecker::ValuesOf(const std::string& key) {
  return own_.try_emplace(key, std::set<Value>{Value()}).first->second;
}

}  // namespace cluster
