#include "plugins/testing/abi_tags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace cluster {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

constexpr uint32_t kLoaded = 1;
constexpr uint32_t kCreated = 2;
constexpr uint32_t kStarted = 4;
constexpr uint32_t kDraining = 8;
constexpr uint32_t kStopped = 16;
constexpr uint32_t kDestroyed = 32;

uint32_t StatesOf(const std::string& tag) {
  const std::optional<AbiTag> parsed = ParseAbiTag(tag);
  return parsed ? parsed->states : 0;
}

TEST(ParseAbiTagTest, NamesAThreadAndStates) {
  EXPECT_TRUE(ParseAbiTag("loop-thread & loaded")->on_loop_thread);
  EXPECT_FALSE(ParseAbiTag("any-thread & loaded")->on_loop_thread);
  EXPECT_EQ(StatesOf("any-thread & loaded"), kLoaded);
  EXPECT_EQ(StatesOf("any-thread & created, started"), kCreated | kStarted);
  EXPECT_EQ(StatesOf("any-thread & created to stopped"),
            kCreated | kStarted | kDraining | kStopped);
  EXPECT_EQ(StatesOf("any-thread & stopped and later"), kStopped | kDestroyed);
  EXPECT_EQ(StatesOf("loop-thread & started; from inside run"), kStarted);
  EXPECT_EQ(ParseAbiTag("loop-thread & started; from inside run")->remark,
            "from inside run");
  EXPECT_EQ(ParseAbiTag("loop-thread & started")->remark, "");
}

TEST(ParseAbiTagTest, NonsenseIsNone) {
  for (const char* tag : {"",
                          "created",
                          "loop-thread",
                          "main-thread & created",
                          "loop-thread & creating",
                          "loop-thread & started, created",
                          "loop-thread & started, started",
                          "loop-thread & draining to created",
                          "loop-thread & created to later"}) {
    EXPECT_FALSE(ParseAbiTag(tag)) << tag;
  }
}

TEST(ReadAbiFunctionsTest, TakesTheCommentAboveAndNoOther) {
  const std::vector<AbiFunction> functions = ReadAbiFunctions(R"(
typedef struct facts {
  uint32_t size; /* [any-thread & created] */
} facts;

typedef struct table {
  uint32_t size;
  /* Calls `done` [loop-thread & started] when
   * [it] is done. [any-thread & created to
   * draining] */
  int (*first)(void (*done)(void* ctx), void (*other)(void), void* ctx);
  int (*second)(void);
  /* No tag at its [end]. */
  int (*third)(void);
} table;
)");
  ASSERT_EQ(functions.size(), 3u);
  EXPECT_EQ(functions[0].table, "table");
  EXPECT_EQ(functions[0].name, "first");
  EXPECT_EQ(functions[0].tag, "any-thread & created to draining");
  EXPECT_THAT(
      functions[0].callbacks,
      ElementsAre(Pair("done", "loop-thread & started"), Pair("other", "")));
  EXPECT_EQ(functions[1].name, "second");
  EXPECT_EQ(functions[1].tag, "");
  EXPECT_EQ(functions[2].tag, "");
}

TEST(AbiHeadersTest, EachFunctionAndEachCallbackHasATag) {
  std::set<std::string> tables;
  for (const AbiFunction& function : ReadAllAbiFunctions()) {
    tables.insert(function.table);
    EXPECT_TRUE(ParseAbiTag(function.tag))
        << function.table << "." << function.name << ": [" << function.tag
        << "]";
    for (const auto& [name, tag] : function.callbacks) {
      // The loop calls them, which runs from when start has returned to stop.
      EXPECT_EQ(tag, "loop-thread & started, draining")
          << function.table << "." << function.name << ", " << name;
    }
  }
  // The host, what a plugin offers, and a table for each service.
  EXPECT_EQ(tables.size(), 14u);
}

}  // namespace
}  // namespace cluster
