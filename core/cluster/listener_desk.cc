#include "core/cluster/listener_desk.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "core/base/monotonic_clock.h"
#include "core/cluster/datagram_socket.h"
#include "core/cluster/listened_address.h"
#include "core/cluster/server.h"
#include "core/cluster/system_error.h"

namespace cluster {
namespace {

// Ids of connections that neither the primary nor the runtime knows.
constexpr uint64_t kOwnIds = uint64_t{1} << 63;

bool IsOwn(uint64_t connection_id) { return connection_id >= kOwnIds; }

// The C tables that connections are given have no place for it.
ListenerDesk* of_process = nullptr;

absl::Status ToStatus(cluster_status status,
                      const cluster_error* error,
                      const Address& asked) {
  const absl::string_view message = error == nullptr ? "" : error->message;
  if (status == CLUSTER_E_SYSTEM && error != nullptr) {
    // It begins with the call (core/base/errno_status.h).
    return ErrorAt(asked, error->code, message.substr(0, message.find(' ')));
  }
  if (status == CLUSTER_E_CONFIG) return absl::InvalidArgumentError(message);
  if (status == CLUSTER_E_LIMIT) return absl::ResourceExhaustedError(message);
  return absl::UnavailableError(message);
}

}  // namespace

struct ListenerDesk::Request {
  ListenerDesk& desk;
  Address asked;
  std::function<void(const Answer& answer)> done;
};

ListenerDesk::ListenerDesk(std::function<bool()> ends,
                           std::function<void(const absl::Status&)> on_error)
    : ends_(std::move(ends)),
      on_error_(std::move(on_error)),
      next_own_id_(kOwnIds) {
  of_process = this;
}

ListenerDesk::~ListenerDesk() { of_process = nullptr; }

void ListenerDesk::Begin(const sdk::Services& services) {
  services_ = &services;
  counted_ = services;
  counted_.connection.close = &CloseConnection;
  counted_.connection.closed = &ConnectionClosed;
  counted_.connection.requests = &AddRequests;
  strict_ = services;
  strict_.on_exception = sdk::OnException::kEndWorker;
}

// ---- Listeners

void ListenerDesk::Listen(const Endpoint& endpoint,
                          int backlog,
                          std::function<void(const Answer& answer)> done) {
  if (services_ == nullptr || ends_()) return;
  auto request = std::make_unique<Request>(
      Request{.desk = *this, .asked = endpoint.asked, .done = std::move(done)});
  const cluster_listen_options options = {.size = sizeof(options),
                                          .flags = endpoint.flags,
                                          .backlog = std::max(backlog, 0),
                                          .reserved = 0};
  const cluster_status status =
      services_->listener.listen(services_->host,
                                 {endpoint.text.data(), endpoint.text.size()},
                                 &options,
                                 &OnAnswer,
                                 request.get());
  if (status == CLUSTER_OK) {
    static_cast<void>(request.release());  // OnAnswer frees it
    return;
  }
  const Answer refused = {
      .status = status == CLUSTER_E_FULL
                    ? absl::ResourceExhaustedError(
                          "too many wait for an answer of the primary")
                    : absl::UnavailableError("cannot ask the primary")};
  Later([done = std::move(request->done), refused] { done(refused); });
}

void ListenerDesk::OnAnswer(void* ctx,
                            cluster_status status,
                            uint32_t listener,
                            const cluster_error* error) {
  const std::unique_ptr<Request> request(static_cast<Request*>(ctx));
  ListenerDesk& desk = request->desk;
  if (desk.ends_()) return;
  Answer answer;
  answer.listener = listener;
  if (status != CLUSTER_OK) {
    answer.status = ToStatus(status, error, request->asked);
    return request->done(answer);
  }
  desk.has_listened_ = true;
  cluster_listener_info info = {};
  info.size = sizeof(info);
  if (desk.services_->listener.info(desk.services_->host, listener, &info) ==
      CLUSTER_OK) {
    answer.bound = ToAddress({info.text.data, info.text.size});
    answer.bound.fd = request->asked.fd;
  }
  request->done(answer);
}

void ListenerDesk::Close(uint32_t listener) {
  (void)services_->listener.close(services_->host, listener);
}

void ListenerDesk::Pause(uint32_t listener, bool paused) {
  const auto act =
      paused ? services_->acceptor.pause : services_->acceptor.resume;
  (void)act(services_->host, listener);
}

void ListenerDesk::Serve(uint32_t listener, std::shared_ptr<Server> server) {
  servers_[listener] = std::move(server);
}

void ListenerDesk::StopServing(uint32_t listener) { servers_.erase(listener); }

void ListenerDesk::Keep(std::shared_ptr<DatagramSocket> socket) {
  sockets_.insert(std::move(socket));
}

void ListenerDesk::LetGo(const DatagramSocket& socket) {
  std::erase_if(sockets_,
                [&](const auto& each) { return each.get() == &socket; });
}

absl::StatusOr<std::unique_ptr<OwnListener>> ListenerDesk::Own(
    const std::shared_ptr<Server>& server, Handle handle, int backlog) {
  auto listener =
      OwnListener::Create(strict_,
                          std::move(handle),
                          backlog,
                          // Weak: the server has the listener.
                          [this, weak = std::weak_ptr<Server>(server)](
                              UniqueFd fd, const cluster_address& peer) {
                            GiveOwn(weak.lock(), std::move(fd), peer);
                          });
  if (listener.ok()) own_servers_.insert(server);
  return listener;
}

void ListenerDesk::LetGo(const Server& server) {
  std::erase_if(own_servers_,
                [&](const auto& each) { return each.get() == &server; });
}

// ---- Connections

void ListenerDesk::Give(const cluster_connection& given) {
  cluster_connection copy = {};
  std::memcpy(&copy, &given, std::min<size_t>(given.size, sizeof(copy)));
  const auto found = servers_.find(copy.listener);
  if (found == servers_.end()) {
    Connection closed(*services_, copy);
    return;
  }
  const std::shared_ptr<Server> server = found->second;
  by_connection_[copy.id] = server;
  server->Take(Connection(counted_, copy));
}

void ListenerDesk::GiveOwn(const std::shared_ptr<Server>& server,
                           UniqueFd fd,
                           const cluster_address& peer) {
  const cluster_connection given = {
      .size = sizeof(given),
      .fd = fd.Release(),
      .id = next_own_id_++,
      .accepted_ns = static_cast<uint64_t>(MonotonicNs()),
      .listener = UINT32_MAX,
      .reserved = 0,
      .peer = peer};
  by_connection_[given.id] = server;
  server->Take(Connection(counted_, given));
}

void ListenerDesk::CloseConnection(const cluster_host* host,
                                   int32_t fd,
                                   uint64_t id) {
  if (IsOwn(id)) {
    UniqueFd(fd).Reset();
  } else {
    of_process->services_->connection.close(host, fd, id);
  }
  of_process->Ended(id);
}

void ListenerDesk::AddRequests(const cluster_host* host,
                               uint64_t id,
                               int32_t change) {
  // The primary gives no connections by what runs on those.
  if (IsOwn(id)) return;
  of_process->services_->connection.requests(host, id, change);
}

void ListenerDesk::ConnectionClosed(const cluster_host* host, uint64_t id) {
  if (!IsOwn(id)) of_process->services_->connection.closed(host, id);
  if (std::this_thread::get_id() == of_process->thread_) {
    return of_process->Ended(id);
  }
  (void)of_process->host().Post([id] { of_process->Ended(id); });
}

void ListenerDesk::Ended(uint64_t connection_id) {
  const auto found = by_connection_.find(connection_id);
  if (found == by_connection_.end()) return;
  const std::shared_ptr<Server> server = found->second;
  by_connection_.erase(found);
  server->Ended();
}

// ---- Turns, and the end

void ListenerDesk::Later(std::function<void()> run) {
  later_.push_back(std::move(run));
  if (!stopping_) (void)host().Post([this] { RunLater(); });
}

void ListenerDesk::RunLater() {
  while (!later_.empty()) {
    const std::function<void()> next = std::move(later_.front());
    later_.pop_front();
    next();
  }
}

void ListenerDesk::Drain() {
  for (const std::shared_ptr<DatagramSocket>& socket :
       std::exchange(sockets_, {})) {
    socket->Lost();
  }
}

void ListenerDesk::Stop() {
  stopping_ = true;
  Drain();
  for (const auto& [listener, server] : std::exchange(servers_, {})) {
    server->Lost();
  }
  for (const auto& server : std::exchange(own_servers_, {})) server->Lost();
  RunLater();
}

}  // namespace cluster
