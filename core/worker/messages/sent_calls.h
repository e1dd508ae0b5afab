// SentCalls: who wants to know that a message has left the process, each with
// the position in the channel behind it.
//
// Thread safety: none.
//
//   calls.Add(end, std::move(done));
//   if (calls.OnWritten(written_bytes)) AskForATurn();
//   calls.RunDue();  // in that turn
#ifndef CORE_WORKER_MESSAGES_SENT_CALLS_H_
#define CORE_WORKER_MESSAGES_SENT_CALLS_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <utility>

#include "absl/status/status.h"

namespace cluster {

class SentCalls {
 public:
  // Told once what became of a message: OK when the kernel has all of it.
  using Done = std::function<void(const absl::Status&)>;

  // `end` is not below that of an earlier one. An empty `done` is ignored.
  void Add(uint64_t end, Done done) {
    if (done) waiting_.push_back({end, std::move(done)});
  }
  // The kernel has taken so much. Returns whether calls are due.
  bool OnWritten(uint64_t written_bytes) {
    while (!waiting_.empty() && waiting_.front().end <= written_bytes) {
      due_.push_back(std::move(waiting_.front().done));
      waiting_.pop_front();
    }
    return !due_.empty();
  }

  // Makes the calls that are due; what they make due is for the next time.
  void RunDue() {
    for (const Done& done : std::exchange(due_, {})) done(absl::OkStatus());
  }
  // Nothing more is written: the rest is told `why`.
  void FailRest(const absl::Status& why) {
    for (const Waiting& each : std::exchange(waiting_, {})) each.done(why);
  }

 private:
  struct Waiting {
    uint64_t end;
    Done done;
  };

  std::deque<Waiting> waiting_;
  std::deque<Done> due_;
};

}  // namespace cluster

#endif  // CORE_WORKER_MESSAGES_SENT_CALLS_H_
