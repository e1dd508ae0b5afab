#include "core/host/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/host/help.h"

namespace cluster {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::StartsWith;

absl::StatusOr<ParsedCommand> Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "host");
  return ParseCommandLine(static_cast<int>(arguments.size()),
                          arguments.data(),
                          {.working_directory = "/cwd", .cpus = 6});
}

HostOptions Options(std::vector<const char*> arguments) {
  const auto command = Parse(std::move(arguments));
  EXPECT_TRUE(command.ok()) << command.status();
  return command.ok() ? command->options : HostOptions();
}

std::string Error(std::vector<const char*> arguments) {
  const absl::Status status = Parse(std::move(arguments)).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_EQ(status.message().find('\n'), absl::string_view::npos) << status;
  return std::string(status.message());
}

TEST(ParseCommandLineTest, NothingGivenMeansTheDefaults) {
  const HostOptions options = Options({});
  EXPECT_EQ(options.plugin, "hello_http");
  EXPECT_FALSE(options.plugin_is_path);
  EXPECT_THAT(options.listen, ElementsAre("127.0.0.1:8080"));
  EXPECT_EQ(options.workers, 6u);
  EXPECT_EQ(options.policy, "least_connections");
  EXPECT_EQ(options.data_path, DataPath::kHandoff);
  EXPECT_EQ(options.gather, absl::Microseconds(300));
  EXPECT_EQ(options.drain_timeout, absl::Seconds(30));
  EXPECT_THAT(options.config, IsEmpty());
}

// Each flag that says what to run, and how to see that it was read.
struct ReadFlag {
  const char* argument;
  bool (*is_read)(const HostOptions& options);
};

using O = HostOptions;

const ReadFlag kReadFlags[] = {
    {"libfoo.so",
     [](const O& o) {
       return o.plugin == "/cwd/libfoo.so" && o.plugin_is_path;
     }},
    {"--set=k=v", [](const O& o) { return o.config.size() == 1; }},
    {"--listen=[::1]:0", [](const O& o) { return o.listen[0] == "[::1]:0"; }},
    {"--backlog=16", [](const O& o) { return o.backlog == 16; }},
    {"--policy=random", [](const O& o) { return o.policy == "random"; }},
    {"--weights=1,1,1,1,1,2", [](const O& o) { return o.weights[5] == 2; }},
    {"--max_connections=7",
     [](const O& o) { return o.max_connections[5] == 7; }},
    {"--slow_start=1s",
     [](const O& o) { return o.slow_start == absl::Seconds(1); }},
    {"--eject=5", [](const O& o) { return o.eject == 5; }},
    {"--data_path=share",
     [](const O& o) { return o.data_path == DataPath::kShare; }},
    {"--gather_us=0",
     [](const O& o) { return o.gather == absl::ZeroDuration(); }},
    {"--pending=0", [](const O& o) { return o.pending == 0; }},
    {"--pending_timeout=1s",
     [](const O& o) { return o.pending_timeout == absl::Seconds(1); }},
    {"--workers=3", [](const O& o) { return o.workers == 3; }},
    {"--drain_timeout=inf",
     [](const O& o) { return o.drain_timeout == absl::InfiniteDuration(); }},
    {"--restarts=0", [](const O& o) { return o.restarts == 0; }},
    {"--restart_period=1m",
     [](const O& o) { return o.restart_period == absl::Minutes(1); }},
    {"--start_timeout=1s",
     [](const O& o) { return o.start_timeout == absl::Seconds(1); }},
    {"--heartbeat_timeout=1s",
     [](const O& o) { return o.heartbeat_timeout == absl::Seconds(1); }},
    {"--wrap=gdb --args", [](const O& o) { return o.wrap.size() == 2; }},
    {"--allow_draft", [](const O& o) { return o.allow_draft; }},
    {"--admin=a", [](const O& o) { return o.admin == "/cwd/a"; }},
    {"--record_trace=t", [](const O& o) { return o.record_trace == "/cwd/t"; }},
    {"--metrics_file=m", [](const O& o) { return o.metrics_file == "/cwd/m"; }},
    {"--metrics_interval=1s",
     [](const O& o) { return o.metrics_interval == absl::Seconds(1); }},
    {"--log_format=json",
     [](const O& o) { return o.log_format == LogFormat::kJson; }},
    {"--log_level=warning",
     [](const O& o) { return o.log_level == LogLevel::kWarning; }},
    {"--raw_output", [](const O& o) { return o.raw_output; }},
};

