// The dns plugin in the real host, asked by real clients: dig and dnsperf.
#include <gtest/gtest.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/host/host_exit.h"
#include "tests/integration/host_process.h"
#include "tests/integration/process_facts.h"
#include "tests/integration/scale.h"

namespace cluster {
namespace {

constexpr char kZone[] = "plugins/dns/example.org.zone";

// What a command prints.
std::string Output(const std::string& command) {
  FILE* const pipe = popen((command + " 2>&1").c_str(), "r");
  std::string text;
  char piece[4096];
  size_t size;
  while ((size = fread(piece, 1, sizeof(piece), pipe)) > 0) {
    text.append(piece, size);
  }
  pclose(pipe);
  return text;
}

bool HasTool(const char* name) {
  return system(absl::StrCat("command -v ", name, " >/dev/null").c_str()) == 0;
}

// The number behind `label` in what dnsperf says.
uint64_t NumberAfter(const std::string& text, const std::string& label) {
  const size_t at = text.find(label);
  if (at == std::string::npos) return UINT64_MAX;
  return std::strtoull(text.c_str() + at + label.size(), nullptr, 10);
}

class DnsTest : public testing::Test {
 protected:
  void Run(uint32_t workers) {
    host_ = std::make_unique<HostProcess>(
        std::vector<std::string>{"dns",
                                 absl::StrCat("--workers=", workers),
                                 "--listen=127.0.0.1:0,udp:127.0.0.1:0",
                                 absl::StrCat("--set=zone=", kZone)});
    ASSERT_TRUE(host_->AwaitServing(workers));
    ASSERT_TRUE(host_->AwaitEvent("listening", 2 * workers));
    const std::string output = host_->Output();
    const std::string mark = "udp:127.0.0.1:";
    udp_port_ = NumberAfter(output, mark);
    ASSERT_GT(udp_port_, 0u);
  }

  std::string Dig(const std::string& question) {
    return Output(absl::StrCat(
        "dig @127.0.0.1 -p ", udp_port_, " +tries=1 +time=5 ", question));
  }
  std::string DigTcp(const std::string& question) {
    return Output(absl::StrCat("dig @127.0.0.1 -p ",
                               host_->port(),
                               " +tcp +tries=1 +time=5 ",
                               question));
  }

  std::unique_ptr<HostProcess> host_;
  uint64_t udp_port_ = 0;
};

TEST_F(DnsTest, DigGetsItsAnswers) {
  if (!HasTool("dig")) GTEST_SKIP() << "dig is not installed: ./setup";
  Run(2);
  EXPECT_EQ(Dig("+short www.example.org A"), "192.0.2.80\n");
  EXPECT_EQ(Dig("+short alias.example.org AAAA"),
            "www.example.org.\n2001:db8::80\n");
  EXPECT_EQ(Dig("+short deep.down.any.example.org A"), "192.0.2.99\n");
  EXPECT_EQ(Dig("+short example.org TXT"), "\"v=spf1 mx -all\"\n");
  const std::string nothing = Dig("nothing.example.org A");
  EXPECT_TRUE(absl::StrContains(nothing, "status: NXDOMAIN")) << nothing;
  EXPECT_TRUE(absl::StrContains(nothing, "SOA"));
  EXPECT_TRUE(absl::StrContains(Dig("example.net A"), "status: REFUSED"));
  EXPECT_TRUE(
      absl::StrContains(Dig("+edns=1 +noednsneg example.org A"), "BADVERS"));
  EXPECT_TRUE(absl::StrContains(Dig("+opcode=UPDATE example.org SOA"),
                                "status: NOTIMP"));
  for (const std::string& text : {nothing, Dig("example.org MX")}) {
    EXPECT_FALSE(absl::StrContains(text, "WARNING: Message parser reports"))
        << text;
  }
  EXPECT_EQ(DigTcp("+short www.example.org A"), "192.0.2.80\n");
  // Several on one connection.
  EXPECT_EQ(DigTcp("+short +keepopen www.example.org A +tcp +keepopen "
                   "mail.example.org A"),
            "192.0.2.80\n192.0.2.25\n");
  host_->EndCleanly();
}

TEST_F(DnsTest, WrongZoneIsRefusedByFileAndLine) {
  const std::string path = testing::TempDir() + "/wrong.zone";
  std::ofstream(path) << "$TTL 1\nexample.org. SOA a. b. 1 1 1 1 1\n"
                         "example.org. A 192.0.2.256\n";
  HostProcess host({"dns", "--workers=1", "--set=zone=" + path});
  EXPECT_EQ(host.AwaitExit(), kExitPluginRefused);
  EXPECT_TRUE(absl::StrContains(host.ErrorOutput(),
                                path + ":3: '192.0.2.256' is no IPv4 address"))
      << host.ErrorOutput();
  HostProcess without({"dns", "--workers=1"});
  EXPECT_EQ(without.AwaitExit(), kExitPluginRefused);
  EXPECT_TRUE(absl::StrContains(without.ErrorOutput(), "--set zone=FILE"));
}

class DnsLoadTest : public DnsTest {
 protected:
  // Asks for `seconds`; what dnsperf says. `meanwhile` runs beside it.
  std::string Load(const std::string& transport, int seconds) {
    const std::string questions = testing::TempDir() + "/questions";
    std::ofstream(questions)
        << "www.example.org A\nalias.example.org AAAA\nx.any.example.org A\n"
           "nothing.example.org A\nexample.org MX\n";
    const uint64_t port = transport == "tcp" ? host_->port() : udp_port_;
    // Two clients, at most 50 questions under way.
    return Output(absl::StrCat("dnsperf -s 127.0.0.1 -p ",
                               port,
                               " -m ",
                               transport,
                               " -c 2 -q 50 -t 2 -l ",
                               seconds,
                               " -d ",
                               questions));
  }
};

TEST_F(DnsLoadTest, NoQuestionIsLost) {
  if (!HasTool("dnsperf")) GTEST_SKIP() << "dnsperf is not installed: ./setup";
  Run(2);
  for (const char* transport : {"udp", "tcp"}) {
    const std::string said = Load(transport, 2);
    EXPECT_GT(NumberAfter(said, "Queries completed:"), 1000u) << said;
    EXPECT_EQ(NumberAfter(said, "Queries lost:"), 0u) << said;
  }
  host_->EndCleanly();
}

// One of two workers is killed: at most what it had read is lost, and no more
// than the clients had under way.
TEST_F(DnsLoadTest, DeadWorkerLosesWhatItHadRead) {
  if (!HasTool("dnsperf")) GTEST_SKIP() << "dnsperf is not installed: ./setup";
  Run(2);
  std::string said;
  const pid_t victim = host_->Workers().at(1);
  const absl::Duration idle = CpuTime(victim);
  std::thread load([&] { said = Load("udp", 4); });
  // The load has arrived once the worker has used the CPU for answers: any
  // moment of the four seconds will do.
  EXPECT_TRUE(AwaitTrue(
      [&] { return CpuTime(victim) >= idle + absl::Milliseconds(50); }));
  kill(victim, SIGKILL);
  EXPECT_TRUE(host_->AwaitEvent("listening", 6));
  load.join();
  EXPECT_GT(NumberAfter(said, "Queries completed:"), 1000u) << said;
  EXPECT_LE(NumberAfter(said, "Queries lost:"), 50u) << said;
  host_->EndCleanly();
}

}  // namespace
}  // namespace cluster
