// What the host says and returns when it cannot run.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/unique_fd.h"
#include "core/host/host_exit.h"
#include "tests/integration/client_set.h"
#include "tests/integration/host_process.h"

namespace cluster {
namespace {

// ---- Before anything was started

// Expects `code` and one line on standard error that holds all `words`, and
// that nothing was served or started.
void ExpectRefusal(std::vector<std::string> arguments,
                   int code,
                   const std::vector<std::string>& words) {
  HostProcess host(std::move(arguments));
  EXPECT_EQ(host.AwaitExit(), code);
  EXPECT_EQ(host.Output(), "");
  const std::string error = host.ErrorOutput();
  EXPECT_EQ(std::count(error.begin(), error.end(), '\n'), 1) << error;
  EXPECT_TRUE(absl::EndsWith(error, "\n")) << error;
  for (const std::string& word : words) {
    EXPECT_TRUE(absl::StrContains(error, word)) << error;
  }
}

TEST(ExitCodeTest, PluginThatIsNotFoundIsUsage) {
  ExpectRefusal({"no_such_plugin"}, kExitUsage, {"no_such_plugin"});
  ExpectRefusal({"./no_such_file.so"}, kExitUsage, {"no_such_file.so"});
}

TEST(ExitCodeTest, FileThatIsNoPluginIsUsage) {
  ExpectRefusal({"/etc/passwd"}, kExitUsage, {"/etc/passwd"});
  ExpectRefusal({"/proc/self/exe"}, kExitUsage, {});
}

TEST(ExitCodeTest, DirectoryIsUsage) {
  ExpectRefusal({"/"}, kExitUsage, {"/ is a directory"});
}

TEST(ExitCodeTest, BadCommandLineIsUsage) {
  ExpectRefusal({"echo", "--no_such_flag"}, kExitUsage, {"--no_such_flag"});
  ExpectRefusal({"echo", "--workers=many"}, kExitUsage, {"--workers", "many"});
  ExpectRefusal({"echo", "--workers=0"}, kExitUsage, {"--workers", "0"});
  ExpectRefusal({"echo", "--workers=1025"}, kExitUsage, {"--workers", "1025"});
  ExpectRefusal({"echo", "--drain_timeout=soon"},
                kExitUsage,
                {"--drain_timeout", "soon"});
  ExpectRefusal({"echo", "--policy=no_such_rule"},
                kExitUsage,
                {"no_such_rule", "round_robin"});
  ExpectRefusal({"echo", "--data_path=share", "--policy=random"},
                kExitUsage,
                {"--policy"});
  ExpectRefusal(
      {"echo", "--listen=127.0.0.1:99999"}, kExitUsage, {"--listen", "99999"});
}

TEST(ExitCodeTest, TakenPortIsBindAndNamed) {
  const UniqueFd taken(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  ASSERT_EQ(bind(taken.get(), reinterpret_cast<sockaddr*>(&address), length),
            0);
  ASSERT_EQ(listen(taken.get(), 1), 0);
  getsockname(taken.get(), reinterpret_cast<sockaddr*>(&address), &length);
  const std::string text = absl::StrCat("127.0.0.1:", ntohs(address.sin_port));
  ExpectRefusal(
      {"echo", "--listen=" + text}, kExitBind, {text, "--listen=ADDR"});
}

TEST(ExitCodeTest, AddressOfAnotherMachineIsBind) {
  ExpectRefusal({"echo", "--listen=192.0.2.1:8080"}, kExitBind, {"192.0.2.1"});
}

TEST(ExitCodeTest, HelpAndVersionAreOk) {
  for (const char* flag : {"--help", "--version"}) {
    HostProcess host({flag});
    EXPECT_EQ(host.AwaitExit(), kExitOk);
    EXPECT_NE(host.Output(), "");
    EXPECT_EQ(host.ErrorOutput(), "");
  }
}

// ---- Workers that cannot run

// Returns the message of the last error in the log.
std::string LastError(HostProcess& host) {
  std::string last;
  for (const LogLine& line : host.Log()) {
    if (line.level == "error" && line.worker_id == 0) last = line.message;
  }
  return last;
}

TEST(ExitCodeTest, WorkerThatAlwaysDiesEndsTheHostAfterTheRestartsAllowed) {
  HostProcess host({TestPlugin("puppet"), "--workers=1", "--set=start=exit"});
  EXPECT_EQ(host.AwaitExit(), kExitWorkersDied);
  EXPECT_EQ(host.CountEvents("fork"), 1u + 5u);
  EXPECT_TRUE(absl::StrContains(LastError(host), "--restarts"));
  EXPECT_TRUE(absl::StrContains(LastError(host), "worker 6 exited with code 3"))
      << LastError(host);
}

TEST(ExitCodeTest, WorkerThatCrashesInCreateEndsTheHostAlike) {
  HostProcess host({TestPlugin("puppet"),
                    "--workers=2",
                    "--restarts=3",
                    "--set=create=abort"});
  EXPECT_EQ(host.AwaitExit(), kExitWorkersDied);
  EXPECT_EQ(host.CountEvents("fork"), 2u + 3u);
  EXPECT_EQ(host.CountEvents("exit"), 2u + 3u);
  EXPECT_TRUE(absl::StrContains(LastError(host), "SIGABRT")) << LastError(host);
}

TEST(ExitCodeTest, CreateThatMaySucceedLaterIsRetried) {
  HostProcess host({TestPlugin("puppet"), "--workers=1", "--set=create=later"});
  EXPECT_EQ(host.AwaitExit(), kExitWorkersDied);
  EXPECT_EQ(host.CountEvents("fork"), 1u + 5u);
  EXPECT_TRUE(absl::StrContains(LastError(host), "the stage is taken"))
      << LastError(host);
}

TEST(ExitCodeTest, WorkerThatCrashesOnEveryConnectionEndsTheHost) {
  HostProcess host({TestPlugin("puppet"),
                    "--workers=2",
                    "--restarts=3",
                    "--set=connection=abort"});
  ASSERT_TRUE(host.AwaitServing(2));
  RunLoad({.port = host.port(), .request = "who\n"}, 1000, 1, [&] {
    return host.CountEvents("exit") > 3;
  });
  EXPECT_EQ(host.AwaitExit(), kExitWorkersDied);
  EXPECT_TRUE(absl::StrContains(LastError(host), "SIGABRT")) << LastError(host);
  ASSERT_TRUE(host.FinalBooks().has_value());
  EXPECT_TRUE(host.FinalBooks()->balance());
}

void ExpectRefusedForGood(const std::string& how, const std::string& why) {
  HostProcess host(
      {TestPlugin("puppet"), "--workers=4", "--set=create=" + how});
  EXPECT_EQ(host.AwaitExit(), kExitPluginRefused);
  EXPECT_EQ(host.CountEvents("fork"), 4u) << "a retry cannot help";
  EXPECT_EQ(host.CountEvents("exit"), 4u);
  EXPECT_EQ(LastError(host),
            absl::StrCat("the plugin ",
                         TestPlugin("puppet"),
                         " cannot run: create of puppet failed with status ",
                         why));
  size_t told = 0;
  for (const LogLine& line : host.Log()) {
    told += absl::StrContains(line.message, why) ? 1 : 0;
  }
  EXPECT_EQ(told, 1u) << host.ErrorOutput();
  EXPECT_EQ(host.Output(), "") << "nobody was served";
}

TEST(ExitCodeTest, CreateThatRefusesTheSettingsIsNotRetried) {
  ExpectRefusedForGood("config", "100: the strings are tangled");
}

TEST(ExitCodeTest, RefusalNamesThePluginAsItWasGiven) {
  HostProcess host({"static_files", "--workers=1", "--set=rot=site"});
  EXPECT_EQ(host.AwaitExit(), kExitPluginRefused);
  EXPECT_EQ(LastError(host),
            "the plugin static_files cannot run: start of static_files failed "
            "with status 100: unknown setting \"rot\": did you mean \"root\"?");
}

TEST(ExitCodeTest, CreateThatFailsForGoodIsNotRetried) {
  ExpectRefusedForGood("permanent", "201: the strings are cut");
}

}  // namespace
}  // namespace cluster
