#include "core/event_loop/next_turn.h"

#include <boost/asio/post.hpp>
#include <utility>

namespace cluster {

NextTurn::NextTurn(boost::asio::io_context& io, std::function<void()> call)
    : io_(io), state_(std::make_shared<State>()) {
  state_->call = std::move(call);
}

NextTurn::~NextTurn() { state_->call = nullptr; }

void NextTurn::Ask() {
  if (std::exchange(state_->asked, true)) return;
  boost::asio::post(io_, [state = state_] {
    state->asked = false;
    if (state->call) state->call();
  });
}

}  // namespace cluster
