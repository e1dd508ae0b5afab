// clusterctl itself, against a host: what it prints, how it ends, and that
// neither others at the socket nor workers that hang keep it from working.
#include <gtest/gtest.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/unique_fd.h"
#include "plugins/host/plugin_file.h"
#include "plugins/testing/client.h"
#include "tests/integration/client_set.h"
#include "tests/integration/host_process.h"
#include "tests/integration/process_facts.h"

namespace cluster {
namespace {

// As many as the host speaks with at once (docs/host.md).
constexpr size_t kPeers = 8;

class ClusterctlTest : public ::testing::Test {
 protected:
  struct Said {
    int exit_code = -1;
    std::string text;  // on both streams
  };

  ClusterctlTest() { EXPECT_NE(mkdtemp(folder_.data()), nullptr); }
  ~ClusterctlTest() override { std::filesystem::remove_all(folder_); }

  std::vector<std::string> Arguments(const std::string& plugin,
                                     size_t workers) const {
    return {plugin,
            absl::StrCat("--workers=", workers),
            "--admin=" + socket(),
            "--metrics_file=" + metrics(),
            "--metrics_interval=20ms"};
  }

  Said Run(const std::string& words) const {
    const std::string command = absl::StrCat(
        "tools/clusterctl/clusterctl --socket=", socket(), " ", words, " 2>&1");
    Said said;
    FILE* const output = popen(command.c_str(), "r");
    EXPECT_NE(output, nullptr) << strerror(errno);
    if (output == nullptr) return said;
    char bytes[4096];
    size_t size;
    while ((size = fread(bytes, 1, sizeof(bytes), output)) > 0) {
      said.text.append(bytes, size);
    }
    const int status = pclose(output);
    said.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return said;
  }

  void ExpectShows(const std::string& words, const std::string& text) const {
    const Said said = Run(words);
    EXPECT_EQ(said.exit_code, 0);
    EXPECT_TRUE(absl::StrContains(said.text, text)) << text << " is not in\n"
                                                    << said.text;
  }

  void AwaitMetric(const std::string& line) const {
    std::string contents;
    EXPECT_TRUE(AwaitTrue([&] {
      std::ifstream file(metrics());
      contents = std::string(std::istreambuf_iterator<char>(file), {});
      return absl::StrContains(contents, line + "\n");
    })) << line
        << " is not in\n"
        << contents;
  }

  // One that connects to the host's socket and says nothing.
  UniqueFd ConnectSilently() const {
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un to = {};
    to.sun_family = AF_UNIX;
    std::strcpy(to.sun_path, socket().c_str());
    EXPECT_EQ(
        connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof(to)),
        0);
    return fd;
  }

 private:
  std::string socket() const { return folder_ + "/admin"; }
  std::string metrics() const { return folder_ + "/host.prom"; }

  // Short: a socket's path has 108 bytes.
  std::string folder_ = "/tmp/clusterctl-test-XXXXXX";
};

TEST_F(ClusterctlTest, TellsWhichBuildRuns) {
  const std::string path = TestPlugin("vital");
  const auto info = ReadPluginFile(path);
  ASSERT_TRUE(info.ok()) << info.status();
  ASSERT_EQ(info->build_id.size(), 40u);
  HostProcess host(Arguments(path, 1));
  ASSERT_TRUE(host.AwaitServing(1));
  ExpectShows("status", "\n  plugin       1.0, build id " + info->build_id);
  ExpectShows("--json",
              absl::StrCat("\"plugin_version\":\"1.0\",\"build_id\":\"",
                           info->build_id,
                           "\",\"reduced\":\"\","));
  AwaitMetric(absl::StrCat(
      "cluster_plugin_info{plugin=\"vital\",version=\"1.0\",build_id=\"",
      info->build_id,
      "\"} 1"));
  AwaitMetric("cluster_plugin_reduced 0");
  host.EndCleanly();
}

TEST_F(ClusterctlTest, TellsWhatThePluginHasToDoWithout) {
  HostProcess host(Arguments(TestPlugin("bad/odd_wishes"), 2));
  ASSERT_TRUE(host.AwaitServing(2));
  ExpectShows("status", "\n  reduced      this host does not offer");
  ExpectShows("status", "cluster.coffee/2");
  ExpectShows("--json", "\"reduced\":\"this host does not offer");
  AwaitMetric("cluster_plugin_reduced 1");
  host.EndCleanly();
}

TEST_F(ClusterctlTest, SilentPeersDoNotStopIt) {
  HostProcess host(Arguments("echo", 1));
  ASSERT_TRUE(host.AwaitServing(1));
  std::vector<UniqueFd> silent;
  while (silent.size() < kPeers - 1) silent.push_back(ConnectSilently());
  for (int i = 0; i < 5; ++i) ExpectShows("status", "  1 ");
  silent.push_back(ConnectSilently());
  const Said full = Run("status");
  EXPECT_EQ(full.exit_code, 1);
  EXPECT_TRUE(absl::StartsWith(full.text, "clusterctl: busy: 8 clients are"))
      << full.text;
  // It is the host that gives up on them.
  EXPECT_TRUE(AwaitTrue([&] { return Run("status").exit_code == 0; }));
  for (const UniqueFd& peer : silent) {
    char byte;
    EXPECT_EQ(recv(peer.get(), &byte, 1, 0), 0);
  }
  host.EndCleanly();
}

TEST_F(ClusterctlTest, WorkerThatHangsIsShownPausedAndReplaced) {
  std::vector<std::string> arguments = Arguments(TestPlugin("vital"), 2);
  arguments.push_back("--drain_timeout=200ms");
  HostProcess host(arguments);
  ASSERT_TRUE(host.AwaitServing(2));
  Client hangs(ConnectTo(host.port()));
  hangs.Send("wz");  // it has the second when it has answered the first
  const std::string hung = hangs.Read(2).substr(0, 1);
  ASSERT_TRUE(hung == "1" || hung == "2") << hung;
  ExpectShows("status", "\n     1 ");
  ExpectShows("status", "\n     2 ");
  ExpectShows("pause " + hung, " paused ");
  Client served(ConnectTo(host.port()));
  served.Send("w");
  EXPECT_EQ(served.Read(2), hung == "1" ? "2\n" : "1\n");
  ExpectShows("restart " + hung, "\n     " + hung + " ");
  ASSERT_TRUE(host.AwaitEvent("listening", 3)) << "another takes its place";
  ExpectShows("status", "\n     3 ");
  EXPECT_EQ(hangs.ReadToEnd(), "");
  EXPECT_EQ(host.EndCleanly().lost, 1u);
}

TEST_F(ClusterctlTest, HostThatIsNotThereIsOneLine) {
  const Said said = Run("status");
  EXPECT_EQ(said.exit_code, 1);
  EXPECT_TRUE(absl::StartsWith(said.text, "clusterctl: ")) << said.text;
  EXPECT_TRUE(absl::StrContains(said.text, "No such file")) << said.text;
  EXPECT_EQ(said.text.find('\n'), said.text.size() - 1);
}

}  // namespace
}  // namespace cluster
