#include "core/cluster/primary/primary_side.h"

#include <signal.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstdio>
#include <random>
#include <utility>

#include "core/base/errno_status.h"
#include "core/base/status_macros.h"
#include "core/cluster/listened_address.h"
#include "core/cluster/primary/program.h"
#include "core/control/data_path.h"
#include "core/control/listener_messages.h"
#include "core/supervisor/worker_state_machine.h"
#include "scheduler/registry.h"

namespace cluster {
namespace {

// These are reported by an event; what else the kernel may say, at once.
bool IsReportedLater(int error) {
  return error == EACCES || error == EAGAIN || error == EMFILE ||
         error == ENFILE || error == ENOENT;
}

}  // namespace

PrimarySide::PrimarySide(Options options, ClusterEvents& events)
    : options_(std::move(options)),
      events_(events),
      own_io_(options_.io == nullptr
                  ? std::make_unique<boost::asio::io_context>(1)
                  : nullptr),
      io_(options_.io == nullptr ? *own_io_ : *options_.io) {
  events_.of(events::message).WhenAdded([this] {
    is_heard_ = true;
    if (messages_.has_value()) messages_->Open();
  });
  events_.WhenThrown([this](std::exception_ptr thrown) { ThrowLater(thrown); });
  // A worker that has ended must not end this process by what it is sent, and
  // how it ended must not be lost.
  signal(SIGPIPE, SIG_IGN);
  signal(SIGCHLD, SIG_DFL);
}

PrimarySide::~PrimarySide() {
  for (const auto& worker : all_) {
    const auto alive = worker.lock();
    if (alive == nullptr) continue;
    alive->commands_ = nullptr;
    alive->events_ = WorkerEvents();  // no more come
  }
  for (const auto& stream : streams_) {
    if (const auto alive = stream.lock()) alive->close();
  }
}

void PrimarySide::Post(std::function<void()> run) {
  boost::asio::post(io_, [run = std::move(run), alive = std::weak_ptr(alive_)] {
    if (!alive.expired()) run();
  });
}

void PrimarySide::ThrowLater(std::exception_ptr thrown) {
  Post([thrown = std::move(thrown)] { std::rethrow_exception(thrown); });
}

void PrimarySide::Announce(std::function<void()> tell) {
  announced_.push_back(std::move(tell));
  Post([this] { TellNextAnnounced(); });
}

void PrimarySide::TellNextAnnounced() {
  if (announced_.empty()) return;  // told before its turn
  const std::function<void()> tell = std::move(announced_.front());
  announced_.pop_front();
  tell();
}

int PrimarySide::Run() {
  io_.restart();
  io_.run();
  return std::exchange(exit_code_, 0);
}

// ---- Settings

void PrimarySide::SetPolicyIfKnown(const std::string& name) {
  if (name == kSchedRr || name == kSchedNone || MakePolicy(name, 0).ok()) {
    policy_ = name;
  }
}

absl::Status PrimarySide::SetPolicy(const std::string& name) {
  const std::string spec = name == kSchedRr ? "round_robin" : name;
  if (name != kSchedNone) RETURN_IF_ERROR(MakePolicy(spec, 0).status());
  if (primary_.has_value() && name != policy_) {
    if (name == kSchedNone || policy_ == kSchedNone) {
      return absl::FailedPreconditionError(
          absl::StrCat("policy \"",
                       name,
                       "\": the first fork has settled who accepts, and \"",
                       policy_,
                       "\" was set then"));
    }
    RETURN_IF_ERROR(primary_->admin().SetPolicy(spec));
  }
  policy_ = name;
  return absl::OkStatus();
}

absl::Status PrimarySide::SetupPrimary(const Settings& change) {
  RETURN_IF_ERROR(Begin());
  Settings current = *settings_;
  if (!std::exchange(settings_made_, true)) {
    current.exec = OwnProgram();
    current.args.emplace();
    for (int i = 1; i < options_.argc && options_.argv[i] != nullptr; ++i) {
      current.args->emplace_back(options_.argv[i]);
    }
    current.exec_args.emplace();
    current.silent = false;
  }
  settings_ = std::make_shared<const Settings>(Merge(current, change));
  Announce([this, made = settings_] { events_.of(events::setup).Emit(*made); });
  return absl::OkStatus();
}

absl::Status PrimarySide::Start(PrimaryOptions engine,
                                PrimaryObserver* observer) {
  if (primary_.has_value()) {
    return absl::FailedPreconditionError("the cluster has begun already");
  }
  observer_ = observer;
  return Begin(std::move(engine));
}

absl::Status PrimarySide::Begin() {
  if (primary_.has_value()) return absl::OkStatus();
  PrimaryOptions options;
  options.keep_ports = options_.keep_ports;
  options.drain_timeout = options_.drain_timeout;
  options.take_fds = true;  // workers are this program, too
  options.watchdog = {.start_timeout = absl::ZeroDuration(),
                      .heartbeat_timeout = absl::ZeroDuration()};
  options.listeners.seed = std::random_device()();
  if (policy_ == kSchedNone) {
    options.listeners.data_path = DataPath::kShare;
  } else if (policy_ != kSchedRr) {
    options.listeners.policy = policy_;
  }
  // Before a worker depends on it.
  RETURN_IF_ERROR(MakePolicy(options.listeners.policy, 0).status());
  RETURN_IF_ERROR(Begin(std::move(options)));
  // An engine that was set up by hand may be of a program that listens to no
  // messages: those are dropped.
  messages_->Open();
  return absl::OkStatus();
}

absl::Status PrimarySide::Begin(PrimaryOptions options) {
  PrimaryObserver& observer = *this;
  primary_.emplace(io_, std::move(options), observer);
  const absl::Status status = primary_->Start();
  if (!status.ok()) {
    primary_.reset();
    return status;
  }
  MessageOwner& owner = *this;
  messages_.emplace(primary_->messages(), owner);
  if (is_heard_) messages_->Open();
  return absl::OkStatus();
}

// ---- Fork

std::shared_ptr<Worker> PrimarySide::Fork(const ForkOptions& options) {
  absl::Status status = SetupPrimary({});
  UniqueFd plugin_file;
  WorkerProcess* process = nullptr;
  uint32_t id = 0;
  if (status.ok()) {
    absl::StatusOr<WorkerSpec> spec =
        ToSpec(Merge(*settings_, options.settings), options.env, &plugin_file);
    if (spec.ok()) {
      forking_ = true;
      absl::StatusOr<WorkerProcess*> forked = primary_->Fork(*spec);
      forking_ = false;
      if (forked.ok()) process = *forked;
      id = primary_->newest_id();
      status = forked.status();
    } else {
      id = primary_->SkipId();
      status = spec.status();
    }
  }
  const std::shared_ptr<Worker> worker = MakeWorker(id);
  worker->status_ = status;
  if (process == nullptr) {
    FailLater(worker);
  } else {
    Adopt(worker, *process);
  }
  return worker;
}

std::shared_ptr<Worker> PrimarySide::MakeWorker(uint32_t id) {
  WorkerCommands* const commands = this;
  const auto worker = std::make_shared<Worker>(id, commands);
  std::erase_if(all_, [](const auto& each) { return each.expired(); });
  all_.push_back(worker);
  worker->events_.WhenThrown(
      [this](std::exception_ptr thrown) { ThrowLater(thrown); });
  worker->events_.of(events::message)
      .WhenAdded([this, heard = &worker->is_heard_] {
        *heard = true;
        if (messages_.has_value()) messages_->Open();
      });
  return worker;
}

void PrimarySide::Adopt(const std::shared_ptr<Worker>& worker,
                        WorkerProcess& process) {
  live_.emplace(worker->id(), worker);
  worker->pid_ = process.pid();
  Refresh(*worker);
  GiveStreams(*worker, process);
  Announce([this, worker] { events_.of(events::fork).Emit(*worker); });
}

void PrimarySide::GiveStreams(Worker& worker, WorkerProcess& process) {
  std::erase_if(streams_, [](const auto& each) { return each.expired(); });
  for (UniqueFd& pipe : process.TakePipes()) {
    worker.streams_.push_back(pipe ? Stream::Create(io_, std::move(pipe))
                                   : nullptr);
    if (worker.streams_.back() != nullptr) {
      streams_.push_back(worker.streams_.back());
    }
  }
}

void PrimarySide::FailLater(const std::shared_ptr<Worker>& worker) {
  const int error = ErrnoOf(worker->status_);
  const bool member = IsReportedLater(error);
  const auto failed = WorkerInput::SpawnFailed(error != 0 ? error : EINVAL);
  worker->record_ = Apply(worker->record_, failed).record;
  // One that is refused at once was never there.
  worker->record_.connected = member;
  worker->record_.member = member;
  if (member) live_.emplace(worker->id(), worker);
  Post([this, worker, member] {
    if (member) return EmitFailure(*worker);
    EmitError(*worker, worker->status_);
  });
}

void PrimarySide::EmitFailure(Worker& worker) {
  EmitError(worker, worker.status_);
  events_.of(events::fork).Emit(worker);
  worker.record_ = Apply(worker.record_, WorkerInput::ChannelClosed()).record;
  worker.events_.of(events::disconnect).Emit();
  events_.of(events::disconnect).Emit(worker);
  Forget(worker);
}

bool PrimarySide::TellError(Worker& worker, const absl::Status& status) {
  const bool worker_heard = worker.events_.of(events::error).Emit(status);
  const bool cluster_heard = events_.of(events::error).Emit(worker, status);
  if (worker_heard || cluster_heard) return true;
  std::fprintf(stderr,
               "cluster: worker %u: %s\n",
               worker.id(),
               std::string(status.message()).c_str());
  return false;
}

void PrimarySide::EmitError(Worker& worker, const absl::Status& status) {
  if (TellError(worker, status)) return;
  exit_code_ = 1;
  // A loop of somebody else's is not for this to end.
  if (own_io_ != nullptr) own_io_->stop();
}

// ---- What happens to workers

WorkerProcess* PrimarySide::ProcessOf(uint32_t id) {
  return primary_.has_value() ? primary_->Find(id) : nullptr;
}

void PrimarySide::Refresh(Worker& worker) {
  const WorkerProcess* process = ProcessOf(worker.id());
  if (process != nullptr) worker.record_ = process->record;
}

void PrimarySide::OnEvent(const WorkerEvent& event) {
  if (observer_ != nullptr) observer_->OnEvent(event);
  if (event.kind == WorkerEventKind::kFork && !forking_) {
    // The engine's own: one that it replaces, or the replacement.
    return Adopt(MakeWorker(event.worker_id), *primary_->Find(event.worker_id));
  }
  const auto found = live_.find(event.worker_id);
  if (found == live_.end()) return;  // fork() has not returned yet
  const std::shared_ptr<Worker> worker = found->second;
  while (!announced_.empty()) TellNextAnnounced();
  Refresh(*worker);
  WorkerEvents& own = worker->events_;
  switch (event.kind) {
    case WorkerEventKind::kOnline:
      own.of(events::online).Emit();
      events_.of(events::online).Emit(*worker);
      break;
    case WorkerEventKind::kListening: {
      const ListenerFacts& facts = primary_->listener(event.listener)->facts;
      if (facts.exclusive) break;  // the worker's own affair
      Address address = ToAddress(facts.text);
      address.fd = facts.fd;
      own.of(events::listening).Emit(address);
      events_.of(events::listening).Emit(*worker, address);
      break;
    }
    case WorkerEventKind::kDisconnect:
      own.of(events::disconnect).Emit();
      events_.of(events::disconnect).Emit(*worker);
      break;
    case WorkerEventKind::kExit:
      own.of(events::exit).Emit(event.code, event.signal);
      events_.of(events::exit).Emit(*worker, event.code, event.signal);
      break;
    default:
      break;
  }
  if (worker->is_dead() && !worker->is_connected()) Forget(*worker);
}

void PrimarySide::Forget(Worker& worker) {
  live_.erase(worker.id());
  // Nothing follows, and its listeners often hold the worker itself.
  worker.events_ = WorkerEvents();
  TellIfAllGone();
}

void PrimarySide::TellIfAllGone() {
  if (!live_.empty()) return;
  for (std::function<void()>& done : std::exchange(waiting_, {})) {
    Post(std::move(done));
  }
}

void PrimarySide::OnAccepting() {
  if (observer_ != nullptr) observer_->OnAccepting();
}

void PrimarySide::OnGivingUp(const PrimaryEnd& end) {
  if (observer_ != nullptr) observer_->OnGivingUp(end);
}

void PrimarySide::OnTrouble(absl::string_view text) {
  if (observer_ != nullptr) return observer_->OnTrouble(text);
  std::fprintf(stderr, "cluster: %s\n", std::string(text).c_str());
}

void PrimarySide::OnLog(uint32_t id,
                        pid_t pid,
                        int level,
                        absl::string_view text) {
  if (observer_ != nullptr) return observer_->OnLog(id, pid, level, text);
  std::fprintf(
      stderr, "cluster: worker %u: %s\n", id, std::string(text).c_str());
}

void PrimarySide::OnOutput(uint32_t id,
                           pid_t pid,
                           int fd,
                           absl::string_view line) {
  if (observer_ != nullptr) observer_->OnOutput(id, pid, fd, line);
}

}  // namespace cluster
