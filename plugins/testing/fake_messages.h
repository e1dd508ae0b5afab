// FakeMessages: cluster.message/1 of a FakeHost. The test plays the other
// workers: it delivers messages, looks at what the plugin sent, and answers.
//
//   host.Run(plugin.table, [&] {
//     host.messages().Deliver({.payload = "drop 17"});
//     const uint64_t request = host.messages().Ask({.payload = "how many?"});
//     const FakeMessages::Sent sent = host.messages().AwaitSent();
//     EXPECT_EQ(sent.answers, request);
//   });
#ifndef PLUGINS_TESTING_FAKE_MESSAGES_H_
#define PLUGINS_TESTING_FAKE_MESSAGES_H_

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/unique_fd.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {

class FakeHost;

class FakeMessages {
 public:
  // What another worker sends.
  struct Incoming {
    std::string payload = {};
    uint32_t from_worker = 1;
    uint32_t from_slot = 0;
    std::vector<UniqueFd> fds = {};
  };
  // What the plugin sent. `request` is not 0 if it waits for a reply, `answers`
  // if it is the reply to what Ask() returned; `to` is then 0.
  struct Sent {
    uint32_t to = 0;  // CLUSTER_TO_*
    uint32_t number = 0;
    std::string payload = {};
    std::vector<UniqueFd> fds = {};
    uint64_t request = 0;
    uint64_t timeout_ms = 0;
    uint64_t answers = 0;
  };

  explicit FakeMessages(FakeHost& host) : host_(host) {}

  // ---- What the others do. [any-thread, during Run]

  // Returns when the plugin's callback has; at once if it has set none.
  void Deliver(Incoming message);
  // The same for a request. Returns the number that the plugin sees.
  uint64_t Ask(Incoming message);
  // Answers a request of the plugin's, or fails it with CLUSTER_E_*. Does
  // nothing if it is not open.
  void Answer(uint64_t request, Incoming reply);
  void Fail(uint64_t request, cluster_status status);

  // ---- What the plugin did. [any-thread]

  // Returns the oldest that was not returned before. Waits for it up to 10 s;
  // then `to` and `answers` are 0.
  Sent AwaitSent();
  size_t sent_count();

  // What on_message, send, request and reply return from now on, if not
  // CLUSTER_OK: they then do nothing.
  void set_outcome(cluster_status outcome);

  static const cluster_message_v1& table();

 private:
  struct Calls;
  friend struct Calls;
  struct Waiting {
    void (*replied)(void*, cluster_status, const cluster_message*);
    void* ctx;
  };

  void Receive(uint64_t request, Incoming message);
  void ReceiveKept();
  void Finish(uint64_t request, cluster_status status, Incoming* reply);
  cluster_status outcome();
  cluster_status Keep(const cluster_outgoing* message, Sent sent);

  FakeHost& host_;
  // The loop thread's.
  void (*received_)(void*, const cluster_message*) = nullptr;
  void* ctx_ = nullptr;
  std::deque<std::pair<uint64_t, Incoming>> kept_;
  std::map<uint64_t, Waiting> waiting_;
  std::set<uint64_t> asked_;  // not answered yet
  uint64_t next_number_ = 1;

  std::mutex mu_;
  std::condition_variable changed_;
  std::deque<Sent> sent_;                // guarded by mu_
  cluster_status outcome_ = CLUSTER_OK;  // guarded by mu_
};

}  // namespace cluster

#endif  // PLUGINS_TESTING_FAKE_MESSAGES_H_
