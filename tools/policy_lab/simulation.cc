#include "tools/policy_lab/simulation.h"

#include <algorithm>
#include <utility>

#include "tools/policy_lab/sim_time.h"
#include "tools/policy_lab/workers/fcfs_workers.h"
#include "tools/policy_lab/workers/ps_workers.h"

namespace cluster::lab {
namespace {

constexpr uint64_t kProgressStep = 1 << 16;

std::unique_ptr<WorkerModel> MakeModel(const SimulationConfig& config,
                                       JobPool& jobs) {
  const uint32_t workers = config.board.workers;
  if (config.processor_sharing) {
    return std::make_unique<PsWorkers>(workers, jobs);
  }
  return std::make_unique<FcfsWorkers>(workers, jobs);
}

BoardConfig BoardOf(const SimulationConfig& config) {
  BoardConfig board = config.board;
  board.stale = config.stale_ns > 0;
  return board;
}

}  // namespace

Simulation::Simulation(const SimulationConfig& config,
                       Workload& workload,
                       Policy& policy)
    : config_(config),
      workload_(workload),
      policy_(policy),
      board_(BoardOf(config)),
      model_(MakeModel(config, jobs_)),
      next_publish_ns_(config.stale_ns > 0 ? config.stale_ns : kNever),
      active_(config.incidents.size()),
      generations_(config.board.workers),
      unreported_(config.stale_ns > 0 ? config.board.workers : 0),
      died_with_(config.board.workers),
      result_(config.arrivals - std::min(config.arrivals, config.warmup),
              config.sample_ns) {
  result_.workers.resize(config.board.workers);
  for (uint32_t i = 0; i < config.incidents.size(); ++i) {
    const Incident& incident = config.incidents[i];
    agenda_.Add(incident.from_ns, Agenda::Kind::kIncidentBegins, i);
    agenda_.Add(incident.to_ns, Agenda::Kind::kIncidentEnds, i);
  }
  FindNextTurn();
}

RunResult Simulation::Run() {
  int64_t now_ns = 0;
  while (!Finished()) {
    const int64_t completion_ns = model_->next_ns();
    const int64_t arrival_ns = workload_.next_ns();
    if (completion_ns <= arrival_ns && completion_ns <= next_turn_ns_) {
      now_ns = completion_ns;
      CompleteRequest(now_ns);
    } else if (arrival_ns < next_turn_ns_) {
      now_ns = arrival_ns;
      Arrive(now_ns);
    } else {
      now_ns = next_turn_ns_;
      TakeTurn(now_ns);
    }
  }
  for (uint32_t i = 0; i < result_.workers.size(); ++i) {
    ChangeRequests(i, 0, now_ns);
  }
  result_.end_ns = now_ns;
  if (result_.last_arrival_ns == 0) NoteLastArrival(now_ns);
  result_.present = jobs_.size();
  if (progress_ != nullptr) *progress_ += result_.arrived % kProgressStep;
  return std::move(result_);
}

// The board and the samples have turns for ever; they alone change nothing.
bool Simulation::Finished() const {
  if (workload_.next_ns() != kNever) return false;
  if (jobs_.size() == 0) return true;
  return model_->next_ns() == kNever && agenda_.empty();
}

void Simulation::Arrive(int64_t now_ns) {
  const Demand demand = workload_.Take();
  const uint32_t index = jobs_.New();
  Job& job = jobs_[index];
  job.arrival_ns = job.opened_ns = now_ns;
  job.work_ns = demand.work_ns;
  job.key = demand.key;
  job.seed = demand.seed;
  job.requests_left = demand.requests - 1;
  job.measured = result_.arrived >= config_.warmup;
  if (result_.arrived == config_.warmup) result_.warm_ns = now_ns;
  ++result_.arrived;
  if (progress_ != nullptr && result_.arrived % kProgressStep == 0) {
    *progress_ += kProgressStep;
  }
  if (observer_ != nullptr) {
    observer_->OnArrival(
        {.now_ns = now_ns, .key = job.key, .work_ns = job.work_ns});
  }
  Place(index, now_ns);
  if (result_.arrived == config_.arrivals) NoteLastArrival(now_ns);
}

void Simulation::Place(uint32_t index, int64_t now_ns) {
  const Candidates& candidates = board_.candidates();
  if (candidates.size() == 0) {
    pending_.push_back(index);
    return;
  }
  Job& job = jobs_[index];
  if (config_.board.shows_work && config_.stale_ns == 0) {
    model_->WorkLeft(board_.workers(), now_ns, board_.work_ns());
  }
  const size_t row = policy_.Pick(
      {.now_ns = now_ns, .key = job.key, .work_ns = job.work_ns}, candidates);
  job.worker = board_.workers()[row];
  job.generation = generations_[job.worker];
  board_.ChangeInFlight(job.worker, 1);
  AddRequest(index, now_ns);
}

void Simulation::AddRequest(uint32_t index, int64_t now_ns) {
  const Job& job = jobs_[index];
  const uint32_t worker = job.worker;
  if (job.measured && result_.workers[worker].requests > 0) ++result_.waited;
  ChangeRequests(worker, 1, now_ns);
  model_->Add(worker, index, now_ns);
  if (observer_ != nullptr) observer_->OnPlaced(worker, now_ns);
}

void Simulation::ChangeRequests(uint32_t worker, int32_t by, int64_t now_ns) {
  WorkerTotals& totals = result_.workers[worker];
  const int64_t passed_ns = now_ns - totals.since_ns;
  totals.area_ns += totals.requests * static_cast<uint64_t>(passed_ns);
  totals.busy_ns += totals.requests > 0 ? passed_ns : 0;
  totals.since_ns = now_ns;
  totals.requests += static_cast<uint32_t>(by);
  board_.ChangeRequests(worker, by);
}

void Simulation::CompleteRequest(int64_t now_ns) {
  const uint32_t worker = model_->next_worker();
  const uint32_t index = model_->Complete(now_ns);
  Job& job = jobs_[index];
  const int64_t response_ns = now_ns - job.arrival_ns;
  ChangeRequests(worker, -1, now_ns);
  ++result_.workers[worker].completed;
  result_.workers[worker].response_ns += static_cast<uint64_t>(response_ns);
  if (job.measured) Measure(response_ns);
  if (observer_ != nullptr) observer_->OnCompleted(worker, job, now_ns);
  if (job.requests_left == 0) {
    EndConnection(index, now_ns);
    return;
  }
  const FollowingRequest following =
      workload_.Next(job.seed, --job.requests_left);
  job.work_ns = following.work_ns;
  job.first = false;
  agenda_.Add(now_ns + following.think_ns, Agenda::Kind::kRequest, index);
  FindNextTurn();
}

void Simulation::Measure(int64_t response_ns) {
  result_.response.Add(response_ns);
  result_.response_sum_ns += static_cast<double>(response_ns);
  result_.batches.Add(static_cast<double>(response_ns));
}

void Simulation::EndConnection(uint32_t index, int64_t now_ns) {
  const uint32_t worker = jobs_[index].worker;
  const int64_t took_ns = now_ns - jobs_[index].opened_ns;
  jobs_.Delete(index);
  ++result_.ended;
  board_.ChangeInFlight(worker, -1);
  if (config_.stale_ns > 0) {
    ++unreported_[worker].count;
    unreported_[worker].total_ns += took_ns;
  } else {
    Report(worker, {1, took_ns}, now_ns);
  }
  workload_.OnEnded(now_ns);
}

void Simulation::Report(uint32_t worker,
                        const Unreported& what,
                        int64_t now_ns) {
  policy_.OnCompleted({.key = board_.key(worker),
                       .slot = worker,
                       .count = what.count,
                       .total_ns = what.total_ns,
                       .in_flight = board_.in_flight(worker),
                       .now_ns = now_ns});
}

void Simulation::NoteLastArrival(int64_t now_ns) {
  result_.last_arrival_ns = now_ns;
  double busy_ns = 0;
  for (const WorkerTotals& worker : result_.workers) {
    busy_ns += static_cast<double>(worker.busy_ns);
    if (worker.requests == 0) continue;
    busy_ns += static_cast<double>(now_ns - worker.since_ns);
  }
  const double all_ns =
      static_cast<double>(now_ns) * static_cast<double>(result_.workers.size());
  result_.busy_share = all_ns > 0 ? busy_ns / all_ns : 0;
}

}  // namespace cluster::lab
