// What happens in a Simulation besides arrivals and completions: requests that
// were thought about, incidents, the board's publication, looks at the load.
#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "tools/policy_lab/sim_time.h"
#include "tools/policy_lab/simulation.h"

namespace cluster::lab {

void Simulation::FindNextTurn() {
  next_turn_ns_ =
      std::min({agenda_.next_ns(), next_publish_ns_, result_.load.next_ns()});
}

void Simulation::TakeTurn(int64_t now_ns) {
  if (now_ns == agenda_.next_ns()) {
    const Agenda::Entry entry = agenda_.Take();
    if (entry.kind == Agenda::Kind::kRequest) {
      BeginFollowing(entry.subject, now_ns);
    } else {
      ChangeIncident(
          entry.subject, entry.kind == Agenda::Kind::kIncidentBegins, now_ns);
    }
  } else if (now_ns == next_publish_ns_) {
    PublishBoard(now_ns);
  } else {
    SampleLoad();
  }
  FindNextTurn();
}

void Simulation::BeginFollowing(uint32_t index, int64_t now_ns) {
  Job& job = jobs_[index];
  // Its worker went away meanwhile.
  if (job.generation != generations_[job.worker]) {
    Lose(index, now_ns);
    return;
  }
  job.arrival_ns = now_ns;
  AddRequest(index, now_ns);
}

void Simulation::Lose(uint32_t index, int64_t now_ns) {
  jobs_.Delete(index);
  ++result_.lost;
  workload_.OnEnded(now_ns);
}

void Simulation::PublishBoard(int64_t now_ns) {
  next_publish_ns_ += config_.stale_ns;
  board_.Publish();
  if (config_.board.shows_work) {
    model_->WorkLeft(board_.workers(), now_ns, board_.work_ns());
  }
  for (const uint32_t worker : board_.workers()) {
    Unreported& unreported = unreported_[worker];
    if (unreported.count == 0) continue;
    Report(worker, unreported, now_ns);
    unreported = {};
  }
}

void Simulation::SampleLoad() {
  std::vector<uint32_t> requests;
  requests.reserve(result_.workers.size());
  for (const WorkerTotals& worker : result_.workers) {
    requests.push_back(worker.requests);
  }
  result_.load.Add(requests);
}

void Simulation::ChangeIncident(uint32_t index, bool begins, int64_t now_ns) {
  const Incident& incident = config_.incidents[index];
  active_[index] = begins;
  if (incident.kind != Incident::Kind::kRestart) {
    SetSpeed(incident.worker, now_ns);
  } else if (begins) {
    RemoveWorker(incident.worker, now_ns);
  } else {
    ReturnWorker(incident.worker, now_ns);
  }
}

void Simulation::SetSpeed(uint32_t worker, int64_t now_ns) {
  double speed = 1;
  for (size_t i = 0; i < active_.size(); ++i) {
    const Incident& incident = config_.incidents[i];
    if (!active_[i] || incident.worker != worker) continue;
    if (incident.kind == Incident::Kind::kSlow) speed /= incident.factor;
    if (incident.kind == Incident::Kind::kStall) speed = 0;
  }
  model_->SetSpeed(worker, speed, now_ns);
}

void Simulation::RemoveWorker(uint32_t worker, int64_t now_ns) {
  if (!board_.present(worker)) return;
  std::vector<uint32_t> begun;
  std::vector<uint32_t> waiting;
  model_->Clear(worker, &begun, &waiting);
  const auto had = static_cast<int32_t>(begun.size() + waiting.size());
  ++generations_[worker];
  died_with_[worker] = board_.in_flight(worker);
  board_.Remove(worker);
  ChangeRequests(worker, -had, now_ns);
  if (!unreported_.empty()) unreported_[worker] = {};
  for (const uint32_t job : begun) Lose(job, now_ns);
  for (const uint32_t job : waiting) {
    // What it never looked at somebody else can serve.
    if (jobs_[job].first) {
      --died_with_[worker];
      Place(job, now_ns);
    } else {
      Lose(job, now_ns);
    }
  }
}

void Simulation::ReturnWorker(uint32_t worker, int64_t now_ns) {
  if (board_.present(worker)) return;
  board_.Return(worker);
  if (const uint32_t failed = std::exchange(died_with_[worker], 0)) {
    policy_.OnCompleted({.key = board_.key(worker),
                         .slot = worker,
                         .failed = failed,
                         .now_ns = now_ns});
  }
  while (!pending_.empty()) {
    const uint32_t job = pending_.front();
    pending_.pop_front();
    Place(job, now_ns);
  }
}

}  // namespace cluster::lab
