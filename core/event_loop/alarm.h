// Alarm: calls back once, after a while, from an io_context.
//
// Like FdWatch, it can be set anew, cancelled or destroyed at any time, from
// its own callback too, and the earlier callback is then not called: also not
// when its time has come and the io_context holds it ready.
//
// Thread safety: the io_context's thread.
//
//   Alarm alarm(io);
//   alarm.Set(std::chrono::milliseconds(5), [this] { Look(); });
#ifndef CORE_EVENT_LOOP_ALARM_H_
#define CORE_EVENT_LOOP_ALARM_H_

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>

namespace cluster {

class Alarm {
 public:
  explicit Alarm(boost::asio::io_context& io);
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;
  ~Alarm();

  // Calls `ring` in `delay`, in place of what was set before.
  void Set(std::chrono::nanoseconds delay, std::function<void()> ring);
  void Cancel();

  // True from Set() until just before the callback.
  bool set() const;

 private:
  struct State;

  // Shared with the handlers, which may run after this object is gone.
  std::shared_ptr<State> state_;
};

}  // namespace cluster

#endif  // CORE_EVENT_LOOP_ALARM_H_
