// DescriptorLimit: while one lives, this process can open few descriptors more.
//
// For tests of what happens at the limit. It lowers the soft RLIMIT_NOFILE,
// which is one on numbers: what is free below counts, too.
//
// Thread safety: none; one at a time.
//
//   const DescriptorLimit limit(0);
//   EXPECT_EQ(ErrnoOf(Open()), EMFILE);
#ifndef IPC_DESCRIPTOR_LIMIT_H_
#define IPC_DESCRIPTOR_LIMIT_H_

#include <fcntl.h>
#include <sys/resource.h>

#include "core/base/unique_fd.h"

namespace cluster {

class DescriptorLimit {
 public:
  // Leaves room for `more` behind the lowest that is free.
  explicit DescriptorLimit(int more) {
    const UniqueFd lowest(open("/dev/null", O_RDONLY | O_CLOEXEC));
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit now = before_;
    now.rlim_cur = static_cast<rlim_t>(lowest.get() + more);
    setrlimit(RLIMIT_NOFILE, &now);
  }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;
  ~DescriptorLimit() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_;
};

}  // namespace cluster

#endif  // IPC_DESCRIPTOR_LIMIT_H_
