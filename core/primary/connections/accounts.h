// Accounts: the books of a primary as they stand, and what is live by them.
//
// Thread safety: plain values.
//
//   const Accounts accounts = primary.Snapshot();
//   if (accounts.ledger.imbalance(accounts.live) != 0) ...
#ifndef CORE_PRIMARY_CONNECTIONS_ACCOUNTS_H_
#define CORE_PRIMARY_CONNECTIONS_ACCOUNTS_H_

#include <cstdint>

#include "core/primary/connections/ledger.h"

namespace cluster {

struct Accounts {
  Ledger ledger;
  uint64_t live = 0;
  uint64_t pending = 0;     // of these
  uint64_t handed_off = 0;  // over all time, some more than once
  uint64_t requests = 0;    // that run now
  uint64_t bytes_received = 0;
  uint64_t bytes_sent = 0;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_CONNECTIONS_ACCOUNTS_H_
