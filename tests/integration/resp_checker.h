// RespChecker: a client of resp_kv that knows what each answer may be.
//
// Several of them, each on a thread of its own, count on the same counters and
// write keys that are theirs alone. Every answer is checked against what the
// client itself did, and what all of them have had acknowledged:
//   - a counter is never below a value that was acknowledged before the request
//   - no two INCRs are answered by the same number
//   - a key of its own has the value last acknowledged, or one of those whose
//     fate is unknown (an error, or a connection that broke)
// Errors are counted; whether they may be is for the test to say.
//
// Thread safety: one thread each; SharedCounters from any.
#ifndef TESTS_INTEGRATION_RESP_CHECKER_H_
#define TESTS_INTEGRATION_RESP_CHECKER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/integration/resp_client.h"

namespace cluster {

// The counters of all clients, each of which begins as 0 on the server.
class SharedCounters {
 public:
  explicit SharedCounters(size_t count) : counters_(count) {}

  static std::string NameOf(size_t n) { return "count:" + std::to_string(n); }

  size_t size() const { return counters_.size(); }
  // The highest number that was acknowledged.
  int64_t Floor(size_t n) const { return counters_[n].floor; }
  // Takes an INCR's answer. Returns false if somebody else had the same.
  bool Acknowledge(size_t n, int64_t value);
  void CountUnknown(size_t n) { ++counters_[n].unknown; }

  int64_t acknowledged(size_t n);
  int64_t unknown(size_t n) const { return counters_[n].unknown; }

 private:
  struct Counter {
    std::atomic<int64_t> floor = 0;
    std::atomic<int64_t> unknown = 0;
    std::mutex mu;
    std::set<int64_t> values;  // guarded by mu
  };
  std::vector<Counter> counters_;
};

class RespChecker {
 public:
  // `number` tells its keys from those of others and seeds its choices.
  RespChecker(uint16_t port, size_t number, SharedCounters& counters);

  // Sends `count` mixed commands in pipelines of 1 to 32 and checks the
  // answers. `progress` grows by each. Connects anew when the connection
  // breaks.
  void Run(size_t count, std::atomic<size_t>& progress);

  // The worker that it was connected to first.
  uint32_t worker_id() const { return worker_id_; }
  size_t answered() const { return answered_; }
  size_t errors() const { return errors_; }
  size_t reconnects() const { return reconnects_; }
  // What was wrong, first the first; empty if nothing was.
  const std::vector<std::string>& wrong() const { return wrong_; }

 private:
  using Value = std::optional<std::string>;  // none: there is no such key
  enum class Kind { kIncr, kGetCounter, kSet, kGet, kAppend, kDel, kMGet };
  struct Command {
    Kind kind;
    size_t counter = 0;
    int64_t floor = 0;  // of it, when it was sent
    std::string key = "";
    std::string text = "";
  };

  Command Choose();
  RespClient::Request RequestOf(const Command& command) const;
  void Check(const Command& command, const RespReply& reply);
  void CheckCounter(const Command& command, const RespReply& reply);
  void CheckOwn(const Command& command, const RespReply& reply);
  void CheckRead(const std::string& key, const RespReply& reply);
  void Unanswered(const Command& command);
  void Complain(const Command& command, const RespReply& reply);
  std::set<Value>& ValuesOf(const std::string& key);

  const uint16_t port_;
  const size_t number_;
  SharedCounters& counters_;
  std::mt19937 random_;
  RespClient client_;
  uint32_t worker_id_ = 0;
  std::map<std::string, std::set<Value>> own_;  // what each may be
  size_t next_value_ = 0;
  size_t answered_ = 0;
  size_t errors_ = 0;
  size_t reconnects_ = 0;
  std::vector<std::string> wrong_;
};

}  // namespace cluster

#endif  // TESTS_INTEGRATION_RESP_CHECKER_H_
