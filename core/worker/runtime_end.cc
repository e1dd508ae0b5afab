// Runtime: how a worker drains and ends, and what it writes last.
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/errno_status.h"
#include "core/base/status_macros.h"
#include "core/control/worker_exit.h"
#include "core/scoreboard/plugin_phase.h"
#include "core/worker/contract.h"
#include "core/worker/runtime.h"
#include "core/worker/thrown.h"
#include "ipc/archive.h"
#include "plugins/host/exit_code.h"

namespace cluster {
namespace {

// How often a draining worker looks whether the primary took the rest back.
constexpr uint64_t kDrainCheckUs = 5'000;
// How long a worker that has ended waits for room for its last messages. The
// primary makes some within two seconds, whoever does not read.
constexpr int64_t kLastMessagesMs = 5'000;
// What is queued for the end of a round and no longer waits for it.
constexpr size_t kWriteNowBytes = size_t{256} << 10;
constexpr uint64_t kNoDeadline = UINT64_MAX;

}  // namespace

// ---- Drain and end

void Runtime::OnSigterm(void* runtime) {
  auto* self = static_cast<Runtime*>(runtime);
  self->AskToEnd(/*at_once=*/false);
}

void Runtime::AskToEnd(bool at_once) {
  ends_at_once_ |= at_once;
  asked_to_end_ = true;
  if (at_once && stage_ == Stage::kDraining) return Stop(kWorkerExitOk);
  if (stage_ != Stage::kStarted) return;
  notice_due_ = true;
  if (!in_loop_) SendNotice();
}

void Runtime::SendNotice() {
  if (!std::exchange(notice_due_, false)) return;
  channel_.SendEmpty(FrameType::kDisconnect);
}

absl::Status Runtime::OnDrain(Frame frame) {
  ASSIGN_OR_RETURN(Drain drain, Decode<Drain>(frame.payload));
  if (stage_ == Stage::kDraining) {
    // It has less time than it was told before.
    drain_.deadline_ms = drain.deadline_ms;
    SetDrainDeadline(drain.deadline_ms);
    return absl::OkStatus();
  }
  asked_to_end_ = true;
  if (stage_ != Stage::kStarted || ends_at_once_) {
    Stop(kWorkerExitOk);
    return absl::OkStatus();
  }
  if (drain.listeners_close) {
    intake_->TakeBacklog([this] { return stage_ != Stage::kStopped; });
  }
  if (stage_ == Stage::kStopped) return absl::OkStatus();
  stage_ = Stage::kDraining;
  listeners_->SetStage(ListenerTable::Stage::kDraining);
  drain_ = std::move(drain);
  context_.WakeOnClose();
  SetDrainDeadline(drain_.deadline_ms);
  ContinueDrain();
  return absl::OkStatus();
}

void Runtime::SetDrainDeadline(uint64_t deadline_ms) {
  if (deadline_ms == kNoDeadline) return;
  if (drain_deadline_ != nullptr) loop_->CancelTimer(drain_deadline_);
  drain_deadline_ =
      loop_->StartTimer(deadline_ms * 1000, &Runtime::OnDrainDeadline, this);
}

void Runtime::ContinueDrain() {
  if (stage_ != Stage::kDraining) return;
  // A plugin that closes inside on_connection gets here.
  if (intake_->taking()) return;
  if (!intake_->StopDecided(drain_.sent)) {
    if (drain_check_ == nullptr) {
      drain_check_ =
          loop_->StartTimer(kDrainCheckUs, &Runtime::OnDrainCheck, this);
    }
    return;
  }
  // Nobody else tells it that its datagrams are the others' from now on.
  if (intake_->open_connections() > 0 || listeners_->has_datagrams()) {
    plugin_->Drain(drain_.deadline_ms, intake_->open_connections());
  }
  if (intake_->open_connections() == 0) Stop(kWorkerExitOk);
}

void Runtime::OnDrainCheck(void* runtime) {
  auto* self = static_cast<Runtime*>(runtime);
  self->drain_check_ = nullptr;
  self->ContinueDrain();
}

void Runtime::OnDrainDeadline(void* runtime) {
  auto* self = static_cast<Runtime*>(runtime);
  self->drain_deadline_ = nullptr;
  self->context_.Log(CLUSTER_LOG_WARNING,
                     absl::StrCat("drain deadline: ",
                                  self->intake_->open_connections(),
                                  " open connections are cut"));
  self->Stop(kWorkerExitOk);
}

void Runtime::EndByException(int code, const std::string& thrown) {
  const std::string where =
      DescribePhase(static_cast<uint32_t>(context_.contract().phase()),
                    context_.contract().plugin_name());
  SendLastWords(absl::StrCat("an exception came out ", where, ": ", thrown));
  // Frames and messages that come meanwhile are not for the plugin.
  stage_ = Stage::kStopped;
  context_.messenger().Close();
  WriteLastMessages();
  std::fflush(nullptr);
  // How it had failed before decides whether another worker is tried.
  _exit(exit_code_ == kWorkerExitOk ? code : exit_code_);
}

void Runtime::EndWithoutDescriptors(const std::string& call, int error) {
  const std::string who =
      context_.start().plugin_path.empty()
          ? "the program"
          : absl::StrCat("plugin ", context_.contract().plugin_name());
  // Not by the channel: its number may be anybody's by now.
  std::fprintf(stderr,
               "worker: %s has closed descriptors of the host's (%s: %s)\n",
               who.c_str(),
               call.c_str(),
               ErrnoName(error).c_str());
  std::fflush(nullptr);
  _exit(kWorkerExitNoDescriptors);
}

void Runtime::Fail(int code, std::string reason) {
  if (stage_ == Stage::kStopped) return;
  SendLastWords(std::move(reason));
  Stop(code);
}

void Runtime::SendLastWords(std::string reason) {
  if (reason.size() > kMaxWorkerTextBytes) reason.resize(kMaxWorkerTextBytes);
  channel_.Send(FrameType::kFailed, Failed{.reason = std::move(reason)});
}

void Runtime::Stop(int code) {
  stage_ = Stage::kStopped;
  exit_code_ = code;
  // The plugin's own loop learns it from dispatch(), which must be due then.
  if (!in_loop_) loop_->Post([](void*) {}, nullptr);
}

int Runtime::End() {
  ended_ = true;
  SetInLoop(true);
  if (intake_.has_value()) intake_->Stop();
  // Calls the plugin, which may send.
  const auto thrown = CatchThrown([&] {
    if (listeners_.has_value()) {
      listeners_->SetStage(ListenerTable::Stage::kStopped);
    }
    context_.messenger().Close();
    if (plugin_.has_value()) plugin_->End();
  });
  if (thrown) EndByException(kWorkerExitPluginThrew, *thrown);
  context_.SendPostedLines();
  WriteLastMessages();
  context_.messenger().EndSent();
  return exit_code_;
}

void Runtime::WriteLastMessages() {
  const Messenger& messenger = context_.messenger();
  // What was logged last still gets out; the primary reads as long as it lives.
  // Not by the loop: watches and posts of the plugin may be left in it.
  channel_.ConverseUntil([&] { return !messenger.holds_messages(); },
                         kLastMessagesMs);
}

void Runtime::Leave() {
  if (listeners_.has_value()) listeners_->CloseSockets();
  channel_.Close();
}

uint64_t Runtime::UnsentBytes() {
  // In the loop it would be written when the round ends: for so much that is
  // late.
  if (channel_.withheld_bytes() >= kWriteNowBytes) channel_.Flush();
  return channel_.queued_bytes() + context_.messenger().held_bytes();
}

void Runtime::FlushAtExit() {
  // What a fork() of the program's own ends is not the worker.
  if (!begun_ || ended_ || getpid() != pid_) return;
  context_.messenger().Close();
  WriteLastMessages();
}

}  // namespace cluster
