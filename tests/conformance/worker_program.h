// What the workers of these tests do, by their first argument, and what other
// processes do that are this program.
#ifndef TESTS_CONFORMANCE_WORKER_PROGRAM_H_
#define TESTS_CONFORMANCE_WORKER_PROGRAM_H_

#include "core/cluster.h"

namespace cluster {

// Runs in a worker; returns its exit code. By argv[1]:
//   idle             nothing
//   obey             what it is told (obedient_worker.h)
//   exit CODE        exits at once
//   abort            dies by SIGABRT
//   throw            throws out of main()
//   busy             never returns to its loop
//   trap             lives on after SIGTERM, and prints "trapped"
//   print WHAT...    prints each: role, id, args, cwd, uid, env:NAME, fds
//   call fork        calls what is the primary's
//   call policy      sets what is the primary's
//   echo FD          what comes from there, until its end
//   shut FD          shuts that down, and nothing
//   serve            listens on a port of 127.0.0.1; greets and closes
//   serve exclusive  the same, alone
//   serve fd=N       the same, at a descriptor of the primary's
//   hold             the same, greets, prints "held" and keeps connections
//                    until their peers close them
//   disconnect       disconnects itself once it listens
//   kill             calls kill() once it holds a connection
//   leave child      exits, and leaves a process that keeps the channel until
//                    its standard input ends
//   sum              answers a std::vector<int> by an int, both of pack()
//   agent HOW, tell COUNT SIZE [killed]
//                    tests/conformance/agent.h
//   send after disconnect
//                    sends when the channel is gone, and prints what is told
//   grandchild       runs this program as "role" and prints what it says
// or what ending_worker.h has.
int WorkerProgram(Cluster& cluster, int argc, char** argv);

// Processes that are no workers:
//   role             prints its role
//   primary [DOES [HOW]]  forks a worker that does DOES, or holds; prints its
//                         pid and its port. HOW, which the worker is told, too:
//     traps          lives on after SIGTERM, and prints "trapped"
//     passed         serves the first socket of a service manager's, by fd=N
//     throws         throws once the worker listens, and ends by a handler of
//                    its own, with 42
bool IsOtherProgram(const char* name);
int OtherProgram(int argc, char** argv);

}  // namespace cluster

#endif  // TESTS_CONFORMANCE_WORKER_PROGRAM_H_
