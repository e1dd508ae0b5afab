// NextTurn: calls back once from an io_context, after what is ready now.
//
// Like Alarm, it can be destroyed at any time, and then calls nothing.
//
// Thread safety: the io_context's thread.
//
//   NextTurn next(io, [this] { Flush(); });
//   next.Ask();
//   next.Ask();  // still one call
#ifndef CORE_EVENT_LOOP_NEXT_TURN_H_
#define CORE_EVENT_LOOP_NEXT_TURN_H_

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>

namespace cluster {

class NextTurn {
 public:
  // `io` must outlive it.
  NextTurn(boost::asio::io_context& io, std::function<void()> call);
  NextTurn(const NextTurn&) = delete;
  NextTurn& operator=(const NextTurn&) = delete;
  ~NextTurn();

  // Calls back soon, unless that is asked for already. From within the call it
  // asks for another.
  void Ask();

 private:
  struct State {
    std::function<void()> call;  // none: destroyed
    bool asked = false;
  };

  boost::asio::io_context& io_;
  // Shared with the handlers, which may run after this object is gone.
  std::shared_ptr<State> state_;
};

}  // namespace cluster

#endif  // CORE_EVENT_LOOP_NEXT_TURN_H_
