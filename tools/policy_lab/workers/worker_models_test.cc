#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "tools/policy_lab/job_pool.h"
#include "tools/policy_lab/sim_time.h"
#include "tools/policy_lab/workers/fcfs_workers.h"
#include "tools/policy_lab/workers/ps_workers.h"
#include "tools/policy_lab/workers/worker_model.h"

namespace cluster::lab {
namespace {

struct Done {
  int64_t ns;
  uint32_t job;
  bool operator==(const Done&) const = default;
};

// Two workers; jobs get the indices 0, 1, 2 in order.
template <typename Model>
class Bench {
 public:
  void Add(uint32_t worker, int64_t work_ns, int64_t now_ns) {
    const uint32_t job = jobs_.New();
    jobs_[job].work_ns = work_ns;
    model_.Add(worker, job, now_ns);
  }
  Done Complete() {
    const int64_t now_ns = model_.next_ns();
    return {now_ns, model_.Complete(now_ns)};
  }
  int64_t Left(uint32_t worker, int64_t now_ns) {
    int64_t left_ns = -1;
    model_.WorkLeft({&worker, 1}, now_ns, {&left_ns, 1});
    return left_ns;
  }
  WorkerModel& model() { return model_; }

 private:
  JobPool jobs_;
  Model model_{2, jobs_};
};

TEST(FcfsWorkersTest, ServesOneAfterTheOther) {
  Bench<FcfsWorkers> bench;
  bench.Add(0, 10, 0);
  bench.Add(0, 5, 2);
  bench.Add(1, 11, 3);
  EXPECT_EQ(bench.Left(0, 4), 11);
  EXPECT_EQ(bench.Left(1, 4), 10);
  EXPECT_EQ(bench.Complete(), (Done{10, 0}));
  EXPECT_EQ(bench.Complete(), (Done{14, 2}));
  EXPECT_EQ(bench.Left(1, 14), 0);
  EXPECT_EQ(bench.Complete(), (Done{15, 1}));
  EXPECT_EQ(bench.model().next_ns(), kNever);
}

TEST(FcfsWorkersTest, SlowWorkerTakesLongerForTheRest) {
  Bench<FcfsWorkers> bench;
  bench.Add(0, 100, 0);
  bench.Add(0, 10, 0);
  bench.model().SetSpeed(0, 0.5, 40);
  EXPECT_EQ(bench.Left(0, 60), 60);
  EXPECT_EQ(bench.Complete(), (Done{160, 0}));
  bench.model().SetSpeed(0, 1, 164);
  EXPECT_EQ(bench.Complete(), (Done{172, 1}));
}

TEST(FcfsWorkersTest, StalledWorkerGoesOnWhereItWas) {
  Bench<FcfsWorkers> bench;
  bench.Add(0, 100, 0);
  bench.model().SetSpeed(0, 0, 30);
  EXPECT_EQ(bench.model().next_ns(), kNever);
  bench.Add(0, 7, 50);
  EXPECT_EQ(bench.Left(0, 500), 77);
  bench.model().SetSpeed(0, 1, 1000);
  EXPECT_EQ(bench.Complete(), (Done{1070, 0}));
  EXPECT_EQ(bench.Complete(), (Done{1077, 1}));
}

TEST(FcfsWorkersTest, ClearTellsBegunFromWaiting) {
  Bench<FcfsWorkers> bench;
  for (int64_t work_ns : {10, 20, 30}) bench.Add(0, work_ns, 0);
  std::vector<uint32_t> begun;
  std::vector<uint32_t> waiting;
  bench.model().Clear(0, &begun, &waiting);
  EXPECT_EQ(begun, std::vector<uint32_t>({0}));
  EXPECT_EQ(waiting, std::vector<uint32_t>({1, 2}));
  EXPECT_EQ(bench.model().next_ns(), kNever);
  EXPECT_EQ(bench.Left(0, 5), 0);
}

TEST(PsWorkersTest, SharesEvenly) {
  Bench<PsWorkers> bench;
  bench.Add(0, 10, 0);
  bench.Add(0, 4, 2);  // 8 and 4 left, each at half speed
  EXPECT_EQ(bench.Left(0, 6), 8);
  EXPECT_EQ(bench.Complete(), (Done{10, 1}));
  EXPECT_EQ(bench.Left(0, 10), 4);
  EXPECT_EQ(bench.Complete(), (Done{14, 0}));
  EXPECT_EQ(bench.model().next_ns(), kNever);
}

TEST(PsWorkersTest, SpeedAppliesToAll) {
  Bench<PsWorkers> bench;
  bench.Add(0, 10, 0);
  bench.Add(0, 10, 0);
  bench.model().SetSpeed(0, 0, 10);  // 5 left of each
  bench.model().SetSpeed(0, 0.5, 100);
  EXPECT_EQ(bench.Left(0, 110), 5);
  EXPECT_EQ(bench.Complete().ns, 120);
  EXPECT_EQ(bench.Complete().ns, 120);
}

TEST(PsWorkersTest, AllThatItHasIsBegun) {
  Bench<PsWorkers> bench;
  bench.Add(1, 10, 0);
  bench.Add(1, 20, 0);
  std::vector<uint32_t> begun;
  std::vector<uint32_t> waiting;
  bench.model().Clear(1, &begun, &waiting);
  EXPECT_EQ(begun.size(), 2u);
  EXPECT_TRUE(waiting.empty());
  EXPECT_EQ(bench.model().next_ns(), kNever);
  EXPECT_EQ(bench.Left(1, 5), 0);
}

}  // namespace
}  // namespace cluster::lab
