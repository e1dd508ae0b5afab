// The end of a short connection comes with its answer, in one segment.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "plugins/testing/client.h"
#include "tests/integration/client_set.h"
#include "tests/integration/host_process.h"
#include "tests/integration/scale.h"

namespace cluster {
namespace {

// The root of static_files.
std::string RootWithIndex() {
  const std::string root = testing::TempDir() + "/last_segment";
  std::filesystem::create_directories(root);
  std::ofstream(root + "/index.html") << "hello\n";
  return root;
}

class LastSegmentTest
    : public testing::TestWithParam<std::vector<std::string>> {};

INSTANTIATE_TEST_SUITE_P(
    Plugins,
    LastSegmentTest,
    testing::Values(std::vector<std::string>{"hello_http"},
                    std::vector<std::string>{
                        "static_files", "--set", "root=" + RootWithIndex()}),
    [](const auto& info) { return info.param.front(); });

// Where the two come apart, a client that has the answer waits for the end, if
// not each time.
TEST_P(LastSegmentTest, WhoHasTheAnswerHasTheEnd) {
  HostProcess host(GetParam());
  ASSERT_TRUE(host.AwaitServing(1));
  for (size_t i = 0; i < Scaled(500); ++i) {
    Client client(ConnectTo(host.port()));
    ASSERT_TRUE(
        client.Send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
    char answer[4096];
    const ssize_t size = recv(client.fd(), answer, sizeof(answer), 0);
    ASSERT_GT(size, 0) << i;
    EXPECT_TRUE(std::string(answer, size).starts_with("HTTP/1.1 200"));
    ASSERT_EQ(recv(client.fd(), answer, sizeof(answer), MSG_DONTWAIT), 0)
        << "connection " << i << ", errno " << errno;
  }
  host.EndCleanly();
}

}  // namespace
}  // namespace cluster
