#include "tools/policy_lab/service/service.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "tools/policy_lab/random_stream.h"
#include "tools/policy_lab/service/make_service.h"
#include "tools/policy_lab/service/measured.h"

namespace cluster::lab {
namespace {

std::shared_ptr<const Service> Make(const std::string& text) {
  auto service = MakeService(text, "");
  EXPECT_TRUE(service.ok()) << service.status();
  return *service;
}

std::string Refusal(const std::string& text) {
  return std::string(MakeService(text, "").status().message());
}

void ExpectMoments(const Service& service, double square_tolerance) {
  constexpr int kDraws = 4'000'000;
  RandomStream random(11, 0);
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double size = service.Draw(random);
    ASSERT_GE(size, 0);
    sum += size;
    squares += size * size;
  }
  EXPECT_NEAR(sum / kDraws, 1, 0.01);
  EXPECT_NEAR(squares / kDraws,
              service.second_moment(),
              square_tolerance * service.second_moment());
}

TEST(ServiceTest, DrawsHaveTheMomentsThatAreTold) {
  for (const char* text : {"exponential",
                           "deterministic",
                           "hyperexponential:cv2=10",
                           "hyperexponential:cv2=1",
                           "pareto:alpha=6",
                           "bimodal:long=1%,ratio=100"}) {
    SCOPED_TRACE(text);
    ExpectMoments(*Make(text), 0.02);
  }
  ExpectMoments(Measured({1'000'000, 3'000'000, 2'000'000}), 0.02);
}

TEST(ServiceTest, TailOfParetoIsAPower) {
  constexpr int kDraws = 1'000'000;
  const auto pareto = Make("pareto:alpha=1.5");
  RandomStream random(2, 0);
  int over = 0;
  for (int i = 0; i < kDraws; ++i) over += pareto->Draw(random) > 10 ? 1 : 0;
  // (1/3 / 10)^1.5
  EXPECT_NEAR(over, kDraws * std::pow(1.0 / 30, 1.5), 400);
  EXPECT_TRUE(std::isinf(pareto->second_moment()));
}

TEST(ServiceTest, MeasuredKnowsItsMean) {
  EXPECT_DOUBLE_EQ(Measured({1, 2, 6}).measured_mean_ns(), 3);
  EXPECT_DOUBLE_EQ(Make("exponential")->measured_mean_ns(), 0);
}

TEST(ServiceTest, BadTextIsRefused) {
  EXPECT_EQ(Refusal("normal"),
            "--service=\"normal\" is unknown: give exponential, "
            "deterministic, hyperexponential, pareto, bimodal or trace");
  EXPECT_TRUE(absl::StrContains(Refusal("pareto:alpha=1"), "bad alpha"));
  EXPECT_TRUE(absl::StrContains(Refusal("exponential:mean=1"), "unknown"));
  EXPECT_TRUE(absl::StrContains(Refusal("bimodal:long=100%"), "bad long"));
  EXPECT_TRUE(absl::StrContains(Refusal("trace"), "names no file"));
  EXPECT_TRUE(absl::StrContains(Refusal("trace:file=/nowhere"), "/nowhere"));
}

}  // namespace
}  // namespace cluster::lab
