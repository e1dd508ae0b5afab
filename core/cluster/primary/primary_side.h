// PrimarySide: a Cluster in the primary. It turns calls in Node's words into
// those of core/primary, and what the engine observes into events.
//
// Thread safety: the io_context's thread.
#ifndef CORE_CLUSTER_PRIMARY_PRIMARY_SIDE_H_
#define CORE_CLUSTER_PRIMARY_PRIMARY_SIDE_H_

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/cluster/events.h"
#include "core/cluster/handle.h"
#include "core/cluster/message.h"
#include "core/cluster/primary/primary_messages.h"
#include "core/cluster/send_options.h"
#include "core/cluster/settings.h"
#include "core/cluster/worker.h"
#include "core/cluster/worker_commands.h"
#include "core/primary/primary.h"
#include "core/primary/workers/primary_observer.h"
#include "core/primary/workers/worker_process.h"

namespace cluster {

class PrimarySide : private PrimaryObserver,
                    private WorkerCommands,
                    private MessageOwner {
 public:
  struct Options {
    boost::asio::io_context* io = nullptr;  // null: one of its own
    bool keep_ports = false;
    absl::Duration drain_timeout = absl::InfiniteDuration();
    int argc = 0;  // this program's; read when settings are first made
    char** argv = nullptr;
  };
  using Workers = std::map<uint32_t, std::shared_ptr<Worker>>;

  // `events` must outlive it.
  PrimarySide(Options options, ClusterEvents& events);
  ~PrimarySide() override;

  // See core/cluster.h for all of these.
  std::shared_ptr<Worker> Fork(const ForkOptions& options);
  absl::Status SetupPrimary(const Settings& change);
  void DisconnectAll(std::function<void()> done);
  Workers workers() const;
  const std::shared_ptr<const Settings>& settings() const { return settings_; }
  const std::string& policy() const { return policy_; }
  // Counts before the first Fork() or SetupPrimary() only.
  void SetPolicyForLater(std::string name) { policy_ = std::move(name); }
  // The same, but for nonsense, which leaves the default.
  void SetPolicyIfKnown(const std::string& name);
  absl::Status Start(PrimaryOptions engine, PrimaryObserver* observer);
  // REQUIRES: Start(), SetupPrimary() or Fork() has succeeded.
  Primary& engine() { return *primary_; }
  absl::Status SetPolicy(const std::string& name);
  int Run();
  // Null if there is no scheduling policy of that name: `sent` is told so.
  PrimaryMessages* MessagesOrTell(const SendCallback& sent);

 private:
  void OnEvent(const WorkerEvent& event) override;
  void OnAccepting() override;
  void OnGivingUp(const PrimaryEnd& end) override;
  void OnTrouble(absl::string_view text) override;
  void OnLog(uint32_t id,
             pid_t pid,
             int level,
             absl::string_view text) override;
  void OnOutput(uint32_t id,
                pid_t pid,
                int fd,
                absl::string_view line) override;

  void Disconnect(Worker& worker,
                  std::optional<absl::Duration> deadline) override;
  void CloseChannel(Worker& worker) override;
  bool Kill(Worker& worker, int signal) override;
  absl::Status SetWeight(Worker& worker, uint32_t weight) override;
  absl::Status SetPaused(Worker& worker, bool paused) override;
  bool Send(Worker& worker,
            const Message& message,
            HandleArgument handle,
            const SendOptions& options,
            SendCallback sent) override;
  void Ask(Worker& worker,
           const Message& message,
           absl::Duration deadline,
           ReplyCallback replied,
           HandleArgument handle,
           const SendOptions& options) override;

  void OnMessage(uint32_t worker,
                 const Message& message,
                 Handle& handle) override;
  bool Hears(uint32_t worker) override;
  bool GetsJson(uint32_t worker) override;
  void OnNotSent(uint32_t worker, const absl::Status& why) override;
  void Post(std::function<void()> run) override;
  void ThrowLater(std::exception_ptr thrown) override;

  // Makes the engine, once: the policy cannot change after that.
  absl::Status Begin();
  absl::Status Begin(PrimaryOptions options);
  // A worker of this cluster from now on.
  std::shared_ptr<Worker> MakeWorker(uint32_t id);
  void Adopt(const std::shared_ptr<Worker>& worker, WorkerProcess& process);
  // Null once it is gone, or if it never ran.
  WorkerProcess* ProcessOf(uint32_t id);
  bool Lives(const Worker& worker);
  // Takes over what the engine knows of it.
  void Refresh(Worker& worker);
  void GiveStreams(Worker& worker, WorkerProcess& process);
  void FailLater(const std::shared_ptr<Worker>& worker);
  void EmitFailure(Worker& worker);
  // Returns whether anybody listened; if not, it has printed a line.
  bool TellError(Worker& worker, const absl::Status& status);
  // The same, and that nobody listens ends run().
  void EmitError(Worker& worker, const absl::Status& status);
  // It is gone in every sense: whoever waits for the last is told.
  void Forget(Worker& worker);
  void TellIfAllGone();
  // Post() for what comes before all events of workers that are still to be
  // told: the loop may have one of those at hand before it gets to `tell`.
  void Announce(std::function<void()> tell);
  void TellNextAnnounced();

  Options options_;
  std::string policy_ = kSchedRr;
  ClusterEvents& events_;
  std::unique_ptr<boost::asio::io_context> own_io_;
  boost::asio::io_context& io_;
  std::optional<Primary> primary_;
  PrimaryObserver* observer_ = nullptr;      // may be null
  bool forking_ = false;                     // within Fork()
  std::optional<PrimaryMessages> messages_;  // there as long as primary_
  bool is_heard_ = false;  // somebody has listened for messages of all
  std::shared_ptr<const Settings> settings_ =
      std::make_shared<const Settings>();
  bool settings_made_ = false;
  Workers live_;  // until both their events were told
  std::vector<std::weak_ptr<Stream>> streams_;
  std::vector<std::weak_ptr<Worker>> all_;      // whose commands end with this
  std::vector<std::function<void()>> waiting_;  // for the last worker
  std::deque<std::function<void()>> announced_;
  int exit_code_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace cluster

#endif  // CORE_CLUSTER_PRIMARY_PRIMARY_SIDE_H_
