// What an operator's tool and a running host say to each other: one request,
// one reply, each the payload of one frame (ipc/archive).
//
// Thread safety: plain values.
#ifndef CORE_ADMIN_ADMIN_MESSAGES_H_
#define CORE_ADMIN_ADMIN_MESSAGES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace cluster {

// The `type` of the frames.
inline constexpr uint16_t kAdminRequestFrame = 1;
inline constexpr uint16_t kAdminReplyFrame = 2;
// No request is longer.
inline constexpr size_t kMaxAdminRequestBytes = 4096;

enum class AdminAction : uint8_t {
  kStatus = 1,
  kSetPolicy = 2,  // `text`: as --policy takes it
  kSetWeight = 3,  // `worker`, `number`
  kPause = 4,      // `worker`: it gets no connections
  kResume = 5,     // `worker`
  kRestart = 6,    // `worker`: it drains, and another takes its place
};

struct AdminRequest {
  AdminAction action = AdminAction::kStatus;
  uint32_t worker = 0;  // id
  uint32_t number = 0;
  std::string text = {};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(action, worker, number, text);
  }
};

struct AdminWorker {
  uint32_t id = 0;
  int32_t pid = -1;
  uint32_t slot = 0;
  std::string state = {};  // "none", "online", "listening", ...
  bool ready = true;       // its plugin wants connections
  bool paused = false;
  uint32_t weight = 1;
  uint64_t in_flight = 0;  // connections
  uint64_t requests = 0;   // that run there, by its own word
  uint64_t finished = 0;   // connections, by all workers of the slot

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id,
            pid,
            slot,
            state,
            ready,
            paused,
            weight,
            in_flight,
            requests,
            finished);
  }
};

struct AdminStatus {
  std::string plugin;          // as the host was asked for it
  std::string plugin_version;  // empty: its file does not say
  std::string build_id;        // likewise, in hexadecimal
  std::string reduced;  // what the plugin has to do without; empty: nothing
  std::string policy;   // empty on the data path share: there is none
  std::string data_path;
  std::vector<std::string> listening;
  std::vector<AdminWorker> workers;
  // Connections, over all time.
  uint64_t accepted = 0;
  uint64_t completed = 0;
  uint64_t lost = 0;
  uint64_t refused = 0;
  uint64_t expired = 0;
  uint64_t redispatched = 0;
  uint64_t live = 0;
  uint64_t pending = 0;  // of these

  template <class Archive>
  void serialize(Archive& archive) {
    archive(plugin, plugin_version, build_id, reduced);
    archive(policy, data_path, listening, workers);
    archive(accepted,
            completed,
            lost,
            refused,
            expired,
            redispatched,
            live,
            pending);
  }
};

struct AdminReply {
  std::string error;   // one line; empty: it was done
  AdminStatus status;  // after it was done; also with an error

  template <class Archive>
  void serialize(Archive& archive) {
    archive(error, status);
  }
};

}  // namespace cluster

#endif  // CORE_ADMIN_ADMIN_MESSAGES_H_
