// LifeCycle: one cluster from its first fork to its last exit, with everything
// done to its workers at random, and what has to hold for any of them.
//
// A seed says what is done, and when: in how many milliseconds, or from within
// which event. What the machine makes of that may differ from run to run.
//
//   LifeCycle life_cycle(seed, folder);
//   for (const std::string& line : life_cycle.Run()) ...  // what is wrong
#ifndef TESTS_CONFORMANCE_LIFE_CYCLE_H_
#define TESTS_CONFORMANCE_LIFE_CYCLE_H_

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/cluster.h"

namespace cluster {

class LifeCycle {
 public:
  // Workers make sockets in `folder`; their program is this one, called with
  // "life", a seed and the folder (life_cycle_worker.h).
  LifeCycle(uint64_t seed, std::string folder);

  // Lives it. Returns what did not hold, a line each.
  std::vector<std::string> Run();

  // What was done and what happened, in order.
  const std::vector<std::string>& history() const { return history_; }

 private:
  // How often one worker's events were told, to it and to the cluster.
  struct Counts {
    int fork = 0, online = 0, listening = 0, message = 0, disconnect = 0,
        exit = 0, error = 0;
    bool operator==(const Counts&) const = default;
  };
  struct Life {
    std::shared_ptr<Worker> worker;
    bool started = false;  // there was a process
    bool refused = false;  // fork() said no at once
    Counts cluster;
    Counts own;
  };

  void Listen();
  void ListenTo(Worker& worker);
  // Checks that `worker` may have this event now.
  Life& Told(Worker& worker, const char* event);
  void React(Worker& worker, const char* event);

  void Plan();
  void At(std::chrono::microseconds delay, std::function<void()> run);
  void Step(uint64_t choice);
  void Fork(uint64_t choice);
  void Hurt(Worker& worker, uint64_t choice);
  // Sends to it, or to all, or asks it, with and without a handle.
  void Talk(Worker& worker, uint64_t choice);
  Worker& Any(uint64_t choice);
  // Is told what became of a message.
  SendCallback Sent();
  void Connect();
  // All is to end, and what does not is killed after a while.
  void Finish();

  void CheckLife(uint32_t id, const Life& life);
  void CheckEnd(uint32_t id, const Worker& worker, int code, int signal);
  void Note(std::string line) { history_.push_back(std::move(line)); }
  void Wrong(std::string line);

  const uint64_t seed_;
  const std::string folder_;
  std::mt19937_64 random_;
  std::vector<std::string> history_;
  std::vector<std::string> wrong_;

  boost::asio::io_context io_{1};
  std::optional<Cluster> cluster_;
  std::vector<std::unique_ptr<boost::asio::steady_timer>> timers_;
  std::map<uint32_t, Life> lives_;  // by worker id
  std::vector<int> clients_;
  int port_ = 0;  // some worker listened there
  bool finishing_ = false;
  int disconnects_asked_ = 0;
  int disconnects_done_ = 0;
  int messages_sent_ = 0;  // and requests
  int messages_told_ = 0;  // what became of them
};

}  // namespace cluster

#endif  // TESTS_CONFORMANCE_LIFE_CYCLE_H_
