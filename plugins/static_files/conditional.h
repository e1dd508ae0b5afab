// Conditional requests: RFC 9110, 13.
//
// Thread safety: functions of their arguments.
//
//   const Validators validators = ValidatorsOf(size, mtime, inode);
//   if (Evaluate(request, validators) == Precondition::kNotModified) ...
#ifndef PLUGINS_STATIC_FILES_CONDITIONAL_H_
#define PLUGINS_STATIC_FILES_CONDITIONAL_H_

#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

#include "plugins/static_files/request.h"

namespace cluster::static_files {

// What tells one state of a file from another.
struct Validators {
  std::string etag;  // strong, with its quotes
  time_t last_modified = 0;
};

// A file that is replaced has another inode, one that is written another time
// (in nanoseconds) or size. `now` bounds Last-Modified: RFC 9110, 8.8.2.1.
Validators ValidatorsOf(uint64_t size,
                        const timespec& mtime,
                        ino_t inode,
                        time_t now);

enum class Precondition : uint8_t {
  kProceed,
  kNotModified,  // 304
  kFailed,       // 412
};

// In the order of RFC 9110, 13.2.2. A field that does not parse does not count.
// REQUIRES: the method is GET or HEAD
Precondition Evaluate(const Request& request, const Validators& validators);

// Returns whether a Range counts: `if_range` is empty, is the strong tag, or is
// the date of Last-Modified, which is older than `now`'s second.
bool IfRangeHolds(std::string_view if_range,
                  const Validators& validators,
                  time_t now);

}  // namespace cluster::static_files

#endif  // PLUGINS_STATIC_FILES_CONDITIONAL_H_
