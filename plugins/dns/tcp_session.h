// TcpSession: the questions of one TCP connection, each after its length in two
// bytes (RFC 1035, 4.2.2), any number one after the other (RFC 7766).
//
// While its client does not read the answers it reads no more questions.
//
// Thread safety: loop thread only. Lifetime: `responder` must outlive it.
#ifndef PLUGINS_DNS_TCP_SESSION_H_
#define PLUGINS_DNS_TCP_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "plugins/dns/responder.h"
#include "plugins/sdk/connection.h"
#include "plugins/sdk/host.h"
#include "plugins/sdk/loop.h"
#include "plugins/sdk/result.h"

namespace cluster::dns {

class TcpSession {
 public:
  TcpSession(sdk::Connection connection, const Responder& responder)
      : connection_(std::move(connection)), responder_(responder) {}
  TcpSession(const TcpSession&) = delete;
  TcpSession& operator=(const TcpSession&) = delete;

  // Begins to answer. `ended` is called when it is over; destroy it then, or
  // from within. Errors: as Host::StartWatch.
  sdk::Status Start(const sdk::Host& host, std::function<void()> ended);

  // Reads no more; it ends when its answers are written. True: it is over.
  bool Drain();

  // True if nothing came or went since the last call.
  bool IsIdle();

 private:
  void OnReady(uint32_t events);
  // False: the connection is of no use any more.
  bool Read();
  bool Write();
  // Answers the whole questions in `in_`, while there is room for answers.
  // False: the client does not speak DNS.
  bool AnswerAll();
  size_t unsent() const { return out_.size() - sent_; }
  void UpdateWatch();

  sdk::Connection connection_;
  const Responder& responder_;
  std::function<void()> ended_;
  sdk::Watch watch_;  // ends before the connection is closed
  uint32_t events_ = CLUSTER_READABLE;
  std::string in_;
  std::string out_;
  size_t sent_ = 0;  // of out_
  bool reads_ = true;
  bool active_ = true;
};

}  // namespace cluster::dns

#endif  // PLUGINS_DNS_TCP_SESSION_H_
