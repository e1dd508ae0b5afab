// Holds the worked example of docs/wire_format.md against the code.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/unique_fd.h"
#include "ipc/archive.h"
#include "ipc/frame.h"
#include "ipc/frame_codec.h"

namespace cluster {
namespace {

struct Example {
  uint16_t port = 0;
  std::string host;
  std::optional<std::string> policy;
  std::vector<uint16_t> slots;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(port, host, policy, slots);
  }
  bool operator==(const Example&) const = default;
};

// The document's values.
Example Documented() { return {8080, "127.0.0.1", "rr", {3, 4}}; }

// The bytes left of the bars in the document's block of hexadecimal digits.
std::vector<std::byte> DocumentedBytes() {
  std::ifstream document("docs/wire_format.md");
  EXPECT_TRUE(document.is_open());
  std::vector<std::byte> bytes;
  std::string line;
  while (std::getline(document, line) && line != "```hex") {
  }
  while (std::getline(document, line) && line != "```") {
    std::istringstream digits(line.substr(0, line.find('|')));
    unsigned byte = 0;
    while (digits >> std::hex >> byte) bytes.push_back(std::byte(byte));
  }
  return bytes;
}

TEST(WireFormatTest, ExampleEncodesToTheDocumentedBytes) {
  std::vector<std::byte> bytes;
  AppendFrame({.type = 7, .fd_count = 1}, Encode(Documented()), &bytes);
  EXPECT_EQ(bytes, DocumentedBytes());
}

TEST(WireFormatTest, DocumentedBytesDecodeToTheExample) {
  FrameDecoder decoder(1000);
  std::vector<UniqueFd> fds;
  fds.emplace_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
  decoder.Feed(DocumentedBytes(), std::move(fds));
  const absl::StatusOr<Frame> frame = decoder.Next();
  ASSERT_TRUE(frame.ok()) << frame.status();
  EXPECT_EQ(frame->type, 7);
  EXPECT_EQ(frame->fds.size(), 1u);
  const absl::StatusOr<Example> example = Decode<Example>(frame->payload);
  ASSERT_TRUE(example.ok()) << example.status();
  EXPECT_EQ(*example, Documented());
}

}  // namespace
}  // namespace cluster