TEST(ParseCommandLineTest, ReadsEveryFlag) {
  std::set<std::string> read = {"--help", "--version"};  // print
  for (const ReadFlag& flag : kReadFlags) {
    const std::string argument = flag.argument;
    EXPECT_TRUE(flag.is_read(Options({flag.argument}))) << argument;
    const bool is_flag = argument.starts_with("--");
    read.insert(is_flag ? argument.substr(0, argument.find('=')) : "PLUGIN");
  }
  std::set<std::string> all;
  for (const FlagHelp& flag : AllFlags()) all.emplace(flag.name);
  EXPECT_EQ(read, all) << "what the help names and what has a row here";
}

TEST(ParseCommandLineTest, ValuesMayStandApart) {
  const HostOptions options =
      Options({"--workers", "3", "--listen", "[::1]:0", "./foo"});
  EXPECT_EQ(options.workers, 3u);
  EXPECT_THAT(options.listen, ElementsAre("[::1]:0"));
  EXPECT_EQ(options.plugin, "/cwd/foo");
}

TEST(ParseCommandLineTest, ListenTakesListsAndRepeats) {
  EXPECT_THAT(
      Options({"--listen=a:1,b:2", "--listen=unix:s,unix:@t,unix:/u"}).listen,
      ElementsAre("a:1", "b:2", "unix:/cwd/s", "unix:@t", "unix:/u"));
  EXPECT_THAT(Options({"--listen=a:0,a:0"}).listen, ElementsAre("a:0", "a:0"));
}

TEST(ParseCommandLineTest, WorkersAutoIsTheNumberOfCpus) {
  EXPECT_EQ(Options({"--workers=auto"}).workers, 6u);
}

TEST(ParseCommandLineTest, SettingsKeepTheirOrder) {
  EXPECT_THAT(Options({"--set", "b=1", "--set=a=x=y", "--set", "c="}).config,
              ElementsAre(Pair("b", "1"), Pair("a", "x=y"), Pair("c", "")));
}

TEST(ParseCommandLineTest, EverythingAfterTheFirstDashesIsThePlugins) {
  const HostOptions options =
      Options({"--workers=2", "--", "--workers=9", "--", "x"});
  EXPECT_EQ(options.workers, 2u);
  EXPECT_THAT(options.plugin_arguments, ElementsAre("--workers=9", "--", "x"));
}

TEST(ParseCommandLineTest, HelpAndVersionPrint) {
  EXPECT_THAT(Parse({"--help", "--workers=0"})->print, StartsWith("Usage:"));
  EXPECT_THAT(Parse({"--version"})->print, StartsWith("cluster host"));
  EXPECT_THAT(Parse({"--", "--help"})->print, IsEmpty());
}

TEST(ParseCommandLineErrorTest, UnknownFlagOffersTheNearest) {
  EXPECT_EQ(Error({"--worker=4"}),
            "unknown flag --worker: did you mean --workers?");
  EXPECT_EQ(Error({"--data-path", "share"}),
            "unknown flag --data-path: did you mean --data_path?");
  EXPECT_EQ(Error({"--colour"}),
            "unknown flag --colour: --help shows all; a plugin's own go after "
            "--");
  EXPECT_THAT(Error({"-z"}), HasSubstr("unknown flag -z"));
}

TEST(ParseCommandLineErrorTest, SecondPluginIsRefused) {
  EXPECT_THAT(Error({"a.so", "b.so"}), HasSubstr("PLUGIN=\"b.so\""));
}

TEST(ParseCommandLineErrorTest, ValuesAreChecked) {
  EXPECT_EQ(Error({"--workers=0"}),
            "--workers=\"0\" is not a whole number from 1 to 1024");
  EXPECT_THAT(Error({"--workers", "-1"}), HasSubstr("--workers=\"-1\""));
  EXPECT_THAT(Error({"--gather_us=10001"}), HasSubstr("0 to 10000"));
  EXPECT_THAT(Error({"--pending_timeout=30"}), HasSubstr("with a unit"));
  EXPECT_THAT(Error({"--log_level=loud"}), HasSubstr("give debug, info"));
  EXPECT_THAT(Error({"--data_path=magic"}), HasSubstr("handoff, share, steer"));
}

