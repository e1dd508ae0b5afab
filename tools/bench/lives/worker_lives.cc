// Measures how fast workers begin and are missed, through core/cluster.h, as
// node/worker_lives.js does through Node's; one JSON line of medians.
//
//   worker_lives COUNT
//
// online_us: from fork() to the event online; four_us: from the first of four
// forks to the last one's listening; noticed_us: from SIGKILL to exit;
// replaced_us: from SIGKILL to the successor's listening; pss_kb: of each of
// four idle workers.
#include <signal.h>
#include <sys/types.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/cluster.h"

namespace cluster {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kWorkers = 4;

double PssKb(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
  std::string word;
  double kb = 0;
  while (file >> word) {
    if (word == "Pss:" && file >> kb) return kb;
  }
  return 0;
}

class Lives {
 public:
  Lives(Cluster& cluster, size_t count) : cluster_(cluster), count_(count) {
    cluster.on(events::online, [this](Worker&) {
      if (step_ == Step::kOne) OnOne();
    });
    cluster.on(events::listening,
               [this](Worker&, const Address&) { OnListening(); });
    cluster.on(events::exit, [this](Worker&, int, int) { OnExit(); });
    One();
  }

 private:
  enum class Step { kOne, kFour, kDeath, kEnd };

  void Take(const char* what) {
    samples_[what].push_back(
        std::chrono::duration<double, std::micro>(Clock::now() - begin_)
            .count());
  }
  bool has_enough(const char* what) { return samples_[what].size() >= count_; }

  void One() {
    begin_ = Clock::now();
    workers_ = {cluster_.fork()};
  }
  void OnOne() {
    Take("online_us");
    workers_[0]->kill(SIGKILL);
  }
  void Four() {
    step_ = Step::kFour;
    listening_ = 0;
    workers_.clear();
    begin_ = Clock::now();
    for (size_t i = 0; i < kWorkers; ++i) workers_.push_back(cluster_.fork());
  }
  void Death() {
    step_ = Step::kDeath;
    begin_ = Clock::now();
    workers_[0]->kill(SIGKILL);
  }
  void KillAll() {
    exited_ = 0;
    for (const auto& worker : workers_) worker->kill(SIGKILL);
  }

  void OnListening() {
    if (step_ == Step::kFour) {
      if (++listening_ < kWorkers) return;
      Take("four_us");
      if (!has_enough("four_us")) return KillAll();
      return Death();
    }
    if (step_ != Step::kDeath) return;
    Take("replaced_us");
    if (!has_enough("replaced_us")) return Death();
    for (const auto& worker : workers_) {
      samples_["pss_kb"].push_back(PssKb(worker->process().pid()));
    }
    step_ = Step::kEnd;
    KillAll();
  }
  void OnExit() {
    if (step_ == Step::kOne) return has_enough("online_us") ? Four() : One();
    if (step_ == Step::kDeath) {
      Take("noticed_us");
      workers_[0] = cluster_.fork();
      return;
    }
    if (++exited_ < kWorkers) return;
    if (step_ == Step::kFour) return Four();
    Print();
  }
  void Print() {
    const char* before = "{";
    for (auto& [what, values] : samples_) {
      std::sort(values.begin(), values.end());
      std::printf(
          "%s\"%s\": %.1f", before, what.c_str(), values[values.size() / 2]);
      before = ", ";
    }
    std::printf("}\n");
  }

  Cluster& cluster_;
  const size_t count_;
  Step step_ = Step::kOne;
  Clock::time_point begin_;
  std::vector<std::shared_ptr<Worker>> workers_;
  size_t listening_ = 0;
  size_t exited_ = 0;
  std::map<std::string, std::vector<double>> samples_;
};

int Main(int argc, char** argv) {
  Cluster cluster(argc, argv);
  if (cluster.is_worker()) {
    cluster.worker().listen({.port = 0}, [](const Connection&) {});
    return cluster.run();
  }
  const int count = argc == 2 ? std::atoi(argv[1]) : 0;
  if (count < 1) {
    std::fprintf(stderr, "usage: worker_lives COUNT\n");
    return 2;
  }
  const Lives lives(cluster, static_cast<size_t>(count));
  return cluster.run();
}

}  // namespace
}  // namespace cluster

int main(int argc, char** argv) { return cluster::Main(argc, argv); }
