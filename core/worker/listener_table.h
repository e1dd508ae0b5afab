// ListenerTable: the listeners as this worker knows them, and the plugin's
// requests for more.
//
// Thread safety: the worker's loop thread. Lifetime: as long as the process
// runs plugin code.
//
//   table.Listen("127.0.0.1:0", 0, 0, done, ctx);
//   ... the reply comes from the loop: table.OnReply(reply, std::move(fd));
#ifndef CORE_WORKER_LISTENER_TABLE_H_
#define CORE_WORKER_LISTENER_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/base/unique_fd.h"
#include "core/control/listener_messages.h"
#include "core/worker/control_channel.h"
#include "core/worker/intake.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {

class ListenerTable {
 public:
  using Done = void (*)(void* ctx,
                        cluster_status status,
                        uint32_t listener,
                        const cluster_error* error);

  // What the primary has told the worker; the plugin learns it later.
  enum class Stage { kCreated, kStarted, kDraining, kStopped };

  // Requests that may be under way at once.
  static constexpr size_t kMaxRequests = 16;

  // Both must outlive it.
  ListenerTable(ControlChannel& channel, Intake& intake)
      : channel_(channel), intake_(intake) {}

  // Takes the host's own listeners; `sockets` are those of datagrams, in order.
  // kDataLoss: they do not fit together.
  absl::Status Begin(const std::vector<ListenerFacts>& listeners,
                     std::vector<UniqueFd> sockets);

  // Draining offers no datagram sockets; stopped answers what is still open,
  // by calls of Done with CLUSTER_E_STATE, unless it was never started.
  void SetStage(Stage stage);

  // Datagrams are the other workers' from now on, also of what stays open.
  void CloseSockets() { sockets_.clear(); }

  // Whether there is a datagram listener that this worker serves.
  bool has_datagrams() const { return !sockets_.empty(); }

  uint32_t count() const { return count_; }
  // Null if there is none. Its text lives as long as the process.
  struct Known {
    ListenerFacts facts;
    const std::string* text = nullptr;
    bool dynamic = false;
    bool served = false;  // or about to be
  };
  const Known* Find(uint32_t listener) const;

  // -1 if this is no datagram listener that is served. From draining on, none
  // is.
  int Socket(uint32_t listener) const;

  // As cluster_listener_v1.listen and close.
  cluster_status Listen(absl::string_view address,
                        uint32_t flags,
                        int32_t backlog,
                        Done done,
                        void* ctx);
  cluster_status Close(uint32_t listener);
  // As cluster_acceptor_v1.pause and resume.
  cluster_status Pause(uint32_t listener, bool pause);

  // The answer to Listen. kDataLoss: it makes no sense.
  absl::Status OnReply(ListenAtReply reply, std::vector<UniqueFd> fds);

 private:
  struct Request {
    Done done;
    void* ctx;
  };

  void Know(const ListenerFacts& facts, bool dynamic);
  // Begins to serve, and says so. Errors: epoll's, and EMFILE where a
  // descriptor did not arrive.
  absl::Status Serve(const ListenAtReply& reply, std::vector<UniqueFd> fds);
  void Answer(const Request& request,
              cluster_status status,
              uint32_t listener,
              int32_t code,
              absl::string_view reason);

  ControlChannel& channel_;
  Intake& intake_;
  Stage stage_ = Stage::kCreated;
  uint32_t count_ = 0;
  uint32_t next_request_ = 1;
  absl::btree_map<uint32_t, Known> known_;
  absl::btree_map<uint32_t, UniqueFd> sockets_;
  absl::btree_map<uint32_t, Request> requests_;
  std::set<std::string> texts_;  // stay where they are
};

}  // namespace cluster

#endif  // CORE_WORKER_LISTENER_TABLE_H_
