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

#include <unistd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/unique_fd.h"
#include "core/control/messages.h"
#include "core/scoreboard/slot_memory.h"
#include "core/worker/control_channel.h"
#include "core/worker/host_context.h"
#include "core/worker/host_services.h"
#include "core/worker/intake.h"
#include "core/worker/listener_table.h"
#include "core/worker/loop.h"
#include "core/worker/plugin_instance.h"
#include "ipc/frame.h"
#include "plugins/abi/cluster_plugin.h"
#include "plugins/host/plugin_loader.h"

namespace cluster {

class Runtime {
 public:
  // `linked` is worker code that the program itself has, for a primary that
  // names no plugin; it lives as long as the process. Null: there is none.
  Runtime(UniqueFd channel,
          std::unique_ptr<Loop> loop,
          const cluster_plugin_entry_t* linked = nullptr);
  ~Runtime();

  // Says that it is online, and waits until its plugin is started or it has
  // ended. The plugin's services may then be called, from this thread, until
  // Run() is.
  void Begin();

  // Serves until the primary drains this worker, the primary is gone, or the
  // plugin fails. Returns the process's exit code (core/control/worker_exit.h).
  int Run();

  // The process lives on: closes the channel to the primary, and what it shared
  // with other workers. REQUIRES: Run() has returned.
  void Leave();

  // Asks the primary for a drain; or, `at_once`, for an end whatever is open.
  void AskToEnd(bool at_once);
  // Whether this worker or the primary has asked it to end.
  bool asked_to_end() const { return asked_to_end_; }
  // It drains or has ended.
  bool ends() const {
    return stage_ == Stage::kDraining || stage_ == Stage::kStopped;
  }
  // For code that is linked in: messages until it has ended, then null.
  Messenger* messenger() {
    return stage_ == Stage::kStopped ? nullptr : &context_.messenger();
  }
  // What is sent as a value goes as JSON text. REQUIRES: Begin() has returned.
  bool json_values() const { return context_.start().json_values; }
  // Bytes for the primary that the kernel has not taken; it is offered much.
  uint64_t UnsentBytes();
  // The process ends, by whatever the program calls: what it has sent is
  // written, as at the end of Run().
  void FlushAtExit();
  // Ends with `code`, and says why.
  void EndWith(int code, std::string reason) { Fail(code, std::move(reason)); }

 private:
  enum class Stage { kOnline, kStarted, kDraining, kStopped };

  static void OnSigterm(void* runtime);
  static void OnDrainDeadline(void* runtime);
  static void OnDrainCheck(void* runtime);

  void OnFrame(Frame frame);
  void OnChannelEnd(const absl::Status& why);
  absl::Status OnStart(Frame frame);
  absl::Status OnListenReply(Frame frame);
  absl::Status OnListenAtReply(Frame frame);
  absl::Status OnDrain(Frame frame);

  void OnTaken(const absl::Status& status);

  // Drain: stops listening where all that was sent has come, then tells the
  // plugin, then stops when nothing is open.
  void ContinueDrain();
  // In place of the one that was set before.
  void SetDrainDeadline(uint64_t deadline_ms);

  // For the plugin's run(). CLUSTER_E_STATE: that is not who calls.
  cluster_status Dispatch();
  void SetInLoop(bool in_loop);
  // A round of the loop, which waits for something to do, or does not.
  void Round(bool wait);

  // Says that it is online. False: the channel cannot be watched.
  bool BeginChannel();
  absl::StatusOr<LoadedPlugin> LoadCode(const std::string& path);
  // Loads, creates and starts the plugin. False: it failed, and said so.
  bool StartPlugin(const std::string& path);
  // Tells the primary what the plugin could use and this host lacks.
  void TellWhatIsMissing(const cluster_plugin_entry_t& entry);

  // Plugin code threw: nothing of it is called any more, and the process ends.
  [[noreturn]] void EndByException(int code, const std::string& thrown);
  // Somebody has closed what this stands on: `call` failed with `error`.
  [[noreturn]] void EndWithoutDescriptors(const std::string& call, int error);
  // Does that if the plugin has closed the loop's, as closefrom() does: while
  // it is known which function of the plugin's it was.
  void CheckDescriptors();
  // Ends the worker with `code`, telling the primary why.
  void Fail(int code, std::string reason);
  void SendLastWords(std::string reason);
  void Stop(int code);
  int End();
  void WriteLastMessages();
  void SendNotice();

  std::unique_ptr<Loop> loop_;
  ControlChannel channel_;
  // Called from this loop, which flushes the channel and looks at stage_ when
  // the round ends. False where the plugin's own loop runs its code.
  bool in_loop_ = true;
  // The plugin's run() has the thread, and no round that it dispatched.
  bool in_run_ = false;
  HostContext context_;
  HostServices services_{context_};

  const cluster_plugin_entry_t* const linked_;
  Stage stage_ = Stage::kOnline;
  const pid_t pid_ = getpid();
  bool begun_ = false;
  bool ended_ = false;
  bool asked_to_end_ = false;
  // That it wants to end is said when the round is over: who exits in the same
  // round has not meant it, as with Node.
  bool notice_due_ = false;
  bool ends_at_once_ = false;
  int exit_code_ = 0;
  std::optional<SlotMemory> memory_;
  std::optional<Intake> intake_;            // from Start on
  std::optional<ListenerTable> listeners_;  // likewise
  UniqueFd plugin_file_;  // open as long as its code is loaded
  std::optional<PluginInstance> plugin_;

  Drain drain_;  // what the primary said
  Loop::Timer* drain_check_ = nullptr;
  Loop::Timer* drain_deadline_ = nullptr;
};

}  // namespace cluster

#endif  // CORE_WORKER_RUNTIME_H_
