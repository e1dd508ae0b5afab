// Listening: one of the host's listeners as a worker sees it, an acceptor on
// the loop. While the kernel lets nothing be taken, as where the worker is out
// of descriptors, it backs off, because a level-triggered watch would spin.
// Where the worker accepts itself, connections gather under load; where it
// shares the socket with others, those that are idle take turns.
//
// Thread safety: the worker's loop thread.
#ifndef CORE_WORKER_LISTENING_H_
#define CORE_WORKER_LISTENING_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "core/base/gathering.h"
#include "core/worker/acceptor.h"
#include "core/worker/loop.h"
#include "core/worker/taken_over.h"

namespace cluster {

class Listening {
 public:
  // Calls `ready` whenever `acceptor` may have connections, from Begin() on;
  // once HandTo() was called, it is readable instead. With `gathering` they
  // collect under load, and `ready` is called for what has come meanwhile.
  Listening(Loop& loop,
            uint32_t index,
            std::unique_ptr<Acceptor> acceptor,
            std::optional<Gathering> gathering,
            std::function<void(Listening&)> ready)
      : loop_(loop),
        index_(index),
        acceptor_(std::move(acceptor)),
        gathering_(std::move(gathering)),
        ready_(std::move(ready)) {}
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;
  ~Listening() { Stop(); }

  uint32_t index() const { return index_; }
  Acceptor& acceptor() { return *acceptor_; }

  // Why nothing is taken for now, as bits; it is, when none is left.
  static constexpr uint32_t kNotReady = 1;  // the plugin says so
  static constexpr uint32_t kPaused = 2;    // the plugin paused this listener

  // Errors: epoll's.
  absl::Status Begin();
  // Listens no more until Release() of each such reason. Before Begin(), too.
  void Hold(uint32_t reason);
  void Release(uint32_t reason);
  bool held() const { return holds_ != 0; }
  // From the next Begin() on `taken_over`, which outlives this, is readable
  // instead. REQUIRES: not begun, or stopped.
  void HandTo(TakenOver& taken_over) { taken_over_ = &taken_over; }
  // Undoes that. REQUIRES: stopped.
  void HandBack() { taken_over_ = nullptr; }
  bool taken_over() const { return taken_over_ != nullptr; }
  // Notes the errno for which nothing can be taken, 0 for none. Returns whether
  // that is news.
  bool SetTrouble(int error) { return std::exchange(trouble_, error) != error; }
  // Does not listen for a moment, then begins again.
  void BackOff();
  // Tells how many a call of `ready` took, without trouble, and whether those
  // were all. The next call is when there are more, or when they have gathered.
  void Took(size_t count, bool all);
  // Listens no more.
  void Stop();

 private:
  static void OnReady(void* listening, uint32_t epoll_events);
  static void OnResume(void* listening);
  static void OnGathered(void* listening);
  // A call, which may destroy this.
  void CallReady();
  void Gather(size_t count, bool all);
  // Where nothing waits any more, the next connection is for another worker, if
  // one is idle.
  void EndTurn();
  void EndWatch();

  Loop& loop_;
  const uint32_t index_;
  uint32_t holds_ = 0;
  bool begun_ = false;
  int trouble_ = 0;
  const std::unique_ptr<Acceptor> acceptor_;
  std::optional<Gathering> gathering_;
  const std::function<void(Listening&)> ready_;
  Loop::Watch* watch_ = nullptr;
  Loop::Timer* resume_ = nullptr;  // it backs off, or gathers
  TakenOver* taken_over_ = nullptr;
  bool followed_ = false;  // by it
};

}  // namespace cluster

#endif  // CORE_WORKER_LISTENING_H_
