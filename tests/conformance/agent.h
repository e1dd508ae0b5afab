// Agent: a worker that does what it is told by messages, for the tests of
// messages and handles.
#ifndef TESTS_CONFORMANCE_AGENT_H_
#define TESTS_CONFORMANCE_AGENT_H_

#include <string>

#include "core/cluster.h"

namespace cluster {

// Returns the exit code. By `does`, what argv[1] says:
//   agent            obeys the orders below
//   agent late       the same, but listens for messages only when the primary
//                    has answered its request "now?"
//   agent twice      has two listeners, and tells what each heard instead
//   agent listening  listens on a port of 127.0.0.1, and tells "mine" from its
//                    own callback
//   agent hold       likewise, tells "held" of each connection, and keeps it
//                    until its peer closes it
//   agent greet      likewise, greets each, tells "greeted", and closes it
//   agent return     likewise, sends each back with "yours"
//   tell COUNT SIZE  tells so many texts of that size, and calls exit(0); dies
//                    by SIGKILL instead if "killed" follows
//
// Orders, texts of the primary's:
//   tell COUNT SIZE  tells so many texts, "N xxx..."
//   tell bytes       tells a byte that is no text; then "not sent CODE"
//   flood COUNT      sends all others so many handles, one after the other
//   meet             greets on the handle: "worker N", to each who connects or
//                    writes if it is a listener or a UDP socket; tells "met"
//                    and the handle's kind
//   give KIND        tells "given", with one end of a new socket; the worker
//                    greets on the other: tcp, unix, udp, or listener, which
//                    the other has connected to; or the id of a worker, which
//                    is sent "meet" with it instead
//   adopt FD MOST    serves the handle, or its descriptor FD if that is not -1
//                    (both may be left out): tells "adopted ADDRESS PORT TYPE"
//                    or "refused CODE CALL". Connections are greeted and
//                    closed; with MOST, held (see above) and at most so many
//   take             serves the handle, a connection, by the first of those;
//                    tells "not taken CODE" if it cannot
//   close            closes those servers, tells "closed" when they are
//   count            tells "has N": connections of its servers
//   keep             keeps the handle until "let go"
//   to ID TEXT       sends TEXT to a worker; others TEXT to all others
//   ask ID TEXT      asks a worker, 0 for the primary, and tells the answer
//   disconnect       disconnects itself; exit CODE ends at once; throw throws
// A request is answered with "re: TEXT", and its handle comes back; "silence"
// never is. Any other message is sent back as it came, with its handle. What
// comes from another worker is told as "ID says TEXT", and whether it has lost
// a handle.
int RunAgent(Cluster& cluster, const std::string& how);
[[noreturn]] void TellAndEnd(Cluster& cluster,
                             int count,
                             size_t size,
                             const std::string& how);

}  // namespace cluster

#endif  // TESTS_CONFORMANCE_AGENT_H_
