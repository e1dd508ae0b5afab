#include "core/log/line_splitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace cluster {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LineSplitterTest : public testing::Test {
 protected:
  void Feed(absl::string_view bytes) {
    splitter_.Feed(
        bytes, [this](absl::string_view line) { lines_.emplace_back(line); });
  }
  void Finish() {
    splitter_.Finish(
        [this](absl::string_view line) { lines_.emplace_back(line); });
  }

  LineSplitter splitter_;
  std::vector<std::string> lines_;
};

TEST_F(LineSplitterTest, YieldsWholeLinesHoweverReadsEnd) {
  Feed("on");
  EXPECT_THAT(lines_, IsEmpty());
  Feed("e\ntwo\n\nth");
  EXPECT_THAT(lines_, ElementsAre("one", "two", ""));
  Feed("ree\n");
  EXPECT_THAT(lines_, ElementsAre("one", "two", "", "three"));
}

TEST_F(LineSplitterTest, ByteByByteIsTheSame) {
  for (const char c : std::string("ab\n\ncd\n")) {
    Feed(absl::string_view(&c, 1));
  }
  EXPECT_THAT(lines_, ElementsAre("ab", "", "cd"));
}

TEST_F(LineSplitterTest, FinishFlushesTheUnfinishedLineOnce) {
  Feed("a\nlast words");
  Finish();
  Finish();
  EXPECT_THAT(lines_, ElementsAre("a", "last words"));
}

TEST_F(LineSplitterTest, LineOfTheGreatestLengthIsWhole) {
  const std::string line(LineSplitter::kMaxLineBytes, 'x');
  Feed(line + "\n");
  EXPECT_THAT(lines_, ElementsAre(line));
}

TEST_F(LineSplitterTest, LongerLineIsCutAndMarkedAndNothingIsLost) {
  const std::string piece(LineSplitter::kMaxLineBytes, 'x');
  Feed(piece + piece + "yz\nnext\n");
  const std::string marked = absl::StrCat(piece, LineSplitter::kContinues);
  EXPECT_THAT(lines_, ElementsAre(marked, marked, "yz", "next"));
}

TEST_F(LineSplitterTest, CutFallsBetweenCharacters) {
  Feed(std::string(LineSplitter::kMaxLineBytes - 1, 'x') + "\xc3\xa9\n");
  ASSERT_EQ(lines_.size(), 2u);
  EXPECT_EQ(lines_[1], "\xc3\xa9");
}

TEST_F(LineSplitterTest, EndlessLineKeepsNoMoreThanOne) {
  const std::string chunk(1 << 20, 'x');
  for (int i = 0; i < 4; ++i) Feed(chunk);
  EXPECT_EQ(lines_.size(), (4u << 20) / LineSplitter::kMaxLineBytes - 1);
}

TEST(WorkerLineTest, PrefixesTheWorker) {
  EXPECT_EQ(WorkerLine(3, "text"), "[worker 3] text\n");
}

}  // namespace
}  // namespace cluster