TEST(ParseCommandLineErrorTest, MissingOrEmptyValueIsRefused) {
  EXPECT_EQ(Error({"--workers"}),
            "--workers needs a value: --help shows which");
  EXPECT_THAT(Error({"--workers", "--policy=random"}),
              HasSubstr("--workers=\"--policy=random\""));
  EXPECT_THAT(Error({"--policy=", "random"}), HasSubstr("--policy=\"\""));
  EXPECT_EQ(Error({"--admin="}),
            "--admin=\"\" is empty: give a value, or omit the flag");
  EXPECT_THAT(Error({""}), HasSubstr("PLUGIN=\"\" is empty"));
}

TEST(ParseCommandLineErrorTest, SwitchWithAValueIsRefused) {
  for (const char* name :
       {"--raw_output", "--allow_draft", "--help", "--version"}) {
    for (const char* value : {"=", "=maybe", "=no", "=true", "=3", "=5"}) {
      EXPECT_EQ(Error({absl::StrCat(name, value).c_str()}),
                absl::StrCat(name, " takes no value"));
    }
  }
}

TEST(ParseCommandLineErrorTest, RepeatsThatContradictAreRefused) {
  EXPECT_THAT(Error({"--workers=1", "--workers=2"}),
              HasSubstr("--workers=\"2\" is a second value"));
  EXPECT_THAT(Error({"--listen=a:1", "--listen=b:2,a:1"}),
              HasSubstr("--listen=\"a:1\" is given twice"));
  EXPECT_THAT(Error({"--set", "k=1", "--set", "k=2"}), HasSubstr("again"));
  EXPECT_THAT(Error({"--listen=a:1,,b:2"}), HasSubstr("empty address"));
}

TEST(ParseCommandLineErrorTest, SettingsNeedKeyAndReadableFile) {
  EXPECT_THAT(Error({"--set", "=v"}), HasSubstr("has no key"));
  EXPECT_THAT(Error({"--set", "k=@missing"}),
              HasSubstr("open /cwd/missing: No such file"));
}

TEST(ParseCommandLineErrorTest, SettingsAreBounded) {
  const std::string most = "k=" + std::string((size_t{8} << 20) - 1, 'v');
  EXPECT_EQ(Options({"--set", most.c_str()}).config.size(), 1u);
  EXPECT_THAT(Error({"--set", most.c_str(), "--set", "l=w"}),
              HasSubstr("larger than 8 MiB together"));
}

TEST(ParseCommandLineErrorTest, SteerHasPoliciesOfItsOwn) {
  EXPECT_EQ(Options({"--data_path=steer"}).policy, "random");
  EXPECT_EQ(Options({"--data_path=steer", "--policy=cpu_local"}).policy,
            "cpu_local");
  for (const char* policy :
       {"--policy=least_connections", "--policy=p2c:d=3"}) {
    EXPECT_THAT(Error({"--data_path=steer", policy}),
                HasSubstr("use random or cpu_local"));
  }
  EXPECT_EQ(Error({"--data_path=steer", "--policy=randm"}),
            "--policy=\"randm\" is no policy; did you mean random? "
            "--data_path=steer knows random and cpu_local");
  EXPECT_EQ(Error({"--data_path=steer", "--policy=xyz"}),
            "--policy=\"xyz\" is no policy; --data_path=steer knows random "
            "and cpu_local");
  EXPECT_EQ(Error({"--data_path=steer", "--policy=random:d=3"}),
            "--policy=\"random:d=3\" has no parameters with "
            "--data_path=steer: use random");
}

TEST(ParseCommandLineErrorTest, CpuLocalIsSteersAlone) {
  EXPECT_EQ(Error({"--policy=cpu_local"}),
            "--policy=\"cpu_local\" goes with --data_path=steer alone, where "
            "the kernel picks by the CPU");
}

TEST(ParseCommandLineErrorTest, SharedListenerHasNoPolicy) {
  EXPECT_THAT(Error({"--data_path=share", "--policy=random"}),
              HasSubstr("where the kernel picks: drop one of them"));
  EXPECT_THAT(Options({"--data_path=share"}).policy, IsEmpty());
}

