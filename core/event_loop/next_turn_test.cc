#include "core/event_loop/next_turn.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <memory>

namespace cluster {
namespace {

TEST(NextTurnTest, CallsOnceHoweverOftenItIsAsked) {
  boost::asio::io_context io;
  int calls = 0;
  NextTurn next(io, [&] { ++calls; });
  next.Ask();
  next.Ask();
  EXPECT_EQ(calls, 0);
  io.poll();
  EXPECT_EQ(calls, 1);
}

TEST(NextTurnTest, AskedFromItsCallItCallsAgain) {
  boost::asio::io_context io;
  int calls = 0;
  std::unique_ptr<NextTurn> next;
  next = std::make_unique<NextTurn>(io, [&] {
    if (++calls < 3) next->Ask();
  });
  next->Ask();
  io.poll();
  EXPECT_EQ(calls, 3);
}

TEST(NextTurnTest, DestroyedItCallsNothing) {
  boost::asio::io_context io;
  int calls = 0;
  {
    NextTurn next(io, [&] { ++calls; });
    next.Ask();
  }
  io.poll();
  EXPECT_EQ(calls, 0);
}

}  // namespace
}  // namespace cluster
