// Workers of the tests of how workers end, by their first argument.
#ifndef TESTS_CONFORMANCE_ENDING_WORKER_H_
#define TESTS_CONFORMANCE_ENDING_WORKER_H_

#include <optional>
#include <string>

#include "core/cluster.h"

namespace cluster {

// Runs in a worker; returns its exit code, or nothing if `does` is none of:
//   asked            prints whether it was asked to end: at its start, and when
//                    it is disconnected; disconnects itself if `word` is "self"
//   states           prints its state and whether it is dead: at its start,
//   when
//                    it listens, when it asks to end, and when it is
//                    disconnected
//   linger           has a timer that never rings; says when it is
//                    disconnected and when run() has returned, and ends with
//                    its standard input; has a datagram socket, too, if `word`
//                    is "udp"
//   twice            keeps a connection, asks twice to be disconnected; ends by
//                    kill() when a byte comes from its standard input
//   kill then        keeps a connection and prints "kept"; calls kill() as soon
//                    as it disconnects
//   asks and exits   asks to be disconnected, and exits with 7 in that turn
//   throws           throws when it is given a connection
//   block            hangs when it is given a connection, until SIGUSR1
//   events           listens to all events that a cluster has, and prints how
//                    many came
//   tells            sends all others more than a channel holds, and
//   disconnects sockets          prints how many of its sockets listen
std::optional<int> EndingWorker(Cluster& cluster,
                                const std::string& does,
                                const std::string& word);

}  // namespace cluster

#endif  // TESTS_CONFORMANCE_ENDING_WORKER_H_
