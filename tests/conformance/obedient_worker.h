// A worker that does what comes on its standard input, a command a line, and
// prints what follows, a line each. What comes at once is done in one turn.
#ifndef TESTS_CONFORMANCE_OBEDIENT_WORKER_H_
#define TESTS_CONFORMANCE_OBEDIENT_WORKER_H_

#include <string>

#include "core/cluster.h"

namespace cluster {

// Runs in a worker; returns its exit code. Commands, for a server or socket
// that is called NAME:
//   listen NAME WHAT...  "NAME listening ADDRESS PORT TYPE FD", or "NAME error
//                        CODE CALL ADDRESS PORT". WHAT is the name of an option
//                        with "=" and its value, or alone; further max=N, drop,
//                        and what is done with connections: keep (else they are
//                        greeted by the worker's id and closed), block (the
//                        worker hangs until its next line), echo (they are
//                        greeted again for whatever they send), peer ("NAME
//                        from PORT to PORT"), close (the server
//                        is closed when it listens); throw or disconnect, when
//                        it fails
//   socket NAME WHAT...  makes a datagram socket; with shut, an error closes it
//   bind NAME WHAT...    as listen. "NAME got TEXT PORT" for each datagram
//   send NAME PORT TEXT  to 127.0.0.1
//   join NAME GROUP      "NAME joined" or "NAME error CODE"
//   close NAME           "NAME closed" or "NAME was not listening"
//   address NAME         "NAME is at ADDRESS PORT" or "NAME is nowhere"
//   count NAME           "NAME has N": connections
//   max NAME N           sets max_connections
//   free NAME            closes the connections that are kept
//   sockets              "sockets N": its descriptors that listen
//   block                "blocked", and hangs until the next line
//   chdir PATH, disconnect, exit CODE
// An empty field is "-". With `first`, a path, it listens there before all else
// as "first", prints "asked", and hangs until its first line.
int ObedientWorker(Cluster& cluster, const std::string& first);

}  // namespace cluster

#endif  // TESTS_CONFORMANCE_OBEDIENT_WORKER_H_