TEST(ParseCommandLineTest, WrapIsSplitIntoWords) {
  EXPECT_THAT(Options({}).wrap, IsEmpty());
  EXPECT_THAT(Options({"--wrap=gdb --args"}).wrap,
              ElementsAre("gdb", "--args"));
  EXPECT_THAT(Error({"--wrap=gdb 'x"}),
              HasSubstr("--wrap=\"gdb \\'x\" has a ' without its end"));
}

TEST(ParseCommandLineErrorTest, LineBreaksInArgumentsStayInOneLine) {
  EXPECT_THAT(Error({"--zzz\nzzz"}), HasSubstr("\\n"));
  EXPECT_THAT(Error({"--workers=\n"}), HasSubstr("\\n"));
}

TEST(ParseCommandLineTest, SharesOfWorkers) {
  const HostOptions options = Options({"--workers=3",
                                       "--weights=5,1,65536",
                                       "--max_connections=100",
                                       "--slow_start=10s",
                                       "--eject=5"});
  EXPECT_THAT(options.weights, ElementsAre(5, 1, 65536));
  EXPECT_THAT(options.max_connections, ElementsAre(100, 100, 100));
  EXPECT_EQ(options.slow_start, absl::Seconds(10));
  EXPECT_EQ(options.eject, 5u);
}

TEST(ParseCommandLineTest, WeightsAreCheckedAndOneForEachWorker) {
  for (const char* bad : {"--weights=0,1",
                          "--weights=-1,1",
                          "--weights=1000000000,1",
                          "--weights=65537,1",
                          "--weights=1,,1",
                          "--weights=a,b",
                          "--weights=1.5,1",
                          "--weights=1,"}) {
    EXPECT_THAT(Error({"--workers=2", bad}), HasSubstr("65536")) << bad;
  }
  EXPECT_THAT(Error({"--workers=3", "--weights=3,1"}),
              HasSubstr("has 2 numbers for --workers=3"));
}

TEST(ParseCommandLineTest, LimitIsForAllWorkersOrOneForEach) {
  EXPECT_THAT(Options({}).max_connections, IsEmpty());
  EXPECT_THAT(
      Options({"--workers=3", "--max_connections=5,0,7"}).max_connections,
      ElementsAre(5, 0, 7));
  EXPECT_EQ(Error({"--workers=3", "--max_connections=5,7"}),
            "--max_connections=\"5,7\" has 2 numbers for --workers=3: give one "
            "for each worker");
  for (const char* bad : {"--max_connections=-1",
                          "--max_connections=5,",
                          "--max_connections=1000000001,1"}) {
    EXPECT_THAT(Error({"--workers=2", bad}), HasSubstr("0 to 1000000000"))
        << bad;
  }
}

TEST(ParseCommandLineTest, WhatThePrimaryDoesDoesNotGoWithTheKernelsPaths) {
  for (const char* flag : {"--max_connections=5",
                           "--slow_start=1s",
                           "--eject=5",
                           "--record_trace=t"}) {
    EXPECT_THAT(Error({"--workers=2", "--data_path=share", flag}),
                HasSubstr("does not go with --data_path=share"))
        << flag;
    EXPECT_THAT(Error({"--workers=2", "--data_path=steer", flag}),
                HasSubstr("does not go with --data_path=steer"))
        << flag;
  }
}

TEST(ParseCommandLineTest, WeightsGoWithTheKernelsDrawAlone) {
  EXPECT_THAT(
      Options({"--workers=2", "--data_path=steer", "--weights=3,1"}).weights,
      ElementsAre(3, 1));
  EXPECT_THAT(Error({"--workers=2", "--data_path=share", "--weights=1,1"}),
              HasSubstr("does not go with --data_path=share"));
  EXPECT_EQ(Error({"--workers=2",
                   "--data_path=steer",
                   "--policy=cpu_local",
                   "--weights=1,1"}),
            "--weights=\"1,1\" does not go with --policy=cpu_local, where the "
            "CPU picks: use --policy=random");
}

TEST(ParseCommandLineTest, PolicyHelpListsPoliciesAndParameters) {
  const auto command = Parse({"--policy=help"});
  ASSERT_TRUE(command.ok());
  EXPECT_THAT(command->print, HasSubstr("\n    d=2  how many are drawn"));
}

}  // namespace
}  // namespace cluster
