// ProbeSet: the probes of one plugin, a few at a time, each request played
// once.
//
// Probes mostly wait for their peers and for time limits, so that several take
// hardly longer than one. What needs a CPU in time is not judged by the clock
// alone (docs/plugin_check.md).
//
// Thread safety: one thread; each probe is awaited by a thread of the set. The
// destructor waits for those that run, and drops those that have not begun.
//
//   ProbeSet probes(std::chrono::seconds(10));
//   for (const ProbeRequest& request : requests) probes.Begin(request);
//   ASSIGN_OR_RETURN(const ProbeOutcome outcome, probes.Await(requests[0]));
#ifndef TOOLS_PLUGIN_CHECK_PROBE_SET_H_
#define TOOLS_PLUGIN_CHECK_PROBE_SET_H_

#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/plugin_check/probe/probe_request.h"
#include "tools/plugin_check/probe_process.h"

namespace cluster {

class ProbeSet {
 public:
  // `timeout` is for one probe.
  explicit ProbeSet(std::chrono::milliseconds timeout);
  ~ProbeSet();
  ProbeSet(const ProbeSet&) = delete;
  ProbeSet& operator=(const ProbeSet&) = delete;

  // Has `request` played when those begun before it leave room. One that has
  // been begun before is not played again.
  void Begin(const ProbeRequest& request);

  // Begins `request` unless it has been, and returns what came of it.
  //   others  the system's reason why the probe could not be started
  absl::StatusOr<ProbeOutcome> Await(const ProbeRequest& request);

 private:
  using Outcome = absl::StatusOr<ProbeOutcome>;
  using Task = std::packaged_task<Outcome()>;

  void Work();

  const std::chrono::milliseconds timeout_;
  // By the words that ask for it. Confined to the caller's thread.
  std::map<std::vector<std::string>, std::shared_future<Outcome>> outcomes_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> waiting_;  // guarded by mutex_
  bool ends_ = false;         // guarded by mutex_
  // Last, so that they see all the others. A probe dies with the thread that
  // started it, and these outlive theirs.
  std::vector<std::thread> threads_;
};

}  // namespace cluster

#endif  // TOOLS_PLUGIN_CHECK_PROBE_SET_H_
