#include "tools/policy_lab/record_workload.h"

#include "core/base/status_macros.h"
#include "core/trace/trace_writer.h"
#include "scheduler/policy.h"
#include "tools/policy_lab/run_once.h"
#include "tools/policy_lab/simulation.h"

namespace cluster::lab {
namespace {

class Recorder : public SimulationObserver {
 public:
  explicit Recorder(TraceWriter& writer) : writer_(writer) {}
  void OnArrival(const Arrival& arrival) override {
    writer_.Write({.arrival_ns = arrival.now_ns,
                   .service_ns = arrival.work_ns,
                   .key = arrival.key});
  }

 private:
  TraceWriter& writer_;
};

}  // namespace

absl::Status RecordWorkload(const Experiment& experiment,
                            const std::string& path) {
  ASSIGN_OR_RETURN(TraceWriter writer, TraceWriter::Create(path));
  Recorder recorder(writer);
  RETURN_IF_ERROR(RunOnce(experiment.scenario,
                          experiment.policies.front(),
                          experiment.first_seed,
                          {.observer = &recorder})
                      .status());
  return writer.Finish();
}

}  // namespace cluster::lab
