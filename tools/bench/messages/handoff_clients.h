// HandoffClients: clients that connect one after the other, each when the one
// before was answered, and how long each has waited, by who answered.
//
// Thread safety: its own thread connects; all else is the owner's, and results
// are there from Join() on.
//
//   HandoffClients clients(port, pids, [&] { post(io, [&] { OnEnd(); }); });
//   clients.Stop();  // then it calls the function, from its thread
//   clients.Join();
#ifndef TOOLS_BENCH_MESSAGES_HANDOFF_CLIENTS_H_
#define TOOLS_BENCH_MESSAGES_HANDOFF_CLIENTS_H_

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

namespace cluster {

class HandoffClients {
 public:
  // Workers answer with their number, one digit from 1 up; `workers` are their
  // processes, in that order.
  HandoffClients(uint16_t port,
                 std::vector<pid_t> workers,
                 std::function<void()> ended);

  void Stop() { over_ = true; }
  void Join() { thread_.join(); }

  // What all have waited, in microseconds.
  const std::vector<double>& waits_us() const { return all_us_; }
  // Prints a list in JSON: how many each worker answered, the p99 and the
  // longest wait, and the same ("run_") less what was waited for a CPU.
  void PrintWorkers();

 private:
  struct Answered {
    std::vector<double> us;
    std::vector<double> run_us;  // without the time in a CPU's queue
  };

  void Run();
  // Returns who answered, from 0 up; below 0: nobody.
  int ConnectOnce(double* us) const;
  // What the primary, its workers and this thread have waited for a CPU.
  double WaitedForCpuUs() const;

  const uint16_t port_;
  const std::vector<pid_t> workers_;
  const std::function<void()> ended_;
  std::vector<Answered> answered_;  // by worker
  std::vector<double> all_us_;
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

}  // namespace cluster

#endif  // TOOLS_BENCH_MESSAGES_HANDOFF_CLIENTS_H_
