// A plugin that does what its configuration says, for the tests of the runtime.
// Built twice: with EMBEDDED it has a loop of its own.
//
//   create=N, start=N  the status they return
//   early=timer, listen, message
//                      asks in create for such a call, which aborts
//   drain=close        closes all connections when told to drain
//   stop=chatty        says much while it stops, and leaves a function posted
//                      and a timer running
//   log=N              says N lines when it starts
//   run=return         its own loop ends at once
//   dispatch=nested    calls dispatch for each connection, and logs its status
//
// It greets each connection with a byte, and keeps it until its client closes
// it or says "x". By "d" it asks for the end of its worker, by "k" for that at
// once, by "t" from another thread.
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "plugins/abi/cluster_plugin.h"
#include "plugins/abi/cluster_plugin_note.h"

namespace {

struct Peer {
  uint64_t id;
  cluster_watch* watch;
};

const cluster_host* g_host;
const cluster_loop_v1* g_loop;
const cluster_connection_v1* g_connections;
const cluster_config_v1* g_config;
const cluster_log_v1* g_log;
std::map<int, Peer> g_peers;  // by descriptor
bool g_stopped = false;

template <class Service>
const Service* Find(const char* id) {
  return static_cast<const Service*>(g_host->get_service(g_host, id));
}

std::string Config(const char* key) {
  const cluster_string value = g_config->get(g_host, key);
  return value.data == nullptr ? "" : std::string(value.data, value.size);
}

void Log(std::string_view text) {
  g_log->write(g_host, CLUSTER_LOG_INFO, {text.data(), text.size()});
}

cluster_status Refuse(const char* key, cluster_error* error) {
  const cluster_status status = atoi(Config(key).c_str());
  if (status != CLUSTER_OK) {
    error->code = status;
    error->message[0] = 'n';
    error->message[1] = 'o';
    error->message[2] = '\0';
  }
  return status;
}

void Close(int fd) {
  const Peer peer = g_peers[fd];
  g_peers.erase(fd);
  if (peer.watch != nullptr) g_loop->unwatch(g_host, peer.watch);
  g_connections->close(g_host, fd, peer.id);
}

void Serve(int fd) {
  char byte = 'x';
  const ssize_t count = recv(fd, &byte, 1, MSG_DONTWAIT);
  if (count == 0 || (count == 1 && byte == 'x')) Close(fd);
  if (count != 1) return;
  const auto* health = Find<cluster_health_v1>(CLUSTER_SERVICE_HEALTH_V1);
  if (byte == 'd') health->end(g_host, 0);
  if (byte == 'k') health->end(g_host, 1);
  if (byte == 't') std::thread([=] { health->end(g_host, 0); }).join();
}

// No such call comes to a plugin that did not start.
void AskForCall(const std::string& kind) {
  if (kind == "timer") {
    cluster_timer* timer;
    g_loop->start_timer(g_host, 0, [](void*) { abort(); }, nullptr, &timer);
  } else if (kind == "listen") {
    Find<cluster_listener_v1>(CLUSTER_SERVICE_LISTENER_V1)
        ->listen(
            g_host,
            {"127.0.0.1:0", 11},
            nullptr,
            [](void*, cluster_status, uint32_t, const cluster_error*) {
              abort();
            },
            nullptr);
  } else if (kind == "message") {
    Find<cluster_message_v1>(CLUSTER_SERVICE_MESSAGE_V1)
        ->on_message(
            g_host, [](void*, const cluster_message*) { abort(); }, nullptr);
  }
}

cluster_status Create(const cluster_host* host, void** self, cluster_error* e) {
  g_host = host;
  g_loop = Find<cluster_loop_v1>(CLUSTER_SERVICE_LOOP_V1);
  g_connections = Find<cluster_connection_v1>(CLUSTER_SERVICE_CONNECTION_V1);
  g_config = Find<cluster_config_v1>(CLUSTER_SERVICE_CONFIG_V1);
  g_log = Find<cluster_log_v1>(CLUSTER_SERVICE_LOG_V1);
  *self = &g_peers;
  AskForCall(Config("early"));
  return Refuse("create", e);
}

cluster_status Start(void*, cluster_error* error) {
  for (int i = atoi(Config("log").c_str()); i > 0; --i) Log("a line");
  return Refuse("start", error);
}

void OnConnection(void*, const cluster_connection* connection) {
  Peer& peer = g_peers[connection->fd];
  peer = {connection->id, nullptr};
  send(connection->fd, "h", 1, MSG_NOSIGNAL);
  if (Config("dispatch") == "nested") {
    const auto* embedding =
        Find<cluster_embedding_v1>(CLUSTER_SERVICE_EMBEDDING_V1);
    Log("dispatch: " + std::to_string(embedding->dispatch(g_host)));
  }
#ifndef EMBEDDED
  g_loop->watch(
      g_host,
      connection->fd,
      CLUSTER_READABLE,
      [](void* ctx, uint32_t) {
        Serve(static_cast<int>(reinterpret_cast<intptr_t>(ctx)));
      },
      reinterpret_cast<void*>(static_cast<intptr_t>(connection->fd)),
      &peer.watch);
#endif
}

void Drain(void*, uint64_t, uint64_t) {
  Log("draining");
  if (Config("drain") != "close") return;
  while (!g_peers.empty()) Close(g_peers.begin()->first);
}

// Nothing of the plugin may run any more.
void AfterStop(void*) {
  if (g_stopped) abort();
}

void Stop(void*) {
  if (Config("stop") == "chatty") {
    g_loop->post(g_host, &AfterStop, nullptr);
    cluster_timer* timer;
    g_loop->start_timer(g_host, 0, &AfterStop, nullptr, &timer);
    const std::string text(60'000, 'x');
    for (int i = 0; i < 100; ++i) Log(text);
    Log("the end");
  }
  if (Config("stop") == "thread") std::thread([] { Log("a thread"); }).join();
  g_stopped = true;
}

#ifdef EMBEDDED
cluster_status Run(void*) {
  const auto* embedding =
      Find<cluster_embedding_v1>(CLUSTER_SERVICE_EMBEDDING_V1);
  if (Config("run") == "return") return CLUSTER_E_FAILED;
  while (true) {
    std::vector<pollfd> fds = {{embedding->pollable(g_host), POLLIN, 0}};
    for (const auto& [fd, peer] : g_peers) fds.push_back({fd, POLLIN, 0});
    poll(fds.data(), fds.size(), -1);
    for (size_t i = 1; i < fds.size(); ++i) {
      if (fds[i].revents == 0) continue;
      Log("outside");
      Serve(fds[i].fd);
    }
    if (fds[0].revents == 0) continue;
    const cluster_status status = embedding->dispatch(g_host);
    if (status != CLUSTER_OK) return status;
  }
}
#endif

const cluster_worker_plugin kTable = {
    .size = sizeof kTable,
    .flags = 0,
    .create = &Create,
    .start = &Start,
    .on_connection = &OnConnection,
    .drain = &Drain,
    .stop = &Stop,
    .destroy = nullptr,
#ifdef EMBEDDED
    .run = &Run,
#else
    .run = nullptr,
#endif
};

}  // namespace

CLUSTER_WORKER_PLUGIN("runtime_test",
                      "1.0",
                      kTable,
                      CLUSTER_SERVICE_LOOP_V1,
                      CLUSTER_SERVICE_EMBEDDING_V1,
                      CLUSTER_SERVICE_CONNECTION_V1);
