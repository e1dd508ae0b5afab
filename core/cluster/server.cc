#include "core/cluster/server.h"

#include "absl/status/statusor.h"
#include "core/base/status_macros.h"
#include "core/cluster/endpoint.h"
#include "core/cluster/listener_desk.h"
#include "core/cluster/own_listener.h"

namespace cluster {
namespace {

constexpr int kDefaultBacklog = 511;

absl::Status ListensAlready() {
  return absl::FailedPreconditionError("the server listens already");
}

}  // namespace

Server::Server(ListenerDesk& desk, OnConnection connection)
    : desk_(desk), connection_(std::move(connection)) {}

Server::~Server() = default;

absl::Status Server::listen(const ListenOptions& options,
                            OnListening listening) {
  if (bound_.has_value()) return ListensAlready();
  const uint64_t number = ++asked_;
  asking_ = true;
  const absl::StatusOr<Endpoint> endpoint = ToEndpoint(options);
  const auto self = shared_from_this();
  if (!endpoint.ok()) {
    desk_.Later([self, number, status = endpoint.status()] {
      if (number == self->asked_ && self->asking_) self->Fail(status);
    });
    return absl::OkStatus();
  }
  desk_.Listen(*endpoint,
               options.backlog,
               [self, number, listening = std::move(listening)](
                   const ListenerDesk::Answer& answer) {
                 ListenerDesk& desk = self->desk_;
                 if (number != self->asked_ || !self->asking_) {
                   if (answer.status.ok()) desk.Close(answer.listener);
                   return;
                 }
                 if (!answer.status.ok()) return self->Fail(answer.status);
                 self->asking_ = false;
                 self->listener_ = answer.listener;
                 self->bound_ = answer.bound;
                 desk.Serve(answer.listener, self);
                 self->PauseIfFull();
                 if (listening) listening(answer.bound);
               });
  return absl::OkStatus();
}

absl::Status Server::ListenOn(Handle handle,
                              OnListening listening,
                              int backlog) {
  if (bound_.has_value()) return ListensAlready();
  const uint64_t number = ++asked_;
  asking_ = true;
  // Later, as where the primary answers. (A function has to be copied.)
  const auto kept = std::make_shared<Handle>(std::move(handle));
  desk_.Later([self = shared_from_this(),
               number,
               kept,
               backlog,
               listening = std::move(listening)] {
    if (number != self->asked_ || !self->asking_ || self->desk_.ends()) return;
    self->BeginOn(std::move(*kept), listening, backlog);
  });
  return absl::OkStatus();
}

void Server::BeginOn(Handle handle, const OnListening& listening, int backlog) {
  auto own = desk_.Own(shared_from_this(),
                       std::move(handle),
                       backlog > 0 ? backlog : kDefaultBacklog);
  if (!own.ok()) return Fail(own.status());
  asking_ = false;
  own_ = *std::move(own);
  bound_ = own_->address();
  PauseIfFull();
  if (listening) listening(*bound_);
}

absl::Status Server::take(Handle handle) {
  if (desk_.ends()) {
    return absl::FailedPreconditionError("the worker is about to end");
  }
  ASSIGN_OR_RETURN(OwnConnection own, OwnConnection::Of(std::move(handle)));
  desk_.GiveOwn(shared_from_this(), std::move(own.fd), own.peer);
  return absl::OkStatus();
}

void Server::Fail(const absl::Status& status) {
  asking_ = false;
  if (!events_.of(events::error).Emit(status)) desk_.Error(status);
}

void Server::close(OnClosed closed) {
  asking_ = false;
  if (!bound_.has_value()) {
    if (!closed) return;
    desk_.Later([closed = std::move(closed)] {
      closed(absl::FailedPreconditionError("the server does not listen"));
    });
    return;
  }
  bound_.reset();
  paused_ = false;
  const auto self = shared_from_this();  // which the desk lets go
  if (own_ != nullptr) {
    own_.reset();
    desk_.LetGo(*this);
  } else {
    desk_.StopServing(listener_);
    desk_.Close(listener_);
  }
  closing_ = true;
  if (closed) closed_.push_back(std::move(closed));
  TellIfClosed();
}

void Server::TellIfClosed() {
  if (!closing_ || connections_ > 0) return;
  closing_ = false;
  // Not from within close(), nor from within the end of a connection.
  desk_.Later([self = shared_from_this(), closed = std::exchange(closed_, {})] {
    for (const OnClosed& each : closed) each(absl::OkStatus());
    self->events_.of(events::close).Emit();
  });
}

void Server::Lost() {
  asking_ = false;
  bound_.reset();
  own_.reset();
  connections_ = 0;
  closing_ = true;
  TellIfClosed();
}

void Server::Take(Connection connection) {
  ++connections_;
  if (drop_ && most_.has_value() && connections_ > *most_) {
    const cluster_address peer = connection.peer();
    connection.Close();
    events_.of(events::drop).Emit(peer);
    return;
  }
  PauseIfFull();
  connection_(std::move(connection));
}

void Server::Ended() {
  if (connections_ > 0) --connections_;
  PauseIfFull();
  TellIfClosed();
}

void Server::set_max_connections(std::optional<uint32_t> most) {
  most_ = most;
  PauseIfFull();
}

void Server::set_drop_max_connection(bool drop) {
  drop_ = drop;
  PauseIfFull();
}

void Server::PauseIfFull() {
  const bool pause = bound_.has_value() && full() && !drop_;
  if (pause == paused_ || !bound_.has_value()) return;
  paused_ = pause;
  if (own_ != nullptr) return own_->SetPaused(pause);
  desk_.Pause(listener_, pause);
}

}  // namespace cluster
