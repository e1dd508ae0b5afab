#include "core/log/line_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <limits.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/unique_fd.h"

namespace cluster {
namespace {

std::string Missing(uint64_t dropped) {
  return absl::StrCat(dropped, " missing\n");
}

class LineWriterTest : public testing::Test {
 protected:
  LineWriterTest() {
    int fds[2];
    EXPECT_EQ(pipe2(fds, O_CLOEXEC), 0);
    reader_.Reset(fds[0]);
    writer_.Reset(fds[1]);
    EXPECT_EQ(fcntl(reader_.get(), F_SETFL, O_NONBLOCK), 0);
    EXPECT_GT(fcntl(writer_.get(), F_SETPIPE_SZ, 2 * PIPE_BUF), 0);
  }

  std::string ReadAll() {
    std::string all;
    char buffer[8192];
    ssize_t n = 0;
    while ((n = read(reader_.get(), buffer, sizeof(buffer))) > 0) {
      all.append(buffer, static_cast<size_t>(n));
    }
    return all;
  }

  UniqueFd reader_;
  UniqueFd writer_;
};

TEST_F(LineWriterTest, WritesLinesInOrder) {
  LineWriter lines(writer_.get(), Missing);
  EXPECT_TRUE(lines.Write("one\n"));
  EXPECT_TRUE(lines.Write("two\n"));
  EXPECT_EQ(ReadAll(), "one\ntwo\n");
}

TEST_F(LineWriterTest, FullPipeDropsAndNextLineIsPrecededByTheCount) {
  LineWriter lines(writer_.get(), Missing);
  const std::string page = std::string(PIPE_BUF - 1, 'x') + "\n";
  EXPECT_TRUE(lines.Write(page));
  EXPECT_TRUE(lines.Write(page));
  EXPECT_FALSE(lines.Write("lost\n"));
  EXPECT_FALSE(lines.Write("lost too\n"));
  EXPECT_EQ(ReadAll(), page + page);

  EXPECT_TRUE(lines.Write("back\n"));

  EXPECT_EQ(ReadAll(), "2 missing\nback\n");
  EXPECT_EQ(lines.dropped(), 2u);
}

TEST_F(LineWriterTest, LineThatBrokeOffIsEndedBeforeTheNext) {
  LineWriter lines(writer_.get(), Missing);
  EXPECT_FALSE(lines.Write(std::string(3 * PIPE_BUF, 'x') + "\n"));
  EXPECT_EQ(ReadAll(), std::string(2 * PIPE_BUF, 'x'));

  EXPECT_TRUE(lines.Write("next\n"));

  EXPECT_EQ(ReadAll(), "\n1 missing\nnext\n");
}

TEST_F(LineWriterTest, GoneReaderRaisesNoSignal) {
  LineWriter lines(writer_.get(), Missing);
  reader_.Reset();
  EXPECT_FALSE(lines.Write("to nobody\n"));
  EXPECT_EQ(lines.dropped(), 1u);
}

TEST(LineWriterOnClosedFdTest, DropsInsteadOfFailing) {
  LineWriter lines(-1, Missing);
  EXPECT_FALSE(lines.Write("nowhere\n"));
}

}  // namespace
}  // namespace cluster
