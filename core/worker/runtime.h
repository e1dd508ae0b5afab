// Runtime: a worker's life, from its control channel to its exit code.
//
//   online --Start--> load, create, start --Listen/ListenReply--> listening
//          --Drain--> take what was sent, finish, stop --> exit
//
// The plugin's code runs on this thread, called from the loop; if the plugin
// has a loop of its own, that one runs here and calls the worker's
// (Dispatch()).
//
// Thread safety: one thread.
//
//   Runtime runtime(std::move(channel), *std::move(loop));
//   return runtime.Run();
#ifndef CORE_WORKER_RUNTIME_H_
#define CORE_WORKER_RUNTIME_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/base/unique_fd.h"
#include "core/control/messages.h"
#include "core/scoreboard/slot_memory.h"
#include "core/worker/acceptor.h"
#include "core/worker/host_context.h"
#include "core/worker/host_services.h"
#include "core/worker/listening.h"
#include "core/worker/loop.h"
#include "core/worker/plugin_instance.h"
#include "ipc/unix_channel.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {

class Runtime {
 public:
  Runtime(UniqueFd channel, std::unique_ptr<Loop> loop);
  ~Runtime();

  // Serves until the primary drains this worker, the primary is gone, or the
  // plugin fails. Returns the process's exit code (core/control/worker_exit.h).
  int Run();

 private:
  enum class Stage { kOnline, kStarted, kDraining, kStopped };

  static void OnChannel(void* runtime, uint32_t events);
  static void OnSigterm(void* runtime);
  static void OnDrainDeadline(void* runtime);
  static void OnDrainCheck(void* runtime);

  void OnFrame(Frame frame);
  absl::Status OnStart(Frame frame);
  absl::Status OnListenReply(Frame frame);
  absl::Status OnDrain(Frame frame);

  std::unique_ptr<Acceptor> MakeAcceptor(const ListenReply& reply, UniqueFd fd);
  void Accept(Listening& listening);

  // Drain: stops listening where all that was sent has come, then tells the
  // plugin, then stops when nothing is open.
  void ContinueDrain();
  // Accepts what waits in the kernel, where this worker does the accepting: it
  // would be reset when the listeners close.
  void TakeBacklog();
  uint64_t OpenConnections() const;

  cluster_status Dispatch();
  void TellRoom();
  void FlushChannel();
  void Log(int level, std::string text);
  template <class Message>
  void Send(FrameType type, const Message& message);
  void SendEmpty(FrameType type);
  void SendBytes(FrameType type, std::span<const std::byte> payload);

  // Ends the worker with `code`, telling the primary why.
  void Fail(int code, std::string reason);
  void Stop(int code);
  int End();

  std::unique_ptr<Loop> loop_;
  UnixChannel channel_;
  Loop::Watch* channel_watch_ = nullptr;
  bool channel_wants_write_ = false;
  // Called from this loop, which flushes the channel and looks at stage_ when
  // the round ends. False where the plugin's own loop runs its code.
  bool in_loop_ = true;
  HostContext context_;
  HostServices services_{context_};

  Stage stage_ = Stage::kOnline;
  int exit_code_ = 0;
  std::optional<SlotMemory> memory_;
  uint64_t started_before_ = 0;    // by the slot's earlier workers
  uint64_t completed_before_ = 0;  // likewise
  UniqueFd plugin_file_;           // open as long as its code is loaded
  std::optional<PluginInstance> plugin_;
  std::vector<std::unique_ptr<Listening>> listening_;
  bool taking_ = false;  // inside Acceptor::Take

  Drain drain_;  // what the primary said
  Loop::Timer* drain_check_ = nullptr;
};

}  // namespace cluster

#endif  // CORE_WORKER_RUNTIME_H_
