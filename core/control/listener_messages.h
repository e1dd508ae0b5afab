// What primary and worker say to each other about listeners: which there are,
// more of them, fewer of them, and pauses. docs/life_of_a_message.md tells who
// sends what when.
//
// Thread safety: plain values.
#ifndef CORE_CONTROL_LISTENER_MESSAGES_H_
#define CORE_CONTROL_LISTENER_MESSAGES_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/control/data_path.h"
#include "core/control/socket_address.h"

namespace cluster {

// The longest address that a worker may name: that of a path (PATH_MAX).
inline constexpr size_t kMaxListenTextBytes = 4096 + 16;

enum class ListenerKind : uint8_t { kStream = 1, kDatagram = 2 };

// A listener as a worker is told of it.
struct ListenerFacts {
  uint32_t listener = 0;
  ListenerKind kind = ListenerKind::kStream;
  SocketAddress address;  // where it is bound
  std::string text;       // the same, as --listen takes it
  int32_t fd = -1;        // the primary's descriptor that was named, if one was
  bool exclusive = false;  // the worker's alone

  template <class Archive>
  void serialize(Archive& archive) {
    archive(listener, kind, address.family, address.port, address.scope_id);
    for (uint8_t& byte : address.bytes) archive(byte);
    archive(text, fd, exclusive);
  }
};

// kListenAt: listen there for this worker.
struct ListenAtRequest {
  uint32_t request = 0;  // the worker's number for it
  uint32_t flags = 0;    // CLUSTER_LISTEN_* of the plugin ABI
  int32_t backlog = 0;   // 0: the host's
  std::string address;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(request, flags, backlog, address);
  }
};

enum class ListenOutcome : uint8_t {
  kDone,    // a descriptor came along
  kSystem,  // the kernel said no: `error` is the errno
  kConfig,  // that is no address to listen at
  kLimit,   // there are as many listeners as there can be
  kState,   // the worker or the host is about to end
};

// kListenAtReply; descriptors: the slot's acceptor, or the datagram socket.
struct ListenAtReply {
  uint32_t request = 0;
  ListenOutcome outcome = ListenOutcome::kDone;
  int32_t error = 0;
  std::string reason;  // unless kDone
  DataPath data_path = DataPath::kHandoff;
  ListenerFacts facts;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(request, outcome, error, reason, data_path, facts);
  }
};

// kCloseListener, kPauseListener, kResumeListener: of this worker.
struct ListenerChange {
  uint32_t listener = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(listener);
  }
};

}  // namespace cluster

#endif  // CORE_CONTROL_LISTENER_MESSAGES_H_
