#include "core/scoreboard/slot_memory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

namespace cluster {
namespace {

TEST(SlotMemoryTest, BothMappingsSeeTheSameWords) {
  absl::StatusOr<SlotMemory> primary = SlotMemory::Create();
  ASSERT_TRUE(primary.ok()) << primary.status();
  absl::StatusOr<SlotMemory> worker =
      SlotMemory::Map(UniqueFd(fcntl(primary->fd(), F_DUPFD_CLOEXEC, 0)));
  ASSERT_TRUE(worker.ok()) << worker.status();
  worker->page().started.store(7);
  EXPECT_EQ(primary->page().started.load(), 7u);
}

TEST(SlotMemoryTest, CannotBeShrunkUnderThePrimary) {
  absl::StatusOr<SlotMemory> memory = SlotMemory::Create();
  ASSERT_TRUE(memory.ok()) << memory.status();
  EXPECT_NE(ftruncate(memory->fd(), 0), 0);
  EXPECT_NE(fcntl(memory->fd(), F_ADD_SEALS, F_SEAL_WRITE), 0);
}

TEST(SlotMemoryTest, UnsealedOrForeignMemoryIsRefused) {
  UniqueFd plain(memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  ASSERT_EQ(ftruncate(plain.get(), sizeof(SlotPage)), 0);
  EXPECT_EQ(SlotMemory::Map(UniqueFd(fcntl(plain.get(), F_DUPFD_CLOEXEC, 0)))
                .status()
                .code(),
            absl::StatusCode::kInvalidArgument);
  ASSERT_EQ(fcntl(plain.get(), F_ADD_SEALS, F_SEAL_SHRINK), 0);
  const absl::Status no_magic = SlotMemory::Map(std::move(plain)).status();
  EXPECT_EQ(no_magic.message(), "scoreboard slot of version 0, expected 3");
}

TEST(SlotMemoryTest, DescriptorThatIsNoMemoryIsRefused) {
  UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  EXPECT_FALSE(SlotMemory::Map(std::move(null)).ok());
}

}  // namespace
}  // namespace cluster
