#include "plugins/testing/fake_host.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <chrono>
#include <cstddef>
#include <thread>

#include "core/base/monotonic_clock.h"

namespace cluster {
namespace {

constexpr auto kPatience = std::chrono::seconds(10);

}  // namespace

FakeHost::FakeHost() {
  host_.size = sizeof(host_);
  host_.abi_major = CLUSTER_ABI_MAJOR;
  host_.abi_minor = CLUSTER_ABI_MINOR;
  host_.host_data = this;
  host_.get_service = &GetService;
  FakeListeners::of = &ListenersOf;
}

FakeHost::~FakeHost() = default;

cluster_status FakeHost::Run(const cluster_worker_plugin& table,
                             std::function<void()> client) {
  table_ = table;
  error_.size = sizeof(error_);
  cluster_status status = table_.create(&host_, &self_, &error_);
  if (status != CLUSTER_OK) return status;
  if (table_.start != nullptr) status = table_.start(self_, &error_);
  if (status == CLUSTER_OK) {
    std::thread thread([&] {
      client();
      loop_.End();
    });
    status = table_.run == nullptr
                 ? loop_.Run()
                 : loop_.RunIn([this] { return table_.run(self_); });
    // A plugin whose loop fails leaves its client waiting for answers.
    loop_.RunOut();
    thread.join();
  }
  loop_.RefusePosts();
  if (table_.stop != nullptr) table_.stop(self_);
  if (table_.destroy != nullptr) table_.destroy(self_);
  loop_.FreeEndedWatches();
  acceptor_.Clear();
  listeners_.Clear();
  return status == CLUSTER_STOPPED ? CLUSTER_OK : status;
}

void FakeHost::FireTimers() {
  OnLoop([this] { loop_.FireTimers(); });
}

UniqueFd FakeHost::Connect() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return UniqueFd();
  }
  Give(UniqueFd(ends[1]));
  return UniqueFd(ends[0]);
}

void FakeHost::Give(UniqueFd fd, uint8_t peer_family) {
  fcntl(fd.get(), F_SETFL, O_NONBLOCK);  // as accept4 would have made it
  OnLoop([&] {
    cluster_connection connection = {};
    connection.size = sizeof(connection);
    connection.fd = fd.Release();
    connection.peer.family = peer_family;
    connection.id = next_id_++;
    connection.accepted_ns = static_cast<uint64_t>(MonotonicNs());
    if (!acceptor_.Keep(connection)) Hand(connection);
  });
}

void FakeHost::Hand(const cluster_connection& connection) {
  Began(connection.id);
  table_.on_connection(self_, &connection);
}

void FakeHost::Drain(uint64_t deadline_ms) {
  OnLoop([&] {
    if (table_.drain != nullptr) table_.drain(self_, deadline_ms, open_.size());
  });
}

bool FakeHost::WaitForOpen(size_t count) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (open_count_ != count) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    OnLoop([] {});
    std::this_thread::yield();
  }
  return true;
}

std::string FakeHost::log() {
  const std::lock_guard lock(mu_);
  return log_;
}

void FakeHost::Began(uint64_t id) {
  open_.insert(id);
  open_count_ = open_.size();
}

void FakeHost::Ended(uint64_t id) {
  if (open_.erase(id) == 0) ++misreported_;
  open_count_ = open_.size();
}

}  // namespace cluster
