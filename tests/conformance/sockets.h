// Sockets of the tests' own, to be sent and to be heard on.
#ifndef TESTS_CONFORMANCE_SOCKETS_H_
#define TESTS_CONFORMANCE_SOCKETS_H_

#include <sys/types.h>

#include <string>
#include <utility>

#include "core/cluster.h"

namespace cluster {

// What comes, waiting for it; "end" at the end, "nothing" if it takes too long.
std::string Read(int fd);
// A socket of 127.0.0.1, of SOCK_STREAM or SOCK_DGRAM; a stream listens.
Handle Bound(int type);
Handle UnixListener();
Handle ConnectTo(const Handle& to);
std::pair<Handle, Handle> UnixPair();
// A socket to pass on, and the one whose owner hears who has it.
std::pair<Handle, Handle> SocketOf(HandleKind kind);
// Such as "tcp socket".
const char* NameOf(HandleKind kind);
// Tells apart what stands behind descriptors.
ino_t IdentityOf(const Handle& handle);

}  // namespace cluster

#endif  // TESTS_CONFORMANCE_SOCKETS_H_
