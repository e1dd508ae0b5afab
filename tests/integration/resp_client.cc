#include "tests/integration/resp_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "absl/time/time.h"
#include "tests/integration/scale.h"

namespace cluster {

RespClient::RespClient(uint16_t port)
    : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval limit = absl::ToTimeval(Deadline());
  const int on = 1;
  setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (connect(fd_.get(),
              reinterpret_cast<const sockaddr*>(&address),
              sizeof(address)) != 0) {
    fd_ = UniqueFd();
  }
}

void RespClient::Send(const std::vector<Request>& requests) {
  std::string bytes;
  for (const Request& request : requests) {
    bytes += "*" + std::to_string(request.size()) + "\r\n";
    for (const std::string& word : request) {
      bytes += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
    }
  }
  size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t n =
        send(fd_.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return;
    sent += n;
  }
}

RespReply RespClient::Ask(const Request& request) {
  Send({request});
  return Read();
}

RespReply RespClient::Read() {
  RespReply reply;
  std::string line;
  if (!ReadLine(&line) || line.empty()) return {};
  reply.kind = line[0];
  reply.text = line.substr(1);
  if (reply.kind != '$' && reply.kind != '*') return reply;
  const int64_t size = std::stoll(reply.text);
  reply.text.clear();
  if (size < 0) return {.kind = '_'};
  if (reply.kind == '$') {
    std::string bytes;
    if (!ReadBytes(size + 2, &bytes)) return {};
    reply.text = bytes.substr(0, size);
    return reply;
  }
  for (int64_t i = 0; i < size; ++i) {
    reply.elements.push_back(Read());
    if (reply.elements.back().broken()) return {};
  }
  return reply;
}

std::string RespClient::Info(const std::string& name) {
  const std::string text = "\r\n" + Ask({"INFO"}).text;
  const std::string mark = "\r\n" + name + ":";
  const size_t at = text.find(mark);
  if (at == std::string::npos) return "";
  const size_t begin = at + mark.size();
  return text.substr(begin, text.find('\r', begin) - begin);
}

bool RespClient::Fill() {
  char bytes[64 << 10];
  const ssize_t n = recv(fd_.get(), bytes, sizeof(bytes), 0);
  if (n <= 0) return false;
  buffer_.erase(0, position_);
  position_ = 0;
  buffer_.append(bytes, n);
  return true;
}

bool RespClient::ReadLine(std::string* line) {
  size_t end = 0;
  while ((end = buffer_.find("\r\n", position_)) == std::string::npos) {
    if (!Fill()) return false;
  }
  *line = buffer_.substr(position_, end - position_);
  position_ = end + 2;
  return true;
}

bool RespClient::ReadBytes(size_t size, std::string* bytes) {
  while (buffer_.size() - position_ < size) {
    if (!Fill()) return false;
  }
  *bytes = buffer_.substr(position_, size);
  position_ += size;
  return true;
}

}  // namespace cluster
