// RequestSource: what a connection asks for: its key, how many requests, how
// much work each of them is, how long the client thinks in between.
//
// Each kind of draw has a stream of its own, and requests after the first one
// belong to their connection, so that all policies see the same.
//
// Thread safety: none.
#ifndef TOOLS_POLICY_LAB_ARRIVALS_REQUEST_SOURCE_H_
#define TOOLS_POLICY_LAB_ARRIVALS_REQUEST_SOURCE_H_

#include <cstdint>
#include <memory>

#include "tools/policy_lab/random_stream.h"
#include "tools/policy_lab/service/service.h"
#include "tools/policy_lab/workload.h"

namespace cluster::lab {

struct RequestShape {
  std::shared_ptr<const Service> service;  // simulations on threads share it
  double mean_work_ns = 1e6;
  double requests = 1;   // of a connection, on average; geometric
  double think_ns = 0;   // on average; exponential
  uint64_t keys = 1000;  // all as likely; > 0
};

class RequestSource {
 public:
  RequestSource(const RequestShape& shape, uint64_t seed);

  // Returns the next connection.
  Demand Draw();

  // Returns the request of the connection `seed` after which `left` will come.
  FollowingRequest Next(uint64_t seed, uint32_t left) const;

 private:
  int64_t WorkNs(RandomStream& random) const;

  RequestShape shape_;
  RandomStream sizes_;
  RandomStream keys_;
  RandomStream connections_;
};

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_ARRIVALS_REQUEST_SOURCE_H_
