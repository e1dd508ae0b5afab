#include "tests/abi/serves.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "plugins/testing/client.h"
#include "plugins/testing/loading.h"
#include "tests/integration/client_set.h"
#include "tests/integration/host_process.h"

namespace cluster {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kClients = 8;

void ExpectEchoes(Client& client, const std::string& text) {
  ASSERT_TRUE(client.Send(text));
  EXPECT_EQ(client.Read(text.size()), text);
}

void ExpectLogs(HostProcess& host, absl::string_view text, long count = 1) {
  EXPECT_TRUE(host.AwaitLog([&](const std::vector<LogLine>& log) {
    return std::count_if(log.begin(), log.end(), [&](const LogLine& line) {
             return absl::StrContains(line.message, text);
           }) >= count;
  })) << "not logged "
      << count << " times: " << text;
}

void ExpectMetric(const std::string& path, const std::string& line) {
  std::ifstream file(path);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  EXPECT_TRUE(absl::StrContains(text, absl::StrCat("\n", line, "\n")))
      << line << " is not in\n"
      << text;
}

}  // namespace

void ExpectServes(const std::string& path) {
  const std::string file = fs::path(path).filename();
  const bool throws = absl::StartsWith(file, "sdk_echo");
  const bool uses_0_2 = absl::StartsWith(file, "services");
  const std::string metrics = testing::TempDir() + "/metrics";
  HostProcess host(
      {path, "--workers=2", "--set", "name=abi", "--metrics_file=" + metrics});
  ASSERT_TRUE(host.AwaitServing(2)) << host.ErrorOutput();
  if (!absl::StartsWith(file, "echo")) {
    ExpectLogs(host, "abi: worker 1 of 2");
    ExpectLogs(host, "abi: worker 2 of 2");
  }
  // Then it is ready, too.
  if (uses_0_2) ExpectLogs(host, "abi: listened at 127.0.0.1:", 2);
  const char* const second = throws ? "throw\n" : uses_0_2 ? "ask\n" : "more\n";
  for (uint64_t i = 0; i < kClients; ++i) {
    Client client(ConnectTo(host.port()));
    ExpectEchoes(client, absl::StrCat("first of ", i, "\n"));
    ExpectEchoes(client, second);
    client.SendEnd();
    EXPECT_EQ(client.ReadToEnd(), "");
  }
  if (throws) ExpectLogs(host, "as asked");
  if (uses_0_2) {
    ExpectLogs(host, "abi: the next slot says slot 0, generation 1", 4);
    ExpectLogs(host, "abi: the next slot says slot 1, generation 1", 4);
  }
  Client open(ConnectTo(host.port()));
  ExpectEchoes(open, "open while the host drains\n");
  const Books books = host.EndCleanly();
  EXPECT_EQ(open.ReadToEnd(), "");
  EXPECT_EQ(books.completed, kClients + 1);
  EXPECT_EQ(books.lost, 0u);
  if (uses_0_2) {
    ExpectMetric(metrics, "services_lines_total 17");
    ExpectMetric(metrics, "services_line_bytes_bucket{le=\"8\"} 8");
    ExpectMetric(metrics, "services_line_bytes_count 17");
    ExpectMetric(metrics, "cluster_bytes_received_total 147");
    ExpectMetric(metrics, "cluster_bytes_sent_total 147");
  }
}

std::vector<std::string> PluginsBelow(const std::string& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : fs::recursive_directory_iterator(DataPath(folder))) {
    if (entry.path().extension() == ".so") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string TestNameOf(const std::string& path) {
  std::string name = fs::path(path).stem();
  for (char& c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
}

}  // namespace cluster
