// WithoutCapability: what root may do, and this thread may not as long as one
// of these lives, nor what it forks then.
//
//   const WithoutCapability without(CAP_SETUID);
#ifndef TESTS_CONFORMANCE_WITHOUT_CAPABILITY_H_
#define TESTS_CONFORMANCE_WITHOUT_CAPABILITY_H_

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace cluster {

class WithoutCapability {
 public:
  // `capability` is below 32. Nothing changes for one that is not had.
  explicit WithoutCapability(int capability) {
    (void)syscall(SYS_capget, &header_, before_);
    __user_cap_data_struct without[2] = {before_[0], before_[1]};
    without[0].effective &= ~(1u << capability);
    (void)syscall(SYS_capset, &header_, without);
  }
  WithoutCapability(const WithoutCapability&) = delete;
  WithoutCapability& operator=(const WithoutCapability&) = delete;
  ~WithoutCapability() { (void)syscall(SYS_capset, &header_, before_); }

 private:
  __user_cap_header_struct header_ = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct before_[2] = {};
};

}  // namespace cluster

#endif  // TESTS_CONFORMANCE_WITHOUT_CAPABILITY_H_
