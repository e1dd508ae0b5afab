// ClientSet: many clients at once, on one epoll, each with one request.
//
// A client connects, sends the request and reads until the answer ends with the
// mark. It then stays connected until it is closed, or leaves at once if the
// set was told so. What became of it is its Outcome.
//
// Thread safety: none; a load beside the test gets a thread and a set of its
// own.
//
//   ClientSet clients({.port = host.port(), .request = "who\n"});
//   clients.Open(64);
//   ASSERT_TRUE(clients.AwaitSettled(64));
//   EXPECT_EQ(clients.count(End::kAnswered), 64u);
#ifndef TESTS_INTEGRATION_CLIENT_SET_H_
#define TESTS_INTEGRATION_CLIENT_SET_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/unique_fd.h"
#include "tests/integration/scale.h"

namespace cluster {

enum class End : uint8_t {
  kNone,      // still under way
  kAnswered,  // got a whole answer
  kEnded,     // the server closed before that
  kReset,     // likewise, by a reset
  kRefused,   // could not connect
};

struct Outcome {
  End end = End::kNone;
  std::string answer = "";
  absl::Time begin = absl::InfinitePast();        // when it began to connect
  absl::Duration latency = absl::ZeroDuration();  // from then to its end
};

// How the clients of a set behave.
struct ClientPlan {
  uint16_t port = 0;         // of 127.0.0.1
  std::string request = "";  // empty: nothing is sent
  std::string mark = "\n";   // ends an answer
  bool leave = false;        // close when answered
};

// Returns a connection to 127.0.0.1:`port`, none if it is refused.
UniqueFd ConnectTo(uint16_t port);

class ClientSet {
 public:
  explicit ClientSet(ClientPlan plan);

  // Begins `count` more clients.
  void Open(size_t count);
  // Closes one, whatever its state.
  void Close(size_t client);
  // Sends to one that is connected. Its outcome starts anew.
  void Ask(size_t client, absl::string_view request);

  // Waits until `count` clients in all are connected, or have ended.
  bool AwaitConnected(size_t count, absl::Duration limit = Deadline());
  // Waits until `count` clients in all have an end.
  bool AwaitSettled(size_t count, absl::Duration limit = Deadline());
  // Goes on for `length`, or until `done`.
  void RunFor(
      absl::Duration length,
      const std::function<bool()>& done = [] { return false; });

  const std::vector<Outcome>& outcomes() const { return outcomes_; }
  size_t count(End end) const;
  size_t settled() const { return settled_; }
  // True once a client's connection is closed, by either side.
  bool closed(size_t client) const { return !connections_[client].fd; }
  // The longest latency of those answered.
  absl::Duration slowest() const;
  // How many answers there were of each text.
  std::map<std::string, size_t> answers() const;

 private:
  struct Connection {
    UniqueFd fd;
    bool connected = false;
  };

  void Round(absl::Duration limit);
  bool Until(absl::FunctionRef<bool()> fact, absl::Duration limit);
  void OnReady(size_t client, uint32_t events);
  void OnConnected(size_t client);
  void Read(size_t client);
  void Settle(size_t client, End end);

  const ClientPlan plan_;
  UniqueFd epoll_;
  std::vector<Connection> connections_;  // by client
  std::vector<Outcome> outcomes_;        // by client
  size_t connected_ = 0;
  size_t settled_ = 0;
};

// Sends `total` requests, each on a connection of its own, `concurrent` at a
// time. Ends early when `stop` says so.
ClientSet RunLoad(
    ClientPlan plan,
    size_t total,
    size_t concurrent,
    const std::function<bool()>& stop = [] { return false; });

}  // namespace cluster

#endif  // TESTS_INTEGRATION_CLIENT_SET_H_
