// CallRule: what the headers of the ABI say of one function of a service: on
// which thread, and in which states of the plugin, it may be called.
//
// A state begins when the function that leads to it is called; `started` begins
// when start has returned.
//
// Thread safety: constants and pure functions.
//
//   constexpr CallRule kPost = {CLUSTER_SERVICE_LOOP_V1, "post", kAnyThread,
//                               kCreatedToDraining};
//   TagOf(kPost);  // "[any-thread & created to draining]"
#ifndef PLUGINS_HOST_CALL_RULE_H_
#define PLUGINS_HOST_CALL_RULE_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace cluster {

// The states of a plugin, as bits.
inline constexpr uint32_t kLoaded = 1;
inline constexpr uint32_t kCreated = 2;
inline constexpr uint32_t kStarted = 4;
inline constexpr uint32_t kDraining = 8;
inline constexpr uint32_t kStopped = 16;
inline constexpr uint32_t kDestroyed = 32;

// The spans that the headers of the ABI name.
inline constexpr uint32_t kCreatedToStarted = kCreated | kStarted;
inline constexpr uint32_t kCreatedToDraining = kCreatedToStarted | kDraining;
inline constexpr uint32_t kCreatedToStopped = kCreatedToDraining | kStopped;
inline constexpr uint32_t kStartedToDraining = kStarted | kDraining;
inline constexpr uint32_t kStartedToStopped = kStartedToDraining | kStopped;

inline constexpr bool kAnyThread = false;
inline constexpr bool kLoopThread = true;

struct CallRule {
  absl::string_view service;  // its id
  absl::string_view function;
  bool on_loop_thread;
  uint32_t states;  // no gaps, at least one
};

// REQUIRES: one of the states.
absl::string_view StateName(uint32_t state);

// Returns the tag, as the headers have it: "[loop-thread & created, started]",
// "[any-thread & created to draining]".
std::string TagOf(const CallRule& rule);

}  // namespace cluster

#endif  // PLUGINS_HOST_CALL_RULE_H_
