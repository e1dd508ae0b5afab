// The workers of LifeCycle (life_cycle.h).
#ifndef TESTS_CONFORMANCE_LIFE_CYCLE_WORKER_H_
#define TESTS_CONFORMANCE_LIFE_CYCLE_WORKER_H_

#include <signal.h>

#include <cstdint>
#include <string>

#include "core/cluster.h"

namespace cluster {

// How such a worker ends, if it does so by itself: by this code, or by this
// signal; or by 68, where what it threw comes out of a callback.
inline constexpr int kLifeCycleExit = 7;
inline constexpr int kLifeCycleSignal = SIGUSR1;

// Does what `seed` says, some milliseconds long: listens, also at paths in
// `folder`, closes and listens anew, sends messages with and without
// descriptors, asks and answers, hangs, and ends in some way or waits to be
// ended. Returns the worker's exit code.
int LifeCycleWorker(Cluster& cluster, uint64_t seed, std::string folder);

}  // namespace cluster

#endif  // TESTS_CONFORMANCE_LIFE_CYCLE_WORKER_H_
