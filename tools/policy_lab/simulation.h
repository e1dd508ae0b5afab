// Simulation: runs a policy on a workload and some workers, from event to
// event. It holds no rule of any policy: it shows the policy a board and sends
// the connection where it says.
//
// A connection brings a request; after its end there may be more, on the same
// worker, after some thought. The workload, the policy and the observer belong
// to the simulation while it runs.
//
// Thread safety: none; each thread may have simulations of its own.
//
//   Simulation simulation(config, workload, *policy);
//   RunResult result = simulation.Run();
#ifndef TOOLS_POLICY_LAB_SIMULATION_H_
#define TOOLS_POLICY_LAB_SIMULATION_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "scheduler/policy.h"
#include "tools/policy_lab/agenda.h"
#include "tools/policy_lab/board.h"
#include "tools/policy_lab/incident.h"
#include "tools/policy_lab/job_pool.h"
#include "tools/policy_lab/run_result.h"
#include "tools/policy_lab/workers/worker_model.h"
#include "tools/policy_lab/workload.h"

namespace cluster::lab {

struct SimulationConfig {
  BoardConfig board;
  bool processor_sharing = false;  // else first come, first served
  int64_t stale_ns = 0;  // the board's age when it is published; 0: live
  std::vector<Incident> incidents = {};
  uint64_t arrivals = 0;          // that will come, at most
  uint64_t warmup = 0;            // the first arrivals, which are not measured
  int64_t sample_ns = 1'000'000;  // how often the load is looked at, at first
};

// Is told what happens, as it does.
class SimulationObserver {
 public:
  virtual ~SimulationObserver() = default;
  // A connection came, and is placed at once unless there is no worker.
  virtual void OnArrival(const Arrival& arrival) {}
  // A request came to a worker.
  virtual void OnPlaced(uint32_t worker, int64_t now_ns) {}
  // A request was completed.
  virtual void OnCompleted(uint32_t worker, const Job& job, int64_t now_ns) {}
};

class Simulation {
 public:
  // All but `config` must outlive it.
  Simulation(const SimulationConfig& config,
             Workload& workload,
             Policy& policy);

  void set_observer(SimulationObserver* observer) { observer_ = observer; }
  // Where arrivals are counted as they come, now and then.
  void set_progress(std::atomic<uint64_t>* progress) { progress_ = progress; }

  // Runs until all that arrived has ended, or nothing more can. Call it once.
  RunResult Run();

 private:
  struct Unreported {
    uint32_t count = 0;
    int64_t total_ns = 0;
  };

  void Arrive(int64_t now_ns);
  void Place(uint32_t job, int64_t now_ns);
  void AddRequest(uint32_t job, int64_t now_ns);
  void CompleteRequest(int64_t now_ns);
  void Measure(int64_t response_ns);
  void EndConnection(uint32_t job, int64_t now_ns);
  void Lose(uint32_t job, int64_t now_ns);
  void Report(uint32_t worker, const Unreported& what, int64_t now_ns);
  void ChangeRequests(uint32_t worker, int32_t by, int64_t now_ns);

  // What is not a completion or an arrival.
  void TakeTurn(int64_t now_ns);
  void FindNextTurn();
  void BeginFollowing(uint32_t job, int64_t now_ns);
  void PublishBoard(int64_t now_ns);
  void SampleLoad();
  void SetSpeed(uint32_t worker, int64_t now_ns);
  void RemoveWorker(uint32_t worker, int64_t now_ns);
  void ReturnWorker(uint32_t worker, int64_t now_ns);
  void ChangeIncident(uint32_t index, bool begins, int64_t now_ns);

  bool Finished() const;
  void NoteLastArrival(int64_t now_ns);

  const SimulationConfig config_;
  Workload& workload_;
  Policy& policy_;
  SimulationObserver* observer_ = nullptr;
  std::atomic<uint64_t>* progress_ = nullptr;

  JobPool jobs_;
  Board board_;
  std::unique_ptr<WorkerModel> model_;
  Agenda agenda_;
  int64_t next_publish_ns_;
  int64_t next_turn_ns_ = 0;
  std::deque<uint32_t> pending_;       // jobs, while there is no worker
  std::vector<bool> active_;           // by incident
  std::vector<uint32_t> generations_;  // by worker
  std::vector<Unreported> unreported_;
  std::vector<uint32_t> died_with_;  // by worker, since it last came back
  RunResult result_;
};

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_SIMULATION_H_
