#include "tools/bench/messages/handoff_clients.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <utility>

#include "core/base/unique_fd.h"

namespace cluster {
namespace {

// Nanoseconds that a thread waited for a CPU (sched-stats.rst of the kernel).
double WaitedNsOf(pid_t tid) {
  std::ifstream file("/proc/" + std::to_string(tid) + "/schedstat");
  double ran = 0, waited = 0;
  file >> ran >> waited;
  return waited;
}

void PrintTail(const char* prefix, std::vector<double>& us) {
  if (us.empty()) return;
  std::sort(us.begin(), us.end());
  std::printf(", \"%sp99_us\": %.1f, \"%smax_us\": %.1f",
              prefix,
              us[us.size() * 99 / 100],
              prefix,
              us.back());
}

}  // namespace

HandoffClients::HandoffClients(uint16_t port,
                               std::vector<pid_t> workers,
                               std::function<void()> ended)
    : port_(port),
      workers_(std::move(workers)),
      ended_(std::move(ended)),
      answered_(workers_.size()),
      thread_([this] { Run(); }) {}

void HandoffClients::Run() {
  while (!over_) {
    const double waited_us = WaitedForCpuUs();
    double us = 0;
    const int who = ConnectOnce(&us);
    if (who < 0 || who >= std::ssize(answered_)) continue;
    all_us_.push_back(us);
    answered_[who].us.push_back(us);
    answered_[who].run_us.push_back(us - (WaitedForCpuUs() - waited_us));
  }
  ended_();
}

double HandoffClients::WaitedForCpuUs() const {
  double ns = WaitedNsOf(getpid()) + WaitedNsOf(gettid());
  for (const pid_t worker : workers_) ns += WaitedNsOf(worker);
  return ns / 1000;
}

int HandoffClients::ConnectOnce(double* us) const {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin = Clock::now();
  const UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  char text[8] = "";
  if (connect(fd.get(),
              reinterpret_cast<const sockaddr*>(&address),
              sizeof(address)) != 0 ||
      recv(fd.get(), text, sizeof(text), 0) <= 0) {
    std::fprintf(stderr, "a connection failed\n");
  }
  *us = std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
  return text[0] - '1';
}

void HandoffClients::PrintWorkers() {
  const char* before = "";
  std::printf("[");
  for (Answered& answered : answered_) {
    std::printf(
        "%s{\"count\": %zu", std::exchange(before, ", "), answered.us.size());
    PrintTail("", answered.us);
    PrintTail("run_", answered.run_us);
    std::printf("}");
  }
  std::printf("]");
}

}  // namespace cluster
