#include "core/scoreboard/slot_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "absl/strings/str_cat.h"
#include "core/base/errno_status.h"
#include "core/base/status_macros.h"

namespace cluster {
namespace {

constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

absl::StatusOr<SlotPage*> MapPage(int fd) {
  void* const memory = mmap(
      nullptr, sizeof(SlotPage), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return ErrnoStatus("mmap", "scoreboard slot");
  return static_cast<SlotPage*>(memory);
}

}  // namespace

absl::StatusOr<SlotMemory> SlotMemory::Create() {
  UniqueFd fd(memfd_create("cluster-slot", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) return ErrnoStatus("memfd_create", "scoreboard slot");
  if (ftruncate(fd.get(), sizeof(SlotPage)) != 0) {
    return ErrnoStatus("ftruncate", "scoreboard slot");
  }
  if (fcntl(fd.get(), F_ADD_SEALS, kSeals) != 0) {
    return ErrnoStatus("fcntl", "scoreboard slot");
  }
  ASSIGN_OR_RETURN(SlotPage * page, MapPage(fd.get()));
  SlotMemory memory(std::move(fd), page);
  memory.WriteHeader();
  return memory;
}

void SlotMemory::WriteHeader() const {
  page_->magic = kSlotPageMagic;
  page_->version = kSlotPageVersion;
  page_->size_bytes = sizeof(SlotPage);
}

absl::StatusOr<SlotMemory> SlotMemory::Map(UniqueFd fd) {
  const int seals = fcntl(fd.get(), F_GET_SEALS);
  if (seals < 0) return ErrnoStatus("fcntl", "scoreboard slot");
  struct stat status;
  if (fstat(fd.get(), &status) != 0) return ErrnoStatus("fstat");
  if ((seals & F_SEAL_SHRINK) == 0 ||
      status.st_size != static_cast<off_t>(sizeof(SlotPage))) {
    return absl::InvalidArgumentError(
        absl::StrCat("scoreboard slot of ",
                     status.st_size,
                     " bytes, expected ",
                     sizeof(SlotPage),
                     " sealed against shrinking"));
  }
  ASSIGN_OR_RETURN(SlotPage * page, MapPage(fd.get()));
  SlotMemory memory(std::move(fd), page);
  if (page->magic != kSlotPageMagic || page->version != kSlotPageVersion) {
    return absl::InvalidArgumentError(
        absl::StrCat("scoreboard slot of version ",
                     page->version,
                     ", expected ",
                     kSlotPageVersion));
  }
  return memory;
}

SlotMemory& SlotMemory::operator=(SlotMemory&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(page_, other.page_);
  return *this;
}

SlotMemory::~SlotMemory() {
  if (page_ != nullptr) munmap(page_, sizeof(SlotPage));
}

}  // namespace cluster
