#include "tests/integration/running_primary.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "absl/time/clock.h"
#include "core/primary/messages/message_payload.h"
#include "core/primary/primary_options.h"
#include "core/primary/workers/replacement.h"
#include "core/primary/workers/worker_spec.h"
#include "ipc/listener.h"
#include "tests/integration/scale.h"

namespace cluster {
namespace {

absl::Duration ThreadTime() {
  timespec now = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return absl::DurationFromTimespec(now);
}

}  // namespace

RunningPrimary::RunningPrimary(const std::string& plugin,
                               uint32_t workers,
                               Config config) {
  // A peer that has gone is an error of its socket.
  signal(SIGPIPE, SIG_IGN);
  UniqueFd listener = *OpenListener(*ParseListenAddress("127.0.0.1:0"));
  address_ = *LocalAddress(listener.get());
  PrimaryOptions options;
  options.sockets.push_back(std::move(listener));
  options.drain_timeout = absl::Seconds(30);
  options.kill_at_end = true;
  WorkerSpec program = {.name = plugin, .config = std::move(config)};
  program.plugin_path =
      std::filesystem::current_path() / "tests/plugins" / (plugin + ".so");
  plugin_file_.Reset(open(program.plugin_path.c_str(), O_RDONLY | O_CLOEXEC));
  program.plugin_file = plugin_file_.get();
  options.replacement = {
      .program = std::move(program), .workers = workers, .restarts = 100};
  PrimaryObserver& observer = *this;
  primary_ = std::make_unique<Primary>(io_, std::move(options), observer);
  const absl::Status status = primary_->Start();
  EXPECT_TRUE(status.ok()) << status;
  mailbox().Open();
}

// Drained and not killed, so that leaks of workers are found, too.
RunningPrimary::~RunningPrimary() {
  primary_->Drain();
  const PrimaryEnd end = primary_->Run();
  EXPECT_EQ(end.kind, PrimaryEnd::Kind::kDrained) << end.reason;
}

void RunningPrimary::OnEvent(const WorkerEvent& event) {
  if (event.kind == WorkerEventKind::kFork) pids_[event.worker_id] = event.pid;
  if (event.kind == WorkerEventKind::kListening) ++listening_;
  if (event.kind == WorkerEventKind::kExit) exited_.push_back(event.worker_id);
}

void RunningPrimary::OnTrouble(absl::string_view text) {
  troubles_.emplace_back(text);
}

bool RunningPrimary::RunUntil(absl::FunctionRef<bool()> fact) {
  const absl::Time end = absl::Now() + Deadline();
  while (!fact()) {
    if (absl::Now() > end) return false;
    const absl::Duration before = ThreadTime();
    io_.run_one_for(std::chrono::milliseconds(10));
    longest_turn_ = std::max(longest_turn_, ThreadTime() - before);
  }
  return true;
}

bool RunningPrimary::AwaitListening(size_t count) {
  return RunUntil([&] { return listening_ >= count; });
}

bool RunningPrimary::AwaitExit(uint32_t worker) {
  return RunUntil(
      [&] { return std::count(exited_.begin(), exited_.end(), worker) > 0; });
}

void RunningPrimary::AskLater(uint32_t worker,
                              const std::string& text,
                              std::unique_ptr<Reply>* reply,
                              std::vector<UniqueFd> fds) {
  const absl::Status status = mailbox().Request(
      worker,
      MessagePayload(absl::string_view(text)),
      absl::InfiniteDuration(),
      [reply](absl::StatusOr<MailboxMessage> message) {
        EXPECT_EQ(*reply, nullptr) << "once";
        *reply = std::make_unique<Reply>();
        (*reply)->status = message.status();
        if (!message.ok()) return;
        (*reply)->text.assign(
            reinterpret_cast<const char*>(message->bytes.data()),
            message->bytes.size());
        (*reply)->fds = std::move(message->fds);
      },
      {.fds = std::move(fds), .done = nullptr});
  EXPECT_TRUE(status.ok()) << status;
}

RunningPrimary::Reply RunningPrimary::Ask(uint32_t worker,
                                          const std::string& text,
                                          std::vector<UniqueFd> fds) {
  std::unique_ptr<Reply> reply;
  AskLater(worker, text, &reply, std::move(fds));
  if (!RunUntil([&] { return reply != nullptr; })) {
    ADD_FAILURE() << "no reply to " << text.substr(0, 64);
    std::abort();  // the reply would be written into this frame
  }
  return std::move(*reply);
}

}  // namespace cluster
