#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "plugins/host/plugin_file.h"
#include "plugins/testing/client.h"
#include "plugins/testing/fake_host.h"
#include "plugins/testing/fake_messages.h"
#include "plugins/testing/loading.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;

class DocsTest : public testing::TestWithParam<std::string> {
 protected:
  const std::string path_ = "plugins/testing/docs/" + GetParam();
};

TEST_P(DocsTest, ExampleServes) {
  FakeHost host;
  host.config["greeting"] = "hello\n";
  const cluster_status status = host.Run(LoadForTest(path_).table, [&] {
    EXPECT_EQ(Client(host.Connect()).ReadToEnd(), "hello\n");
  });
  EXPECT_EQ(status, CLUSTER_OK);
  EXPECT_EQ(host.open(), 0u);
}

TEST_P(DocsTest, ExampleDescribesItself) {
  const auto info = ReadPluginFile(DataPath(path_));
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->name, "greeter");
  EXPECT_EQ(info->version, "1.0");
}

// What the page shows of `plugin_check inspect` is what the example says.
TEST(DocsCxxTest, PageShowsWhatTheExampleSays) {
  const auto info =
      ReadPluginFile(DataPath("plugins/testing/docs/greeter_gcc_cpp.so"));
  ASSERT_TRUE(info.ok()) << info.status();
  std::ifstream file(DataPath("docs/plugin_abi.md"));
  const std::string page(std::istreambuf_iterator<char>(file), {});
  EXPECT_THAT(page,
              HasSubstr(absl::StrCat("\nABI          built for ",
                                     info->abi_major,
                                     ".",
                                     info->abi_minor,
                                     ", needs ",
                                     info->abi_major,
                                     ".",
                                     info->abi_minor_min,
                                     " or later\n")));
  EXPECT_THAT(
      page,
      HasSubstr(absl::StrCat("\nservices     ",
                             absl::StrJoin(info->required_services, " "),
                             "\n")));
}

INSTANTIATE_TEST_SUITE_P(AllCompilers,
                         DocsTest,
                         testing::Values("greeter_c.so",
                                         "greeter_cpp.so",
                                         "greeter_lambda.so",
                                         "greeter_gcc_c.so",
                                         "greeter_gcc_lambda.so",
                                         "greeter_gcc_cpp.so"));

TEST(DocsCxxTest, ExampleSaysWhatIsNotConfigured) {
  FakeHost host;
  const LoadedPlugin plugin =
      LoadForTest("plugins/testing/docs/greeter_cpp.so");
  EXPECT_EQ(host.Run(plugin.table, [] {}), CLUSTER_E_CONFIG);
  EXPECT_EQ(host.error_message(), "set what to say: --set greeting=TEXT");
}

TEST(DocsCxxTest, ExampleOfMessagesCountsWithTheOthers) {
  for (const char* file : {"greeter_counter.so", "greeter_gcc_counter.so"}) {
    FakeHost host;
    const LoadedPlugin plugin =
        LoadForTest(std::string("plugins/testing/docs/") + file);
    host.Run(plugin.table, [&] {
      host.messages().Deliver({.payload = "one more"});
      host.messages().Deliver({.payload = "something else"});
      EXPECT_EQ(Client(host.Connect()).ReadToEnd(), "2\n");
      const FakeMessages::Sent sent = host.messages().AwaitSent();
      EXPECT_EQ(sent.to, CLUSTER_TO_OTHERS);
      EXPECT_EQ(sent.payload, "one more");
    });
  }
}

}  // namespace
}  // namespace cluster
