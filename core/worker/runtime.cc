#include "core/worker/runtime.h"

#include <poll.h>
#include <sys/epoll.h>

#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/errno_status.h"
#include "core/base/status_macros.h"
#include "core/control/worker_exit.h"
#include "core/worker/sigterm.h"
#include "ipc/archive.h"
#include "plugins/host/exit_code.h"
#include "plugins/host/plugin_loader.h"

namespace cluster {
namespace {

// How often a draining worker looks whether the primary took the rest back.
constexpr uint64_t kDrainCheckUs = 5'000;
// What a worker takes of a listener that closes; clients may keep coming.
constexpr int kMaxBacklog = 4'096;
constexpr uint64_t kNoDeadline = UINT64_MAX;

}  // namespace

Runtime::Runtime(UniqueFd channel, std::unique_ptr<Loop> loop)
    : loop_(std::move(loop)),
      channel_(std::move(channel)),
      context_(
          *loop_,
          [this](int level, std::string text) { Log(level, std::move(text)); },
          [this] { return Dispatch(); }) {
  context_.OnClosed([this] {
    TellRoom();
    ContinueDrain();
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
    if (stage_ == Stage::kStarted && plugin_->has_own_loop()) {
      in_loop_ = false;
      const cluster_status status = plugin_->Run();
      in_loop_ = true;
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
  in_loop_ = true;
  loop_->Dispatch();
  in_loop_ = false;
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
  SendBytes(type, Encode(message));
}

void Runtime::SendEmpty(FrameType type) { SendBytes(type, {}); }

void Runtime::SendBytes(FrameType type, std::span<const std::byte> payload) {
  channel_.Send(static_cast<uint16_t>(type), payload);
  // The loop flushes once a round; outside there may be no round for long.
  if (!in_loop_) FlushChannel();
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
  if (start.drain_on_sigterm) {
    RETURN_IF_ERROR(WatchSigterm(*loop_, &Runtime::OnSigterm, this));
  }
  plugin_file_ = std::move(frame.fds[0]);
  const std::string path = start.plugin_path;
  context_.Configure(std::move(start), page);

  const absl::StatusOr<LoadedPlugin> loaded =
      LoadPlugin(plugin_file_.get(), path, HostServices::Ids());
  if (!loaded.ok()) {
    Fail(absl::IsAborted(loaded.status()) ? kExitPluginNotReady
                                          : kExitPluginIncompatible,
         std::string(loaded.status().message()));
    return absl::OkStatus();
  }
  plugin_.emplace(loaded->table);
  if (auto failure = plugin_->Begin(services_.host())) {
    Fail(failure->exit_code, std::move(failure->reason));
    return absl::OkStatus();
  }
  stage_ = Stage::kStarted;
  for (uint32_t i = 0; i < context_.start().listener_count; ++i) {
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
      reply.listener >= context_.start().listener_count) {
    return absl::DataLossError("malformed ListenReply");
  }
  auto listening =
      std::make_unique<Listening>(*loop_,
                                  reply.listener,
                                  MakeAcceptor(reply, std::move(frame.fds[0])),
                                  [this](Listening& ready) { Accept(ready); });
  if (const absl::Status status = listening->Begin(); !status.ok()) {
    Fail(kWorkerExitInternal, std::string(status.message()));
    return absl::OkStatus();
  }
  listening_.push_back(std::move(listening));
  Send(FrameType::kListening, ListeningNotice{.listener = reply.listener});
  return absl::OkStatus();
}

std::unique_ptr<Acceptor> Runtime::MakeAcceptor(const ListenReply& reply,
                                                UniqueFd fd) {
  SlotPage& page = memory_->page();
  if (reply.data_path == DataPath::kHandoff) {
    return std::make_unique<HandoffAcceptor>(
        reply.listener, std::move(fd), page);
  }
  return std::make_unique<SharedAcceptor>(
      reply.listener, std::move(fd), page, context_.start().worker_id);
}

void Runtime::Accept(Listening& listening) {
  taking_ = true;
  const absl::Status status =
      listening.acceptor().Take([this](IncomingConnection connection) {
        plugin_->Give(std::move(connection));
      });
  taking_ = false;
  TellRoom();
  if (status.ok()) return ContinueDrain();
  if (absl::IsResourceExhausted(status) || ErrnoOf(status) != 0) {
    listening.Pause();  // other workers take over
    Log(CLUSTER_LOG_WARNING, std::string(status.message()));
  } else if (absl::IsOutOfRange(status)) {
    listening.Stop();  // the primary is about to tell why, or is gone
  } else {
    Fail(kWorkerExitProtocol, std::string(status.message()));
  }
}

void Runtime::TellRoom() {
  if (!memory_.has_value()) return;
  std::atomic<uint32_t>& wanted = memory_->page().wanted;
  if (wanted.load() == 0) return;
  if (wanted.exchange(0) != 0) SendEmpty(FrameType::kRoom);
}

// ---- Drain and end

void Runtime::OnSigterm(void* runtime) {
  auto* self = static_cast<Runtime*>(runtime);
  if (self->stage_ == Stage::kStarted) self->SendEmpty(FrameType::kDisconnect);
}

absl::Status Runtime::OnDrain(Frame frame) {
  ASSIGN_OR_RETURN(Drain drain, Decode<Drain>(frame.payload));
  if (stage_ == Stage::kDraining) return absl::OkStatus();
  if (stage_ != Stage::kStarted) {
    Stop(kWorkerExitOk);
    return absl::OkStatus();
  }
  if (drain.listeners_close) TakeBacklog();
  if (stage_ == Stage::kStopped) return absl::OkStatus();
  stage_ = Stage::kDraining;
  drain_ = std::move(drain);
  context_.WakeOnClose();
  if (drain_.deadline_ms != kNoDeadline) {
    loop_->StartTimer(
        drain_.deadline_ms * 1000, &Runtime::OnDrainDeadline, this);
  }
  ContinueDrain();
  return absl::OkStatus();
}

void Runtime::TakeBacklog() {
  const std::atomic<uint64_t>& accepted = memory_->page().accepted;
  for (const auto& listening : listening_) {
    for (int i = 0; i < kMaxBacklog; ++i) {
      const uint64_t before = accepted.load();
      Accept(*listening);
      if (accepted.load() == before || stage_ == Stage::kStopped) break;
    }
  }
}

void Runtime::ContinueDrain() {
  // A plugin that closes inside on_connection gets here from within Take().
  if (taking_ || stage_ != Stage::kDraining) return;
  std::erase_if(listening_, [this](const auto& listening) {
    const size_t index = listening->index();
    return listening->acceptor().DecidedUpTo(
        index < drain_.sent.size() ? drain_.sent[index] : 0);
  });
  if (!listening_.empty()) {
    if (drain_check_ == nullptr) {
      drain_check_ =
          loop_->StartTimer(kDrainCheckUs, &Runtime::OnDrainCheck, this);
    }
    return;
  }
  if (OpenConnections() > 0) {
    plugin_->Drain(drain_.deadline_ms, OpenConnections());
  }
  if (OpenConnections() == 0) Stop(kWorkerExitOk);
}

void Runtime::OnDrainCheck(void* runtime) {
  auto* self = static_cast<Runtime*>(runtime);
  self->drain_check_ = nullptr;
  self->ContinueDrain();
}

void Runtime::OnDrainDeadline(void* runtime) {
  auto* self = static_cast<Runtime*>(runtime);
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
  // The plugin's own loop learns it from dispatch(), which must be due then.
  if (!in_loop_) loop_->Post([](void*) {}, nullptr);
}

int Runtime::End() {
  in_loop_ = true;
  listening_.clear();
  if (plugin_.has_value()) plugin_->End();
  // What was logged last still gets out; the primary reads as long as it lives.
  // Not by the loop: watches and posts of the plugin may be left in it.
  while (channel_.wants_write() && channel_.Flush().ok()) {
    if (!channel_.wants_write()) break;
    pollfd poll_fd = {channel_.fd(), POLLOUT, 0};
    poll(&poll_fd, 1, -1);
  }
  return exit_code_;
}

}  // namespace cluster
