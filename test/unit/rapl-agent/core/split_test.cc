#include "rapl-agent/core/split.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "test/support/table.h"

namespace headroom::rapl_agent::core {
namespace {

using base::Power;
using base::watts;

struct Row {
  const char* name;
  Power available;
  std::vector<SplitShare> shares;
  std::vector<Power> caps;
  Power shortfall{};
};

class SplitBudget : public testing::TestWithParam<Row> {};

TEST_P(SplitBudget, divides) {
  const Split split = split_budget(GetParam().available, GetParam().shares);
  ASSERT_EQ(split.caps.size(), GetParam().caps.size());
  for (std::size_t i = 0; i < split.caps.size(); ++i) {
    EXPECT_NEAR(base::to_watts(split.caps[i]), base::to_watts(GetParam().caps[i]), 0.01) << i;
  }
  EXPECT_EQ(split.shortfall, GetParam().shortfall);
}

SplitShare share(int floor, int ceiling, int demand) {
  return {watts(floor), watts(ceiling), watts(demand)};
}

INSTANTIATE_TEST_SUITE_P(
    Table, SplitBudget,
    testing::Values(Row{"equal domains share equally",
                        watts(200),
                        {share(50, 150, 150), share(50, 150, 150)},
                        {watts(100), watts(100)}},
                    Row{"demand is served before ceilings",
                        watts(200),
                        {share(50, 150, 60), share(50, 150, 140)},
                        {watts(60), watts(140)}},
                    Row{"leftovers go towards the ceilings",
                        watts(220),
                        {share(50, 150, 60), share(50, 150, 140)},
                        {watts(70), watts(150)}},
                    Row{"nobody gets more than the ceiling",
                        watts(900),
                        {share(50, 150, 60), share(50, 100, 90)},
                        {watts(150), watts(100)}},
                    Row{"nobody gets less than the floor",
                        watts(100),
                        {share(50, 150, 150), share(50, 150, 10)},
                        {watts(50), watts(50)}},
                    Row{"floors hold when they do not fit, and it is said",
                        watts(70),
                        {share(50, 150, 150), share(50, 150, 150)},
                        {watts(50), watts(50)},
                        watts(30)},
                    Row{"no budget at all", watts(-40), {share(50, 150, 150)}, {watts(50)}, watts(90)},
                    Row{"no domains", watts(100), {}, {}}),
    headroom::test::RowName());

TEST(SplitBudgetProperty, the_sum_fits_and_nothing_that_somebody_could_use_is_left) {
  std::mt19937_64 random(20);
  const auto between = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
  for (int round = 0; round < 20'000; ++round) {
    std::vector<SplitShare> shares;
    Power floors;
    Power ceilings;
    for (int i = between(1, 20); i > 0; --i) {
      const int floor = between(0, 100);
      shares.push_back(share(floor, floor + between(0, 300), between(0, 500)));
      floors += shares.back().floor;
      ceilings += shares.back().ceiling;
    }
    const Power available = watts(between(0, 4'000));
    const Split split = split_budget(available, shares);
    const Power sum = std::accumulate(split.caps.begin(), split.caps.end(), Power{});
    for (std::size_t i = 0; i < shares.size(); ++i) {
      ASSERT_GE(split.caps[i], shares[i].floor) << "round " << round;
      ASSERT_LE(split.caps[i], shares[i].ceiling) << "round " << round;
    }
    ASSERT_EQ(split.shortfall > Power{}, floors > available) << "round " << round;
    if (floors > available) continue;
    ASSERT_LE(sum, available) << "round " << round;
    ASSERT_GE(sum + base::microwatts(100), std::min(available, ceilings)) << "round " << round;
  }
}

}  // namespace
}  // namespace headroom::rapl_agent::core
