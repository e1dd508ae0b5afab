#include "ipc/payload_ring.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/base/unique_fd.h"

namespace cluster {
namespace {

using Bytes = std::vector<std::byte>;

Bytes Filled(size_t count, int with) {
  return Bytes(count, static_cast<std::byte>(with));
}

class PayloadRingTest : public ::testing::Test {
 protected:
  PayloadRingTest() : writer_(*RingWriter::Create()) { fd_ = writer_.TakeFd(); }

  void MapIt() {
    auto reader = RingReader::Map(fd_);
    ASSERT_TRUE(reader.ok()) << reader.status();
    reader_.emplace(*std::move(reader));
  }
  Bytes Read(RingPlace place) {
    const auto bytes = reader_->At(place);
    EXPECT_TRUE(bytes.ok()) << bytes.status();
    Bytes copy(bytes->begin(), bytes->end());
    reader_->Release(place);
    return copy;
  }
  // What a reader that lies would say.
  void SayConsumed(uint64_t position) {
    RingMapping::Of(fd_.get())->consumed().store(position);
  }

  RingWriter writer_;
  UniqueFd fd_;
  std::optional<RingReader> reader_;
};

TEST_F(PayloadRingTest, PassesTwoPiecesAsOne) {
  MapIt();
  const auto place = writer_.Write(Filled(32, 1), Filled(70'000, 2));
  ASSERT_TRUE(place.has_value());
  Bytes expected = Filled(32, 1);
  expected.resize(70'032, std::byte{2});
  EXPECT_EQ(Read(*place), expected);
}

TEST_F(PayloadRingTest, NothingIsWrittenBeforeTheReaderHasMappedIt) {
  EXPECT_FALSE(writer_.Write({}, Filled(64, 1)).has_value());
  MapIt();
  EXPECT_TRUE(writer_.Write({}, Filled(64, 1)).has_value());
}

TEST_F(PayloadRingTest, RefusesWhatDoesNotFitUntilThereIsRoom) {
  MapIt();
  EXPECT_FALSE(writer_.Write({}, Filled(kRingBytes + 1, 1)).has_value());
  const auto whole = writer_.Write({}, Filled(kRingBytes, 1));
  ASSERT_TRUE(whole.has_value());
  EXPECT_FALSE(writer_.Write({}, Filled(1, 2)).has_value());
  EXPECT_EQ(Read(*whole), Filled(kRingBytes, 1));
  const auto after = writer_.Write({}, Filled(1, 2));
  ASSERT_TRUE(after.has_value());
  EXPECT_EQ(Read(*after), Filled(1, 2));
}

// An idle ring uses the same few pages again and again.
TEST_F(PayloadRingTest, AnEmptyRingBeginsAnew) {
  MapIt();
  for (int i = 0; i < 10; ++i) {
    const auto place = writer_.Write({}, Filled(100'000, i));
    ASSERT_TRUE(place.has_value());
    EXPECT_EQ(place->position % kRingBytes, 0u);
    EXPECT_EQ(Read(*place), Filled(100'000, i));
  }
}

TEST_F(PayloadRingTest, RandomSizesAndPacesComeOutAsTheyWentIn) {
  MapIt();
  std::mt19937 random(20'240'817);
  std::vector<std::pair<RingPlace, Bytes>> inside;
  size_t passed = 0, refused = 0;
  for (int i = 0; i < 3'000; ++i) {
    const Bytes bytes = Filled(random() % (kRingBytes / 4), i % 251);
    const auto place = writer_.Write({}, bytes);
    if (place.has_value()) {
      inside.emplace_back(*place, bytes);
    } else {
      ++refused;
    }
    while (!inside.empty() && (random() % 4 == 0 || !place.has_value())) {
      ASSERT_EQ(Read(inside.front().first), inside.front().second);
      inside.erase(inside.begin());
      ++passed;
    }
  }
  EXPECT_GT(passed, 1'000u);
  EXPECT_GT(refused, 10u);
}

TEST_F(PayloadRingTest, AReaderThatLiesGetsNothing) {
  MapIt();
  const auto first = writer_.Write({}, Filled(1'000, 1));
  ASSERT_TRUE(first.has_value());
  SayConsumed(uint64_t{1} << 40);
  EXPECT_FALSE(writer_.Write({}, Filled(1'000, 2)).has_value());
  SayConsumed(~uint64_t{0});
  EXPECT_FALSE(writer_.Write({}, Filled(1'000, 2)).has_value());
  // What it takes back was consumed all the same: only its own bytes suffer.
  SayConsumed(0);
  EXPECT_TRUE(writer_.Write({}, Filled(1'000, 2)).has_value());
}

TEST_F(PayloadRingTest, AWriterThatLiesIsFound) {
  MapIt();
  const auto place = writer_.Write({}, Filled(1'000, 1));
  ASSERT_TRUE(place.has_value());
  EXPECT_EQ(Read(*place), Filled(1'000, 1));
  for (const RingPlace lie :
       {RingPlace{.position = 0, .bytes = 10},
        RingPlace{.position = 1'024, .bytes = kRingBytes},
        RingPlace{.position = kRingBytes - 1, .bytes = 2},
        RingPlace{.position = 1'024, .bytes = ~uint64_t{0}}}) {
    EXPECT_TRUE(absl::IsDataLoss(reader_->At(lie).status())) << lie.position;
  }
  EXPECT_EQ(reader_->At({.position = ~uint64_t{0} - 63, .bytes = 64})->size(),
            64u);  // its own bytes: what they are is the writer's matter
}

// A mapping of a file that was cut short kills who reads it.
TEST_F(PayloadRingTest, CannotBeCutShort) {
  EXPECT_NE(ftruncate(fd_.get(), 0), 0);
  EXPECT_NE(fcntl(fd_.get(), F_ADD_SEALS, F_SEAL_WRITE), 0);
}

TEST_F(PayloadRingTest, OnlyASealedRingIsMapped) {
  const auto refused = [](const UniqueFd& fd) {
    return absl::IsInvalidArgument(RingReader::Map(fd).status());
  };
  UniqueFd unsealed(memfd_create("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  ASSERT_EQ(ftruncate(unsealed.get(), 4096 + kRingBytes), 0);
  EXPECT_TRUE(refused(unsealed));
  ASSERT_EQ(ftruncate(unsealed.get(), 4096), 0);
  ASSERT_EQ(fcntl(unsealed.get(), F_ADD_SEALS, F_SEAL_SHRINK), 0);
  EXPECT_TRUE(refused(unsealed)) << "too small";
  EXPECT_TRUE(refused(UniqueFd(open("/dev/null", O_RDWR | O_CLOEXEC))));
  EXPECT_TRUE(refused(UniqueFd()));
}

// Workers share no memory with each other, also if one is forked while another
// has a ring.
TEST_F(PayloadRingTest, AForkedChildHasNoPartInIt) {
  MapIt();
  const pid_t child = fork();
  if (child == 0) {
    FILE* const maps = std::fopen("/proc/self/maps", "re");
    char line[512];
    while (std::fgets(line, sizeof(line), maps) != nullptr) {
      if (std::string(line).find("cluster payloads") != std::string::npos) {
        _exit(1);
      }
    }
    _exit(0);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace cluster
