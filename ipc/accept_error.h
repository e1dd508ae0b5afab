// What it means for a listening socket that accept(2) has failed.
//
// EAGAIN says that nobody is there (any more), IsOfTheConnection() that it was
// about one client. Whatever else it is lasts: the socket stays readable, so
// who watches it must rest, or it is called again at once.
//
// Thread safety: any thread.
//
//   if (error == EAGAIN || IsOfTheConnection(error)) return;
//   PauseFor(error);
#ifndef IPC_ACCEPT_ERROR_H_
#define IPC_ACCEPT_ERROR_H_

#include <cerrno>

namespace cluster {

// Whether the errno `error` is of one connection, which is gone, and not of the
// listener: accept(2) says to go on.
inline bool IsOfTheConnection(int error) {
  return error == ECONNABORTED || error == EINTR || error == EPERM ||
         error == EPROTO || error == ENETDOWN || error == ENOPROTOOPT ||
         error == EHOSTDOWN || error == ENONET || error == EHOSTUNREACH ||
         error == EOPNOTSUPP || error == ENETUNREACH;
}

}  // namespace cluster

#endif  // IPC_ACCEPT_ERROR_H_
