// Session: one connection, from its first byte to its end.
//
// Requests are answered in the order they came, one at a time; nothing is read
// while an answer is sent, so a client that does not read costs a watch and an
// open file. A turn of the loop sends a bounded amount.
//
// Thread safety: loop thread only.
// Lifetime: the owner destroys it when a function returns false. `context`
// outlives it.
//
//   Session session(context, std::move(connection));
//   session.Start(host, [&](uint32_t) { if (!session.OnReady()) Remove(); });
#ifndef PLUGINS_STATIC_FILES_SESSION_H_
#define PLUGINS_STATIC_FILES_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "plugins/sdk/connection.h"
#include "plugins/sdk/host.h"
#include "plugins/sdk/loop.h"
#include "plugins/sdk/result.h"
#include "plugins/static_files/request_reader.h"
#include "plugins/static_files/responder.h"
#include "plugins/static_files/transmission.h"

namespace cluster::static_files {

// What the sessions of a worker share. Times are in seconds.
struct SessionContext {
  Responder& responder;
  uint32_t keepalive_timeout_s = 0;
  uint32_t header_timeout_s = 0;
  uint32_t send_timeout_s = 0;
  uint64_t now_s = 0;  // counts up
  bool draining = false;
};

class Session {
 public:
  Session(const SessionContext& context, sdk::Connection connection);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Has `ready` called whenever OnReady() has something to do, and `lost` when
  // that has thrown: the connection is closed then.
  sdk::Status Start(const sdk::Host& host,
                    sdk::Watch::Ready ready,
                    std::function<void()> lost);

  // Reads, answers, sends. Returns whether the connection goes on.
  [[nodiscard]] bool OnReady();

  // A second has passed, or draining started. Returns whether the connection
  // goes on.
  [[nodiscard]] bool OnSecond();

 private:
  enum class State : uint8_t { kReading, kSending, kLingering };

  static constexpr size_t kReadBytes = 16 << 10;
  static constexpr int kRequestsPerTurn = 16;
  static constexpr uint64_t kFirstRequestSeconds = 1;
  static constexpr uint64_t kLingerSeconds = 2;
  static constexpr size_t kMaxLingerBytes = 64 << 10;

  bool Read();
  bool Serve();
  // Makes an answer to what has arrived. Returns whether there is one.
  bool Prepare();
  void StartSending(Response response);
  bool End();
  bool Linger();
  bool WaitFor(uint32_t events);
  bool idle() const;
  bool overdue() const;

  const SessionContext& context_;
  sdk::Connection connection_;
  sdk::Watch watch_;  // ends before the connection is closed
  uint32_t events_ = CLUSTER_READABLE;

  State state_ = State::kReading;
  RequestReader reader_;
  std::string unread_;  // arrived, and not used by reader_
  Transmission out_;
  uint64_t since_s_ = 0;  // the state's beginning, or its last progress
  size_t lingered_bytes_ = 0;
  bool fresh_ = true;           // no request yet
  bool more_may_come_ = false;  // though it is not wanted
};

}  // namespace cluster::static_files

#endif  // PLUGINS_STATIC_FILES_SESSION_H_
