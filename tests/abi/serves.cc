#include "tests/abi/serves.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <filesystem>
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

bool HasLogged(const std::vector<LogLine>& log, absl::string_view text) {
  return std::any_of(log.begin(), log.end(), [&](const LogLine& line) {
    return absl::StrContains(line.message, text);
  });
}

void ExpectEchoes(Client& client, const std::string& text) {
  ASSERT_TRUE(client.Send(text));
  EXPECT_EQ(client.Read(text.size()), text);
}

void ExpectLogs(HostProcess& host, absl::string_view text) {
  EXPECT_TRUE(host.AwaitLog([&](const std::vector<LogLine>& log) {
    return HasLogged(log, text);
  })) << "nobody logged: "
      << text;
}

}  // namespace

void ExpectServes(const std::string& path) {
  const std::string file = fs::path(path).filename();
  const bool throws = absl::StartsWith(file, "sdk_echo");
  HostProcess host({path, "--workers=2", "--set", "name=abi"});
  ASSERT_TRUE(host.AwaitServing(2)) << host.ErrorOutput();
  if (throws || absl::StartsWith(file, "own_loop")) {
    ExpectLogs(host, "abi: worker 1 of 2");
    ExpectLogs(host, "abi: worker 2 of 2");
  }
  for (uint64_t i = 0; i < kClients; ++i) {
    Client client(ConnectTo(host.port()));
    ExpectEchoes(client, absl::StrCat("first of ", i, "\n"));
    ExpectEchoes(client, throws ? "throw\n" : "second\n");
    client.SendEnd();
    EXPECT_EQ(client.ReadToEnd(), "");
  }
  if (throws) ExpectLogs(host, "as asked");
  Client open(ConnectTo(host.port()));
  ExpectEchoes(open, "open while the host drains\n");
  const Books books = host.EndCleanly();
  EXPECT_EQ(open.ReadToEnd(), "");
  EXPECT_EQ(books.completed, kClients + 1);
  EXPECT_EQ(books.lost, 0u);
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
