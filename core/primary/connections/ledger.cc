#include "core/primary/connections/ledger.h"

#include "absl/strings/str_cat.h"

namespace cluster {

int64_t Ledger::imbalance(uint64_t live) const {
  // Modulo 2^64, so the difference is right even below zero.
  return static_cast<int64_t>(accepted_ - completed_ - refused_ - lost_ -
                              expired_ - live);
}

std::string Ledger::Summary() const {
  return absl::StrCat("accepted ",
                      accepted_,
                      " = completed ",
                      completed_,
                      " + refused ",
                      refused_,
                      " + lost ",
                      lost_,
                      " + expired ",
                      expired_,
                      " + live ",
                      imbalance(0),
                      "; re-dispatched ",
                      redispatched_);
}

}  // namespace cluster
