#include "tests/integration/client_set.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "absl/strings/match.h"
#include "absl/time/clock.h"

namespace cluster {
namespace {

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int Connect(int fd, uint16_t port) {
  const sockaddr_in address = Loopback(port);
  return connect(
      fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
}

}  // namespace

UniqueFd ConnectTo(uint16_t port) {
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return Connect(fd.get(), port) == 0 ? std::move(fd) : UniqueFd();
}

ClientSet::ClientSet(ClientPlan plan)
    : plan_(std::move(plan)), epoll_(epoll_create1(EPOLL_CLOEXEC)) {}

void ClientSet::Open(size_t count) {
  for (size_t i = 0; i < count; ++i) {
    const size_t client = connections_.size();
    UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) std::perror("socket");
    outcomes_.push_back({.begin = absl::Now()});
    epoll_event event = {.events = EPOLLOUT, .data = {.u64 = client}};
    epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event);
    const int result = Connect(fd.get(), plan_.port);
    connections_.push_back({.fd = std::move(fd)});
    if (result != 0 && errno != EINPROGRESS) {
      ++connected_;
      Settle(client, End::kRefused);
    }
  }
}

void ClientSet::Close(size_t client) {
  if (outcomes_[client].end == End::kNone) Settle(client, End::kEnded);
  connections_[client].fd.Reset();
}

void ClientSet::Ask(size_t client, absl::string_view request) {
  if (outcomes_[client].end != End::kNone) {
    --settled_;
    epoll_event event = {.events = EPOLLIN, .data = {.u64 = client}};
    const int fd = connections_[client].fd.get();
    epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
  }
  outcomes_[client] = {.begin = absl::Now()};
  (void)!send(connections_[client].fd.get(),
              request.data(),
              request.size(),
              MSG_NOSIGNAL);
}

// ---- Waiting

bool ClientSet::Until(absl::FunctionRef<bool()> fact, absl::Duration limit) {
  const absl::Time end = absl::Now() + limit;
  while (!fact()) {
    const absl::Time now = absl::Now();
    if (now >= end) return false;
    Round(end - now);
  }
  return true;
}

bool ClientSet::AwaitConnected(size_t count, absl::Duration limit) {
  return Until([&] { return connected_ >= count; }, limit);
}

bool ClientSet::AwaitSettled(size_t count, absl::Duration limit) {
  return Until([&] { return settled_ >= count; }, limit);
}

void ClientSet::RunFor(absl::Duration length,
                       const std::function<bool()>& done) {
  Until(done, length);
}

void ClientSet::Round(absl::Duration limit) {
  std::array<epoll_event, 256> events;
  const auto wait_ms = static_cast<int>(absl::ToInt64Milliseconds(limit)) + 1;
  const int count =
      epoll_wait(epoll_.get(), events.data(), events.size(), wait_ms);
  for (int i = 0; i < count; ++i) {
    OnReady(events[i].data.u64, events[i].events);
  }
}

// ---- One client

void ClientSet::OnReady(size_t client, uint32_t events) {
  if (!connections_[client].connected) {
    OnConnected(client);
  } else {
    Read(client);
  }
}

void ClientSet::OnConnected(size_t client) {
  Connection& connection = connections_[client];
  connection.connected = true;
  ++connected_;
  int error = 0;
  socklen_t length = sizeof(error);
  getsockopt(connection.fd.get(), SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0) {
    return Settle(client, error == ECONNREFUSED ? End::kRefused : End::kReset);
  }
  epoll_event event = {.events = EPOLLIN, .data = {.u64 = client}};
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, connection.fd.get(), &event);
  if (plan_.request.empty()) return;
  (void)!send(connection.fd.get(),
              plan_.request.data(),
              plan_.request.size(),
              MSG_NOSIGNAL);
}

void ClientSet::Read(size_t client) {
  std::array<char, 4096> buffer;
  const ssize_t count =
      recv(connections_[client].fd.get(), buffer.data(), buffer.size(), 0);
  if (count < 0 && errno == EAGAIN) return;
  if (count < 0) return Settle(client, End::kReset);
  if (count == 0) return Settle(client, End::kEnded);
  std::string& answer = outcomes_[client].answer;
  answer.append(buffer.data(), static_cast<size_t>(count));
  if (absl::EndsWith(answer, plan_.mark)) Settle(client, End::kAnswered);
}

void ClientSet::Settle(size_t client, End end) {
  Outcome& outcome = outcomes_[client];
  outcome.end = end;
  outcome.latency = absl::Now() - outcome.begin;
  ++settled_;
  UniqueFd& fd = connections_[client].fd;
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd.get(), nullptr);
  if (end != End::kAnswered || plan_.leave) fd.Reset();
}

// ---- All of them

size_t ClientSet::count(End end) const {
  return static_cast<size_t>(
      std::count_if(outcomes_.begin(), outcomes_.end(), [&](const auto& each) {
        return each.end == end;
      }));
}

absl::Duration ClientSet::slowest() const {
  absl::Duration slowest = absl::ZeroDuration();
  for (const Outcome& outcome : outcomes_) {
    if (outcome.end == End::kAnswered) {
      slowest = std::max(slowest, outcome.latency);
    }
  }
  return slowest;
}

std::map<std::string, size_t> ClientSet::answers() const {
  std::map<std::string, size_t> answers;
  for (const Outcome& outcome : outcomes_) {
    if (outcome.end == End::kAnswered) ++answers[outcome.answer];
  }
  return answers;
}

ClientSet RunLoad(ClientPlan plan,
                  size_t total,
                  size_t concurrent,
                  const std::function<bool()>& stop) {
  plan.leave = true;
  ClientSet clients(std::move(plan));
  clients.Open(std::min(concurrent, total));
  const absl::Time end = absl::Now() + Deadline();
  size_t opened = clients.outcomes().size();
  while (opened < total && !stop() && absl::Now() < end) {
    if (!clients.AwaitSettled(opened - concurrent + 1)) break;
    const size_t more =
        std::min(total - opened, clients.settled() + concurrent - opened);
    clients.Open(more);
    opened += more;
  }
  clients.AwaitSettled(opened, end - absl::Now());
  return clients;
}

}  // namespace cluster
