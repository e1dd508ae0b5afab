// RespClient: one client of resp_kv, over TCP. Blocking, with a limit on every
// wait, after which the connection counts as broken.
//
// Thread safety: none; a thread has clients of its own.
//
//   RespClient client(host.port());
//   EXPECT_EQ(client.Ask({"SET", "k", "v"}).text, "OK");
#ifndef TESTS_INTEGRATION_RESP_CLIENT_H_
#define TESTS_INTEGRATION_RESP_CLIENT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/unique_fd.h"

namespace cluster {

// What came. `kind` is RESP's first byte; a nil has kind '_', a connection that
// is broken '!'.
struct RespReply {
  char kind = '!';
  std::string text = "";  // of '+', '-', ':' and '$'
  std::vector<RespReply> elements = {};

  bool broken() const { return kind == '!'; }
  bool error() const { return kind == '-'; }
  // REQUIRES: kind is ':' or '$', and it is a number.
  int64_t number() const { return std::stoll(text); }
  bool operator==(const RespReply& other) const = default;
};

class RespClient {
 public:
  using Request = std::vector<std::string>;

  // Connects to 127.0.0.1:`port`.
  explicit RespClient(uint16_t port);

  // Sends requests in one piece. What fails shows when replies are read.
  void Send(const std::vector<Request>& requests);
  RespReply Read();
  RespReply Ask(const Request& request);

  // Returns the line `name`:VALUE of INFO; empty if there is none.
  std::string Info(const std::string& name);

 private:
  bool Fill();
  bool ReadLine(std::string* line);
  bool ReadBytes(size_t size, std::string* bytes);

  UniqueFd fd_;
  std::string buffer_;
  size_t position_ = 0;
};

}  // namespace cluster

#endif  // TESTS_INTEGRATION_RESP_CLIENT_H_
