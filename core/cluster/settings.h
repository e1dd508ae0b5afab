// Settings: what the workers of a cluster run, and how they are started, in
// Node's words; a member without a value is Node's `undefined`. And its names
// of scheduling policies.
//
// Thread safety: plain values.
//
//   cluster.setup_primary({.args = {{"--config", "a.conf"}}, .silent = true});
#ifndef CORE_CLUSTER_SETTINGS_H_
#define CORE_CLUSTER_SETTINGS_H_

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cluster {

// Node's two scheduling policies. The environment variable CLUSTER_SCHED_POLICY
// takes these two, and every name that the host's --policy takes. (SCHED_RR
// itself is a macro of <sched.h>.)
inline constexpr char kSchedRr[] = "rr";      // the primary accepts, by turns
inline constexpr char kSchedNone[] = "none";  // the workers accept

// What a worker finds at one of its descriptors.
struct Stdio {
  enum class Kind { kPipe, kInherit, kIgnore, kIpc, kFd };

  // Both ends: the primary's is worker.process().stream(n).
  static constexpr Stdio pipe() { return {Kind::kPipe, -1}; }
  // The primary's of the same number.
  static constexpr Stdio inherit() { return {Kind::kInherit, -1}; }
  static constexpr Stdio ignore() { return {Kind::kIgnore, -1}; }
  // The channel to the primary: exactly one has to be it.
  static constexpr Stdio ipc() { return {Kind::kIpc, -1}; }
  // The primary's descriptor `number`, which has to be open at each fork.
  static constexpr Stdio fd(int number) { return {Kind::kFd, number}; }

  Kind kind = Kind::kInherit;
  int number = -1;  // kFd only

  bool operator==(const Stdio&) const = default;
};

// What a message that is made of a Value goes as.
enum class Serialization {
  kAdvanced,  // every kind of value
  kJson,      // JSON text, which every language reads; refuses what it has not
};

// A worker's environment is the primary's at the time of the fork with these
// set, or (without a value) removed.
using Env = std::map<std::string, std::optional<std::string>>;

struct Settings {
  // The program, a path; it has to use this library. By default this one.
  std::optional<std::string> exec = std::nullopt;
  // A plugin (a .so), a path: the worker loads it and no code of the program
  // beyond the making of its Cluster runs there. `args` are the plugin's.
  std::optional<std::string> plugin = std::nullopt;
  // The program's arguments; by default those of this one.
  std::optional<std::vector<std::string>> args = std::nullopt;
  // Words before `args`, for an `exec` that is an interpreter or a wrapper.
  std::optional<std::vector<std::string>> exec_args = std::nullopt;
  std::optional<std::string> cwd = std::nullopt;  // by default this one's
  // Pipes at 0, 1 and 2, instead of this process's.
  std::optional<bool> silent = std::nullopt;
  // By number; overrides `silent`.
  std::optional<std::vector<Stdio>> stdio = std::nullopt;
  // Whom the worker runs as; this process has to be allowed that.
  std::optional<uid_t> uid = std::nullopt;
  std::optional<gid_t> gid = std::nullopt;
  // Of what this process sends to the worker, and the worker to anybody; by
  // default kAdvanced. Whoever gets it need not know which: Message::value().
  std::optional<Serialization> serialization = std::nullopt;

  bool operator==(const Settings&) const = default;
};

// Returns `current` with what has a value in `change`.
Settings Merge(const Settings& current, const Settings& change);

// What one fork does otherwise than the settings.
struct ForkOptions {
  Env env = {};
  Settings settings = {};
};

}  // namespace cluster

#endif  // CORE_CLUSTER_SETTINGS_H_
