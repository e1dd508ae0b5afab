// Session: one client, from its first byte to its end.
//
// It reads while there is room: a client that does not read its answers, or has
// many requests under way, is not read from until that changes. One whose
// answers take more memory than it may have is cut off.
//
// Thread safety: loop thread only.
// Lifetime: Owner owns it; it says when it has ended, and is then to be
// destroyed, but not before that call returns.
#ifndef PLUGINS_RESP_KV_SESSION_H_
#define PLUGINS_RESP_KV_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "plugins/resp_kv/answer_queue.h"
#include "plugins/resp_kv/dispatcher.h"
#include "plugins/resp_kv/local_commands.h"
#include "plugins/resp_kv/request_parser.h"
#include "plugins/sdk/connection.h"
#include "plugins/sdk/host.h"
#include "plugins/sdk/loop.h"
#include "plugins/sdk/result.h"

namespace cluster::resp_kv {

class Session {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    // Answers have come for it: call Flush() at the end of this round.
    virtual void OnAnswers(Session& session) = 0;
    virtual void OnEnd(Session& session) = 0;
  };

  Session(Owner& owner,
          Dispatcher& dispatcher,
          uint64_t max_output_bytes,
          sdk::Connection connection);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Begins to serve.
  sdk::Status Start(const sdk::Host& host);

  // Sends the answers that have come, and goes on.
  void Flush();

  // Ends as soon as nothing is under way. `at_once`: also if no request has
  // come yet.
  void Drain(bool at_once);

  // Closes the connection, whatever is under way, and says so. Once.
  void End();
  bool ended() const { return ended_; }

 private:
  static constexpr size_t kReadBytes = 64 << 10;
  static constexpr size_t kMaxUnsentBytes = 256 << 10;
  static constexpr size_t kMaxUnanswered = 1024;
  static constexpr size_t kMaxRequestBytes = 1 << 20;

  void OnReady(uint32_t events);
  bool Read();
  void Serve();
  bool ServeAll();  // false: it must end
  void ServeBuffered();
  bool Send();
  bool HasRoom() const;
  bool IsIdle() const;
  void Watch();

  size_t unsent() const { return output_.size() - sent_; }

  Owner& owner_;
  Dispatcher& dispatcher_;
  const uint64_t max_output_bytes_;
  sdk::Connection connection_;
  sdk::Watch watch_;  // ends before the connection
  RequestParser parser_;
  ClientState client_;
  std::string output_;
  size_t sent_ = 0;      // of it
  uint32_t events_ = 0;  // asked for
  bool starved_ = true;  // the parser needs more
  bool fresh_ = true;    // no request yet
  bool peer_done_ = false;
  bool draining_ = false;
  bool serving_ = false;    // within Serve()
  bool flush_due_ = false;  // the owner knows of answers
  bool ended_ = false;
  AnswerQueue answers_;
};

}  // namespace cluster::resp_kv

#endif  // PLUGINS_RESP_KV_SESSION_H_
