// Stage: the other side of a plugin's connections, and what a scenario may ask
// for. One scenario, one stage.
//
// Thread safety: the thread of the scenario (ProbeHost::Run's client).
//
//   UniqueFd peer = stage.Connect();
//   stage.Talk(peer.get());
//   peer.Reset();
//   stage.AwaitEnded("after its peer closed");
#ifndef TOOLS_PLUGIN_CHECK_PROBE_STAGE_H_
#define TOOLS_PLUGIN_CHECK_PROBE_STAGE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "absl/strings/string_view.h"
#include "core/base/unique_fd.h"
#include "tools/plugin_check/probe/probe_host.h"
#include "tools/plugin_check/probe/process_snapshot.h"

namespace cluster {

// What may stay after connections have ended.
struct Held {
  ProcessSnapshot process;
  size_t watches = 0;
  size_t timers = 0;
};

class Stage {
 public:
  // Waits last at most `patience`.
  Stage(ProbeHost& host, std::chrono::milliseconds patience);

  std::chrono::milliseconds patience() const { return patience_; }

  // Give the plugin a connection over a Unix socket or over TCP, and return its
  // other end, non-blocking.
  UniqueFd Connect();
  UniqueFd ConnectTcp();
  // Gives the plugin one of each whose peer has closed before.
  void GiveAbandoned();

  // Sends a request (HTTP, as most that listens takes a line of text), waits a
  // little for an answer and reads it.
  void Talk(int fd);
  // Sends requests until they are not taken any more, then reads what comes.
  void Flood(int fd);
  // Reads until nothing comes for a moment. Returns whether the stream ended.
  bool ReadAll(int fd);
  // Ends the connection by a reset, as a peer that crashed does.
  static void ResetPeer(UniqueFd fd);

  // Tells the plugin to drain.
  void Drain(uint64_t deadline_ms) { host_.fake().Drain(deadline_ms); }

  // Waits until `holds`, which runs on the loop thread. Returns whether it
  // does.
  bool Await(std::chrono::milliseconds limit, std::function<bool()> holds);
  // Waits until no connection is open; reports those that are.
  bool AwaitEnded(absl::string_view when);

  // What is held now, seen from the loop thread.
  Held Look();

 private:
  ProbeHost& host_;
  const std::chrono::milliseconds patience_;
  std::chrono::milliseconds answer_wait_{250};
  UniqueFd listener_;
};

}  // namespace cluster

#endif  // TOOLS_PLUGIN_CHECK_PROBE_STAGE_H_
