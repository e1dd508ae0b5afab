// SlotMemory: one SlotPage in a sealed memfd, mapped into this process.
//
// The primary creates it and sends the descriptor to the slot's workers, who
// map the same memory. It can neither shrink nor grow, so a mapping never
// faults.
//
// Thread safety: the object none; the page's words are atomic.
//
//   ASSIGN_OR_RETURN(SlotMemory memory, SlotMemory::Create());
//   memory.page().started.load();
#ifndef CORE_SCOREBOARD_SLOT_MEMORY_H_
#define CORE_SCOREBOARD_SLOT_MEMORY_H_

#include <utility>

#include "absl/status/statusor.h"
#include "core/base/unique_fd.h"
#include "core/scoreboard/slot_page.h"

namespace cluster {

class SlotMemory {
 public:
  // Makes a zeroed page with its header filled in. Errors: the kernel's
  // (descriptors or memory exhausted).
  static absl::StatusOr<SlotMemory> Create();

  // Maps the page behind `fd`. kInvalidArgument: not a page of this version, or
  // not sealed against shrinking.
  static absl::StatusOr<SlotMemory> Map(UniqueFd fd);

  SlotMemory(SlotMemory&& other) noexcept
      : fd_(std::move(other.fd_)), page_(std::exchange(other.page_, nullptr)) {}
  SlotMemory& operator=(SlotMemory&& other) noexcept;
  ~SlotMemory();

  // Fills in the header again, which a worker may have overwritten.
  void WriteHeader() const;

  int fd() const { return fd_.get(); }
  SlotPage& page() const { return *page_; }

 private:
  SlotMemory(UniqueFd fd, SlotPage* page) : fd_(std::move(fd)), page_(page) {}

  UniqueFd fd_;
  SlotPage* page_;
};

}  // namespace cluster

#endif  // CORE_SCOREBOARD_SLOT_MEMORY_H_
