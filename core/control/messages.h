// The messages that primary and worker exchange over a worker's control
// channel: each is the payload of one frame, encoded by ipc/archive.
// docs/life_of_a_message.md tells who sends what when.
//
// Connections do not travel here but on a descriptor of their own (handoff.h),
// so that a large message never delays one.
//
// Thread safety: plain values.
#ifndef CORE_CONTROL_MESSAGES_H_
#define CORE_CONTROL_MESSAGES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/control/data_path.h"
#include "core/control/listener_messages.h"

namespace cluster {

// The `type` of a frame, and its payload. Below 256: primary to worker; from
// there on: worker to primary.
enum class FrameType : uint16_t {
  // From 1: a worker's life.
  // Start; descriptors: plugin file, scoreboard slot, datagram sockets
  kStart = 1,
  kListenReply = 2,  // ListenReply; descriptors: the slot's acceptor
  kDrain = 3,        // Drain
  // From 16: messages of plugins (user_message.h).
  kDelivery = 16,       // DeliveryHead, bytes; descriptors: the message's
  kDeliveryPart = 17,   // PartHead, bytes
  kDeliveryCut = 18,    // PartHead
  kRequestFailed = 19,  // RequestFailure
  kForgotten = 20,      // ForgetRequest
  kCredit = 21,         // Credit
  // From 32: listeners (listener_messages.h).
  // ListenAtReply; descriptors: the slot's acceptor, or the datagram socket
  kListenAtReply = 32,

  // From 256: a worker's life.
  kOnline = 256,      // empty: the runtime is up, the plugin not yet loaded
  kListen = 257,      // ListenRequest
  kListening = 258,   // ListeningNotice
  kFailed = 259,      // Failed: why the worker is about to exit
  kRoom = 260,        // empty: the primary asked to be told (SlotPage::wanted)
  kLog = 261,         // LogLine
  kDisconnect = 262,  // empty: the worker wants to end; the answer is Drain
  // From 272: messages of plugins.
  kMessage = 272,      // MessageHead, bytes; descriptors: the message's
  kMessagePart = 273,  // bytes
  kForget = 274,       // ForgetRequest
  // From 288: listeners.
  kListenAt = 288,        // ListenAtRequest
  kCloseListener = 289,   // ListenerChange
  kPauseListener = 290,   // ListenerChange
  kResumeListener = 291,  // ListenerChange
  // From 304: telemetry (telemetry_messages.h).
  kMetric = 304,           // MetricDefinition
  kReadiness = 305,        // Readiness
  kReducedFeatures = 306,  // ReducedFeatures
};

inline constexpr int32_t kAnyCpu = -1;

// A worker says at most so much in one Failed or LogLine: a worker cuts its
// plugin's text, and a longer one breaks the protocol.
inline constexpr size_t kMaxWorkerTextBytes = size_t{64} << 10;
// The largest payload of a frame of a worker's. The longest of all is a part of
// a message (user_message.h), of at most kMaxPartBytes and a head.
inline constexpr size_t kMaxWorkerPayloadBytes = size_t{256} << 10;

struct Start {
  uint32_t worker_id = 0;
  uint32_t worker_count = 0;
  uint32_t slot = 0;
  uint32_t generation = 0;  // which worker of the slot, from 1
  int32_t cpu = kAnyCpu;    // the only one it runs on
  uint32_t listener_count = 0;
  std::vector<ListenerFacts> listeners = {};  // as many
  // SIGTERM asks the primary for a drain instead of killing the worker, so that
  // a signal to the whole process group loses nothing.
  bool drain_on_sigterm = false;
  std::string plugin_path;  // absolute
  std::vector<std::pair<std::string, std::string>> config;
  std::vector<std::string> arguments;
  bool allow_draft = false;  // services that may still change
  uint32_t gather_us = 0;    // where it accepts itself, on a socket of its own
  bool json_values = false;  // the library sends values as JSON text

  template <class Archive>
  void serialize(Archive& archive) {
    archive(worker_id,
            worker_count,
            slot,
            generation,
            cpu,
            listener_count,
            listeners,
            drain_on_sigterm,
            plugin_path,
            config,
            arguments,
            allow_draft,
            gather_us,
            json_values);
  }
};

struct ListenRequest {
  uint32_t listener = 0;  // index in the order of the host's addresses

  template <class Archive>
  void serialize(Archive& archive) {
    archive(listener);
  }
};

struct ListenReply {
  uint32_t listener = 0;
  int32_t error = 0;  // an errno; 0: a descriptor came along
  DataPath data_path = DataPath::kHandoff;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(listener, error, data_path);
  }
};

struct ListeningNotice {
  uint32_t listener = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(listener);
  }
};

struct Drain {
  uint64_t deadline_ms = 0;  // UINT64_MAX: none
  // The whole host ends: nobody will take what the kernel still holds.
  bool listeners_close = false;
  // By listener: the number of the last connection that was handed off. The
  // worker takes up to that before it stops listening.
  std::vector<uint64_t> sent;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(deadline_ms, listeners_close, sent);
  }
};

struct Failed {
  std::string reason;  // at most kMaxWorkerTextBytes

  template <class Archive>
  void serialize(Archive& archive) {
    archive(reason);
  }
};

struct LogLine {
  uint8_t level = 0;  // CLUSTER_LOG_* of the plugin ABI
  std::string text;   // at most kMaxWorkerTextBytes

  template <class Archive>
  void serialize(Archive& archive) {
    archive(level, text);
  }
};

}  // namespace cluster

#endif  // CORE_CONTROL_MESSAGES_H_
