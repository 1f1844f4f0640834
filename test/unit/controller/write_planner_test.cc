#include "controller/write_planner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace headroom::controller {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr base::WallTime kWall{seconds(1'900'000'000)};

DesiredStatus status(std::string name, std::int64_t watts = 100) {
  DesiredStatus made;
  made.key = {ObjectKind::policy, "llm", std::move(name)};
  made.uid = "u";
  made.observed_generation = 1;
  made.conditions = {{"Ready", true, "Enforced", "in force"}};
  PolicyNumbers numbers;
  numbers.current = base::watts(watts);
  made.numbers = numbers;
  return made;
}

class WritePlannerTest : public testing::Test {
 protected:
  PlannerTime time() const { return {base::MonoTime(elapsed), kWall + elapsed}; }
  // The names written in one round, all of them accepted.
  std::vector<std::string> round(const std::vector<DesiredStatus>& plan) {
    std::vector<std::string> names;
    for (const auto& write : planner.due(plan, time())) {
      planner.written(write, time().mono);
      last = write;
      names.push_back(write.status.key.name);
    }
    return names;
  }

  WritePlanner planner{WriteLimits{}};
  base::Microseconds elapsed{seconds(1000)};
  StatusWrite last;
};

TEST_F(WritePlannerTest, ANewStatusIsWrittenOnceAndNotAgain) {
  EXPECT_THAT(round({status("a")}), ElementsAre("a"));
  elapsed += seconds(100);
  EXPECT_THAT(round({status("a")}), IsEmpty());
}

TEST_F(WritePlannerTest, AConditionIsWrittenAtOnce) {
  round({status("a")});
  auto changed = status("a");
  changed.conditions[0] = {"Ready", false, "NoMembers", "join"};
  elapsed += milliseconds(1);
  EXPECT_THAT(round({changed}), ElementsAre("a"));
}

TEST_F(WritePlannerTest, NumbersWaitTenSeconds) {
  round({status("a", 100)});
  elapsed += seconds(9);
  EXPECT_THAT(round({status("a", 200)}), IsEmpty());
  elapsed += seconds(1);
  EXPECT_THAT(round({status("a", 200)}), ElementsAre("a"));
}

TEST_F(WritePlannerTest, SmallMovesOfANumberAreNotWritten) {
  round({status("a", 10'000)});
  elapsed += seconds(60);
  EXPECT_THAT(round({status("a", 10'090)}), IsEmpty());
  EXPECT_THAT(round({status("a", 10'110)}), ElementsAre("a"));
}

TEST_F(WritePlannerTest, TransitionTimesMoveOnlyWithTheVerdict) {
  round({status("a")});
  const auto first = last.since.at("Ready");
  elapsed += seconds(20);
  auto changed = status("a");
  changed.conditions[0].reason = "Recommending";
  round({changed});
  EXPECT_EQ(last.since.at("Ready"), first);
  elapsed += seconds(20);
  changed.conditions[0].holds = false;
  round({changed});
  EXPECT_EQ(last.since.at("Ready"), kWall + elapsed);
}

TEST_F(WritePlannerTest, AnAdoptedStatusKeepsItsTimesAndIsCompletedOnce) {
  ExistingStatus existing;
  existing.key = status("a").key;
  existing.uid = "u";
  existing.observed_generation = 1;
  existing.conditions = status("a").conditions;
  existing.since = {{"Ready", kWall - seconds(99)}};
  planner.adopt({existing});
  EXPECT_THAT(round({status("a")}), ElementsAre("a")) << "its numbers are not known";
  EXPECT_EQ(last.since.at("Ready"), kWall - seconds(99));
  elapsed += seconds(60);
  EXPECT_THAT(round({status("a")}), IsEmpty());
}

TEST_F(WritePlannerTest, AnotherObjectOfTheSameNameStartsAfresh) {
  round({status("a")});
  elapsed += seconds(1);
  auto recreated = status("a");
  recreated.uid = "v";
  EXPECT_THAT(round({recreated}), ElementsAre("a"));
  EXPECT_EQ(last.since.at("Ready"), kWall + elapsed);
}

TEST_F(WritePlannerTest, TheBudgetBoundsABurstAndNothingIsLost) {
  std::vector<DesiredStatus> plan;
  for (int i = 100; i < 150; ++i) plan.push_back(status("p" + std::to_string(i)));
  std::size_t written = round(plan).size();
  EXPECT_EQ(written, 20U);
  for (int second = 1; second <= 3; ++second) {
    elapsed += seconds(1);
    const auto names = round(plan);
    EXPECT_LE(names.size(), 10U);
    written += names.size();
  }
  EXPECT_EQ(written, 50U);
}

TEST_F(WritePlannerTest, ConditionsComeBeforeNumbers) {
  WriteLimits one;
  one.burst = 1;
  planner = WritePlanner(one);
  for (int i = 0; i < 2; ++i) {
    round({status("a"), status("b")});
    elapsed += seconds(10);
  }
  auto changed = status("b");
  changed.conditions[0].holds = false;
  EXPECT_THAT(round({status("a", 999), changed}), ElementsAre("b"));
}

TEST_F(WritePlannerTest, AFailedWriteIsTriedAgainAfterFiveSeconds) {
  ASSERT_EQ(planner.due({status("a")}, time()).size(), 1U);
  planner.failed(status("a").key, time().mono);
  elapsed += seconds(4);
  EXPECT_THAT(round({status("a")}), IsEmpty());
  elapsed += seconds(1);
  EXPECT_THAT(round({status("a")}), ElementsAre("a"));
}

}  // namespace
}  // namespace headroom::controller
