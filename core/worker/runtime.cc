#include "core/worker/runtime.h"

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/errno_status.h"
#include "core/base/status_macros.h"
#include "core/control/telemetry_messages.h"
#include "core/control/worker_exit.h"
#include "core/scoreboard/plugin_phase.h"
#include "core/worker/contract.h"
#include "core/worker/pin_to_cpu.h"
#include "core/worker/sigterm.h"
#include "core/worker/thrown.h"
#include "ipc/archive.h"
#include "ipc/lost_descriptors.h"
#include "plugins/host/exit_code.h"
#include "plugins/host/plugin_loader.h"

namespace cluster {
namespace {

// At first glibc gives the heap back whenever 128 KiB at its end are free, so
// that messages of 64 KiB cost more in page faults than in all else. It learns
// from the first large block that is freed to keep twice as much
// (M_MMAP_THRESHOLD in mallopt(3)), unless the program or its environment set
// other limits, which mallopt() would override.
void TeachHeap() {
  void* volatile block = std::malloc(size_t{2} << 20);
  std::free(block);
}

}  // namespace

Runtime::Runtime(UniqueFd channel,
                 std::unique_ptr<Loop> loop,
                 const cluster_plugin_entry_t* linked)
    : loop_(std::move(loop)),
      channel_(std::move(channel), *loop_),
      context_(*loop_, channel_, [this] { return Dispatch(); }),
      linked_(linked) {
  context_.OnReadiness([this](bool ready) {
    if (intake_.has_value()) intake_->SetHeld(!ready);
  });
  context_.OnEndAsked([this](bool at_once) { AskToEnd(at_once); });
  context_.OnClosed([this] {
    intake_->TellRoom();
    ContinueDrain();
  });
}

Runtime::~Runtime() = default;

bool Runtime::BeginChannel() {
  begun_ = true;
  const absl::Status status =
      channel_.Begin([this](Frame frame) { OnFrame(std::move(frame)); },
                     [this](const absl::Status& why) { OnChannelEnd(why); });
  if (!status.ok()) {
    std::fprintf(stderr, "worker: %s\n", status.ToString().c_str());
    Stop(kWorkerExitInternal);
    return false;
  }
  channel_.SendEmpty(FrameType::kOnline);
  channel_.Flush();
  return true;
}

void Runtime::Begin() {
  if (!BeginChannel()) return;
  while (stage_ == Stage::kOnline) {
    loop_->RunOnce();
    channel_.Flush();
  }
  // What is sent until Run() would wait for a round that is far away.
  SetInLoop(false);
}

int Runtime::Run() {
  TeachHeap();
  if (!begun_ && !BeginChannel()) return exit_code_;
  SetInLoop(true);
  channel_.Flush();
  while (stage_ != Stage::kStopped) {
    if (stage_ == Stage::kStarted && plugin_->has_own_loop()) {
      SetInLoop(false);
      in_run_ = true;
      cluster_status status = CLUSTER_OK;
      const auto thrown = CatchThrown([&] { status = plugin_->Run(); });
      if (thrown) EndByException(kWorkerExitPluginThrew, *thrown);
      in_run_ = false;
      SetInLoop(true);
      if (stage_ != Stage::kStopped) {
        Fail(kWorkerExitPluginLoopEnded,
             absl::StrCat("the plugin's run() returned ",
                          status,
                          " before the worker was told to stop"));
      }
      break;
    }
    Round(/*wait=*/true);
    SendNotice();
    channel_.Flush();
  }
  return End();
}

cluster_status Runtime::Dispatch() {
  // A round within a round would go as deep as there are connections.
  if (!in_run_) return CLUSTER_E_STATE;
  if (stage_ == Stage::kStopped) return CLUSTER_STOPPED;
  in_run_ = false;
  SetInLoop(true);
  Round(/*wait=*/false);
  SetInLoop(false);
  in_run_ = true;
  SendNotice();
  channel_.Flush();
  return stage_ == Stage::kStopped ? CLUSTER_STOPPED : CLUSTER_OK;
}

void Runtime::Round(bool wait) {
  const auto thrown =
      CatchThrown([&] { wait ? loop_->RunOnce() : loop_->Dispatch(); });
  if (thrown) EndByException(kWorkerExitPluginThrew, *thrown);
  if (const int error = loop_->failure(); error != 0) {
    EndWithoutDescriptors("epoll_wait", error);
  }
}

void Runtime::SetInLoop(bool in_loop) {
  in_loop_ = in_loop;
  channel_.FlushAtOnce(!in_loop);
}

// ---- What the primary says

void Runtime::OnChannelEnd(const absl::Status& why) {
  if (stage_ == Stage::kStopped) return;
  // The primary is gone: so is the reason to live.
  if (absl::IsOutOfRange(why)) return Stop(kWorkerExitOk);
  const int error = ErrnoOf(why);
  if (error == EBADF || error == ENOTSOCK) {
    EndWithoutDescriptors(SyscallOf(why), error);
  }
  std::fprintf(stderr,
               "worker: control channel: %s\n",
               std::string(why.message()).c_str());
  Stop(kWorkerExitProtocol);
}

void Runtime::OnFrame(Frame frame) {
  absl::Status status;
  if (Messenger::Takes(frame)) {
    status = context_.messenger().OnFrame(std::move(frame));
    if (!status.ok()) Fail(kWorkerExitProtocol, std::string(status.message()));
    return;
  }
  if (stage_ == Stage::kStopped) return;
  switch (static_cast<FrameType>(frame.type)) {
    case FrameType::kStart:
      status = OnStart(std::move(frame));
      break;
    case FrameType::kListenReply:
      status = OnListenReply(std::move(frame));
      break;
    case FrameType::kListenAtReply:
      status = OnListenAtReply(std::move(frame));
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

// ---- Start

absl::Status Runtime::OnStart(Frame frame) {
  if (memory_.has_value()) return absl::DataLossError("a second Start");
  if (CountLost(frame.fds) > 0) return DescriptorsLost();
  ASSIGN_OR_RETURN(Start start, Decode<Start>(frame.payload));
  // The plugin's file, if there is one, then the page.
  const int page_at = start.plugin_path.empty() ? 0 : 1;
  if (std::ssize(frame.fds) <= page_at) {
    return absl::DataLossError("Start without its descriptors");
  }
  if (start.listener_count > kMaxListeners) {
    return absl::DataLossError("Start with too many listeners");
  }
  ASSIGN_OR_RETURN(memory_, SlotMemory::Map(std::move(frame.fds[page_at])));
  if (page_at > 0) plugin_file_ = std::move(frame.fds[0]);
  std::vector<UniqueFd> sockets = std::move(frame.fds);
  sockets.erase(sockets.begin(), sockets.begin() + page_at + 1);
  if (start.drain_on_sigterm) {
    RETURN_IF_ERROR(WatchSigterm(*loop_, &Runtime::OnSigterm, this));
  }
  if (start.cpu != kAnyCpu) RETURN_IF_ERROR(PinToCpu(start.cpu));
  const std::string path = start.plugin_path;
  SlotPage& page = memory_->page();
  context_.Configure(std::move(start), page);
  intake_.emplace(
      context_,
      page,
      [this](IncomingConnection given) { plugin_->Give(std::move(given)); },
      [this](const absl::Status& status) { OnTaken(status); });
  listeners_.emplace(channel_, *intake_);
  context_.Connect(*intake_, *listeners_);
  RETURN_IF_ERROR(
      listeners_->Begin(context_.start().listeners, std::move(sockets)));

  bool started = false;
  const auto thrown = CatchThrown([&] { started = StartPlugin(path); });
  if (thrown) EndByException(kWorkerExitPluginRefused, *thrown);
  if (!started) {
    // Nothing of the plugin is called from here on but stop and destroy, and
    // those only if it was created.
    context_.messenger().Close();
    loop_->EndRound();
    return absl::OkStatus();
  }
  stage_ = Stage::kStarted;
  listeners_->SetStage(ListenerTable::Stage::kStarted);
  for (uint32_t i = 0; i < context_.start().listener_count; ++i) {
    if (listeners_->Socket(i) >= 0) {
      channel_.Send(FrameType::kListening, ListeningNotice{.listener = i});
    } else {
      channel_.Send(FrameType::kListen, ListenRequest{.listener = i});
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<LoadedPlugin> Runtime::LoadCode(const std::string& path) {
  const auto ids = services_.Ids();
  if (!path.empty()) return LoadPlugin(plugin_file_.get(), path, ids);
  if (linked_ != nullptr) return AdoptEntry(linked_, "the program", ids);
  return absl::FailedPreconditionError("neither a plugin nor code of its own");
}

bool Runtime::StartPlugin(const std::string& path) {
  Contract& contract = context_.contract();
  contract.Enter(PluginPhase::kLoading);
  const absl::StatusOr<LoadedPlugin> loaded = LoadCode(path);
  if (!loaded.ok()) {
    contract.Enter(PluginPhase::kNone);
    Fail(absl::IsAborted(loaded.status()) ? kWorkerExitPluginNotReady
                                          : kWorkerExitPluginIncompatible,
         std::string(loaded.status().message()));
    return false;
  }
  contract.set_plugin_name(loaded->entry.name != nullptr ? loaded->entry.name
                                                         : path);
  TellWhatIsMissing(loaded->entry);
  plugin_.emplace(loaded->table, contract);
  auto failure = plugin_->Create(services_.host());
  CheckDescriptors();
  if (!failure) {
    failure = plugin_->Start();
    CheckDescriptors();
  }
  if (failure) {
    Fail(failure->exit_code, std::move(failure->reason));
    return false;
  }
  contract.Enter(PluginPhase::kServing);
  return true;
}

void Runtime::CheckDescriptors() {
  if (!loop_->is_open()) EndWithoutDescriptors("fcntl", EBADF);
}

void Runtime::TellWhatIsMissing(const cluster_plugin_entry_t& entry) {
  std::string missing = DescribeMissing(entry, services_.Ids());
  if (missing.empty()) return;
  if (missing.size() > kMaxWorkerTextBytes) missing.resize(kMaxWorkerTextBytes);
  channel_.Send(FrameType::kReducedFeatures,
                ReducedFeatures{.missing = std::move(missing)});
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
  if (CountLost(frame.fds) > 0) {
    Fail(kWorkerExitInternal, std::string(DescriptorsLost().message()));
    return absl::OkStatus();
  }
  if (reply.listener >= context_.start().listener_count) {
    return absl::DataLossError("malformed ListenReply");
  }
  if (const absl::Status status = intake_->Listen(reply, std::move(frame.fds));
      absl::IsDataLoss(status)) {
    return status;
  } else if (!status.ok()) {
    Fail(kWorkerExitInternal, std::string(status.message()));
    return absl::OkStatus();
  }
  channel_.Send(FrameType::kListening,
                ListeningNotice{.listener = reply.listener});
  return absl::OkStatus();
}

absl::Status Runtime::OnListenAtReply(Frame frame) {
  ASSIGN_OR_RETURN(ListenAtReply reply, Decode<ListenAtReply>(frame.payload));
  if (!listeners_.has_value()) {
    return absl::DataLossError("ListenAtReply before Start");
  }
  return listeners_->OnReply(std::move(reply), std::move(frame.fds));
}

void Runtime::OnTaken(const absl::Status& status) {
  if (status.ok()) return ContinueDrain();
  Fail(kWorkerExitProtocol, std::string(status.message()));
}

}  // namespace cluster
