#include "core/worker/runtime.h"

#include <sys/epoll.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/errno_status.h"
#include "core/base/status_macros.h"
#include "core/control/worker_exit.h"
#include "ipc/archive.h"
#include "plugins/host/exit_code.h"
#include "plugins/host/plugin_loader.h"

namespace cluster {
namespace {

// Out of descriptors, a worker tries again after this, if no connection ended.
constexpr uint64_t kResumeUs = 50'000;
// How often a draining worker looks whether the primary took the rest back.
constexpr uint64_t kDrainCheckUs = 5'000;
constexpr uint64_t kNoDeadline = UINT64_MAX;

cluster_error EmptyError() {
  cluster_error error = {};
  error.size = sizeof(error);
  return error;
}

std::string MessageOf(const cluster_error& error) {
  const size_t length = strnlen(error.message, sizeof(error.message));
  return length == 0 ? "it gave no reason" : std::string(error.message, length);
}

}  // namespace

Runtime::Runtime(UniqueFd channel, std::unique_ptr<Loop> loop)
    : loop_(std::move(loop)),
      channel_(std::move(channel)),
      services_(
          *loop_,
          [this](int level, std::string text) { Log(level, std::move(text)); },
          [this] { return Dispatch(); }) {
  services_.OnClosed([this] {
    TellRoom();
    if (stage_ == Stage::kDraining) ContinueDrain();
  });
}

Runtime::~Runtime() = default;

int Runtime::Run() {
  const absl::StatusOr<Loop::Watch*> watch =
      loop_->Add(channel_.fd(), EPOLLIN, &Runtime::OnChannel, this);
  if (!watch.ok()) {
    std::fprintf(stderr, "worker: %s\n", watch.status().ToString().c_str());
    return kWorkerExitInternal;
  }
  channel_watch_ = *watch;
  SendEmpty(FrameType::kOnline);
  FlushChannel();
  while (stage_ != Stage::kStopped) {
    if (stage_ == Stage::kStarted && plugin_.run != nullptr) {
      const cluster_status status = plugin_.run(self_);
      if (stage_ != Stage::kStopped) {
        Fail(kExitPluginLoopEnded,
             absl::StrCat("the plugin's run() returned ",
                          status,
                          " before the worker was told to stop"));
      }
      break;
    }
    loop_->RunOnce();
    FlushChannel();
  }
  return End();
}

cluster_status Runtime::Dispatch() {
  if (stage_ == Stage::kStopped) return CLUSTER_STOPPED;
  loop_->Dispatch();
  FlushChannel();
  return stage_ == Stage::kStopped ? CLUSTER_STOPPED : CLUSTER_OK;
}

// ---- The control channel

void Runtime::OnChannel(void* runtime, uint32_t events) {
  auto* self = static_cast<Runtime*>(runtime);
  if ((events & EPOLLOUT) != 0) self->FlushChannel();
  if ((events & ~uint32_t{EPOLLOUT}) == 0) return;
  const absl::Status status = self->channel_.OnReadable(
      [self](Frame frame) { self->OnFrame(std::move(frame)); });
  if (status.ok() || self->stage_ == Stage::kStopped) return;
  if (absl::IsOutOfRange(status)) {
    // The primary is gone: so is the reason to live.
    self->Stop(kWorkerExitOk);
  } else {
    std::fprintf(
        stderr, "worker: control channel: %s\n", status.ToString().c_str());
    self->Stop(kWorkerExitProtocol);
  }
}

void Runtime::OnFrame(Frame frame) {
  if (stage_ == Stage::kStopped) return;
  absl::Status status;
  switch (static_cast<FrameType>(frame.type)) {
    case FrameType::kStart:
      status = OnStart(std::move(frame));
      break;
    case FrameType::kListenReply:
      status = OnListenReply(std::move(frame));
      break;
    case FrameType::kDrain:
      status = OnDrain(std::move(frame));
      break;
    default:
      status = absl::DataLossError(
          absl::StrCat("unexpected frame of type ", frame.type));
  }
  if (!status.ok()) Fail(kWorkerExitProtocol, std::string(status.message()));
}

void Runtime::FlushChannel() {
  if (!channel_.wants_write() && !channel_wants_write_) return;
  // An error is an end of stream too; reading tells which.
  (void)channel_.Flush();
  if (channel_.wants_write() == channel_wants_write_) return;
  channel_wants_write_ = channel_.wants_write();
  (void)loop_->Modify(channel_watch_,
                      EPOLLIN | (channel_wants_write_ ? EPOLLOUT : 0u));
}

template <class Message>
void Runtime::Send(FrameType type, const Message& message) {
  channel_.Send(static_cast<uint16_t>(type), Encode(message));
}

void Runtime::SendEmpty(FrameType type) {
  channel_.Send(static_cast<uint16_t>(type), {});
}

void Runtime::Log(int level, std::string text) {
  Send(FrameType::kLog,
       LogLine{.level = static_cast<uint8_t>(level), .text = std::move(text)});
}

// ---- Start

absl::Status Runtime::OnStart(Frame frame) {
  if (memory_.has_value()) return absl::DataLossError("a second Start");
  if (frame.fds.size() != 2) {
    return absl::DataLossError("Start without its two descriptors");
  }
  ASSIGN_OR_RETURN(Start start, Decode<Start>(frame.payload));
  if (start.listener_count > kMaxListeners) {
    return absl::DataLossError("Start with too many listeners");
  }
  ASSIGN_OR_RETURN(memory_, SlotMemory::Map(std::move(frame.fds[1])));
  SlotPage& page = memory_->page();
  started_before_ = page.started.load();
  completed_before_ = page.completed.load();
  const UniqueFd plugin_file = std::move(frame.fds[0]);
  const std::string path = start.plugin_path;
  services_.Configure(std::move(start), page);

  const absl::StatusOr<LoadedPlugin> loaded =
      LoadPlugin(plugin_file.get(), path, HostServices::Ids());
  if (!loaded.ok()) {
    Fail(kExitPluginIncompatible, std::string(loaded.status().message()));
    return absl::OkStatus();
  }
  plugin_ = loaded->table;
  return StartPlugin();
}

absl::Status Runtime::StartPlugin() {
  cluster_error error = EmptyError();
  cluster_status status = plugin_.create(services_.host(), &self_, &error);
  if (status != CLUSTER_OK) {
    Fail(ExitCodeOf(status),
         absl::StrCat("the plugin's create failed: ", MessageOf(error)));
    return absl::OkStatus();
  }
  created_ = true;
  if (plugin_.start != nullptr) {
    error = EmptyError();
    status = plugin_.start(self_, &error);
    if (status != CLUSTER_OK) {
      Fail(ExitCodeOf(status),
           absl::StrCat("the plugin's start failed: ", MessageOf(error)));
      return absl::OkStatus();
    }
  }
  stage_ = Stage::kStarted;
  for (uint32_t i = 0; i < services_.start().listener_count; ++i) {
    Send(FrameType::kListen, ListenRequest{.listener = i});
  }
  return absl::OkStatus();
}

// ---- Listening

absl::Status Runtime::OnListenReply(Frame frame) {
  ASSIGN_OR_RETURN(const ListenReply reply, Decode<ListenReply>(frame.payload));
  if (stage_ != Stage::kStarted) return absl::OkStatus();  // draining already
  if (reply.error != 0) {
    Fail(kWorkerExitInternal,
         absl::StrCat("cannot listen: ", ErrnoName(reply.error)));
    return absl::OkStatus();
  }
  if (frame.fds.size() != 1 ||
      reply.listener >= services_.start().listener_count) {
    return absl::DataLossError("malformed ListenReply");
  }
  auto listening = std::make_unique<Listening>();
  listening->runtime = this;
  listening->index = reply.listener;
  SlotPage& page = memory_->page();
  if (reply.data_path == DataPath::kHandoff) {
    listening->acceptor = std::make_unique<HandoffAcceptor>(
        reply.listener, std::move(frame.fds[0]), page);
  } else {
    listening->acceptor =
        std::make_unique<SharedAcceptor>(reply.listener,
                                         std::move(frame.fds[0]),
                                         page,
                                         services_.start().worker_id);
  }
  Watch(*listening);
  listening_.push_back(std::move(listening));
  if (stage_ == Stage::kStarted) {
    Send(FrameType::kListening, cluster::Listening{.listener = reply.listener});
  }
  return absl::OkStatus();
}

void Runtime::Watch(Listening& listening) {
  const absl::StatusOr<Loop::Watch*> watch =
      loop_->Add(listening.acceptor->fd(),
                 listening.acceptor->epoll_events(),
                 &Runtime::OnAcceptor,
                 &listening);
  if (watch.ok()) {
    listening.watch = *watch;
  } else {
    Fail(kWorkerExitInternal, watch.status().ToString());
  }
}

void Runtime::Unwatch(Listening& listening) {
  if (listening.watch != nullptr) {
    loop_->Remove(std::exchange(listening.watch, nullptr));
  }
  if (listening.resume_timer != nullptr) {
    loop_->CancelTimer(std::exchange(listening.resume_timer, nullptr));
  }
}

void Runtime::OnAcceptor(void* listening, uint32_t) {
  auto* self = static_cast<Listening*>(listening);
  self->runtime->Accept(*self);
}

void Runtime::OnResume(void* listening) {
  auto* self = static_cast<Listening*>(listening);
  self->resume_timer = nullptr;
  self->runtime->Watch(*self);
}

void Runtime::Accept(Listening& listening) {
  taking_ = true;
  const absl::Status status =
      listening.acceptor->Take([this](IncomingConnection connection) {
        GiveToPlugin(std::move(connection));
      });
  taking_ = false;
  TellRoom();
  if (status.ok()) {
    if (stage_ == Stage::kDraining) ContinueDrain();
    return;
  }
  if (absl::IsResourceExhausted(status) || ErrnoOf(status) != 0) {
    // Level-triggered: watching on would spin. The others take over.
    Unwatch(listening);
    listening.resume_timer =
        loop_->StartTimer(kResumeUs, &Runtime::OnResume, &listening);
    Log(CLUSTER_LOG_WARNING, std::string(status.message()));
  } else if (absl::IsOutOfRange(status)) {
    Unwatch(listening);  // the primary is about to tell why, or is gone
  } else {
    Fail(kWorkerExitProtocol, std::string(status.message()));
  }
}

void Runtime::GiveToPlugin(IncomingConnection connection) {
  cluster_connection given = {
      .size = sizeof(cluster_connection),
      .fd = connection.fd.Release(),
      .id = connection.id,
      .accepted_ns = static_cast<uint64_t>(connection.accepted_ns),
      .listener = connection.listener,
      .reserved = 0,
      .peer = {}};
  static_assert(sizeof(given.peer) == sizeof(connection.peer));
  std::memcpy(&given.peer, &connection.peer, sizeof(given.peer));
  plugin_.on_connection(self_, &given);
}

void Runtime::TellRoom() {
  if (!memory_.has_value()) return;
  std::atomic<uint32_t>& wanted = memory_->page().wanted;
  if (wanted.load() == 0) return;
  if (wanted.exchange(0) != 0) SendEmpty(FrameType::kRoom);
}

// ---- Drain and end

absl::Status Runtime::OnDrain(Frame frame) {
  ASSIGN_OR_RETURN(const Drain drain, Decode<Drain>(frame.payload));
  if (stage_ == Stage::kDraining) return absl::OkStatus();
  if (stage_ != Stage::kStarted) {
    Stop(kWorkerExitOk);
    return absl::OkStatus();
  }
  stage_ = Stage::kDraining;
  drain_deadline_ms_ = drain.deadline_ms;
  services_.WakeOnClose();
  if (drain.deadline_ms != kNoDeadline) {
    drain_deadline_ = loop_->StartTimer(
        drain.deadline_ms * 1000, &Runtime::OnDrainDeadline, this);
  }
  for (const auto& listening : listening_) {
    if (listening->index < drain.sent.size()) {
      listening->sent = drain.sent[listening->index];
    }
  }
  ContinueDrain();
  return absl::OkStatus();
}

void Runtime::ContinueDrain() {
  // A plugin that closes inside on_connection gets here from within Take().
  if (taking_) return;
  bool all_came = true;
  for (const auto& listening : listening_) {
    if (listening->acceptor == nullptr) continue;
    if (listening->acceptor->DecidedUpTo(listening->sent)) {
      Unwatch(*listening);
      listening->acceptor.reset();
    } else {
      all_came = false;
    }
  }
  if (!all_came) {
    if (drain_check_ == nullptr) {
      drain_check_ =
          loop_->StartTimer(kDrainCheckUs, &Runtime::OnDrainCheck, this);
    }
    return;
  }
  if (!plugin_draining_) {
    plugin_draining_ = true;
    if (plugin_.drain != nullptr && OpenConnections() > 0) {
      plugin_.drain(self_, drain_deadline_ms_, OpenConnections());
    }
  }
  if (OpenConnections() == 0) Stop(kWorkerExitOk);
}

void Runtime::OnDrainCheck(void* runtime) {
  auto* self = static_cast<Runtime*>(runtime);
  self->drain_check_ = nullptr;
  if (self->stage_ == Stage::kDraining) self->ContinueDrain();
}

void Runtime::OnDrainDeadline(void* runtime) {
  auto* self = static_cast<Runtime*>(runtime);
  self->drain_deadline_ = nullptr;
  self->Log(CLUSTER_LOG_WARNING,
            absl::StrCat("drain deadline: ",
                         self->OpenConnections(),
                         " open connections are cut"));
  self->Stop(kWorkerExitOk);
}

uint64_t Runtime::OpenConnections() const {
  const SlotPage& page = memory_->page();
  const uint64_t started = page.started.load() - started_before_;
  const uint64_t completed = page.completed.load() - completed_before_;
  return started > completed ? started - completed : 0;
}

void Runtime::Fail(int code, std::string reason) {
  if (stage_ == Stage::kStopped) return;
  Send(FrameType::kFailed, Failed{.reason = std::move(reason)});
  Stop(code);
}

void Runtime::Stop(int code) {
  stage_ = Stage::kStopped;
  exit_code_ = code;
}

int Runtime::End() {
  for (const auto& listening : listening_) Unwatch(*listening);
  if (created_) {
    if (plugin_.stop != nullptr) plugin_.stop(self_);
    if (plugin_.destroy != nullptr) plugin_.destroy(self_);
  }
  // What was logged last still gets out; the primary reads as long as it lives.
  while (channel_.wants_write()) {
    const absl::Status status = channel_.Flush();
    if (!status.ok()) break;
    if (channel_.wants_write()) loop_->RunOnce();
  }
  return exit_code_;
}

}  // namespace cluster
