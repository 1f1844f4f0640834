// Random machines, loads, targets and tolerances, with orders that come into force late, caps that move in steps of
// their own, machines that draw less than their cap, and data that is missing for a while. Whatever they are: what
// members are held to stays between floors and powerCapLimit, it moves only on data and once a settling time, and it
// comes to rest.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>

#include "policy/performance_ratio.h"

namespace headroom::policy {
namespace {

using base::Power;
using base::Seconds;

constexpr int kRoundsAnHour = 1200;

class Plant {
 public:
  explicit Plant(unsigned seed) : random_(seed) {
    limit_ = uniform(200, 50'000);
    least_ = limit_ * uniform(0.1, 0.6);
    demand_ = limit_ * uniform(0.3, 1.2);
    exponent_ = uniform(0, 1.5);
    slack_ = uniform(0, 0.06);
    raise_ = uniform(0, 0.08);
    wanted_ = {uniform(0.3, 3), one_in(8) ? std::nullopt : std::optional(one_in(2) ? whole(1, 4) : whole(5, 30))};
    if (one_in(4)) be_awkward();
    budget_ = limit_;
    facts_.limit = power(limit_);
    facts_.least = power(least_);
  }

  void round() {
    now_ += Seconds(3);
    obey();
    const double draws = std::min(demand_, budget_ * (1 - slack_));
    facts_.performance = 1000 * std::pow(draws / limit_, exponent_) * uniform(0.995, 1.005);
    facts_.drawn = power(draws);
    facts_.settled = late_ == 0;
    lose_data();
    const auto before = memory_.held_to;
    step_ratio(wanted_, facts_, now_, memory_);
    if (memory_.held_to != before) note_move(before.value_or(facts_.limit));
    if (memory_.held_to) {
      ASSERT_GE(*memory_.held_to, std::min(facts_.least, before.value_or(facts_.limit)));
      ASSERT_LT(*memory_.held_to, facts_.limit);
    }
  }
  void let_load_be(double part) { demand_ = limit_ * part; }
  void lose_nothing_more() { loses_ = false; }

  [[nodiscard]] int moves() const { return moves_; }
  [[nodiscard]] int turns() const { return turns_; }
  double uniform(double least, double most) { return std::uniform_real_distribution(least, most)(random_); }

 private:
  // A tolerance far narrower than the steps in which its caps move.
  void be_awkward() {
    exponent_ = uniform(0, 0.2);
    slack_ = uniform(0.04, 0.06);
    raise_ = uniform(0.06, 0.08);
    wanted_ = {uniform(1.1, 2), 1};
  }
  [[nodiscard]] static Power power(double watts) { return base::power_from_watts(watts).value(); }
  int whole(int least, int most) { return std::uniform_int_distribution(least, most)(random_); }
  bool one_in(int n) { return whole(1, n) == 1; }

  // Less is ordered at once; more, when it is worth an order. In force some rounds later.
  void obey() {
    const double target = base::to_watts(std::max(memory_.held_to.value_or(facts_.limit), facts_.least));
    if (late_ > 0 && --late_ == 0) budget_ = ordered_;
    const bool last_watts = !memory_.held_to && budget_ < target;
    if (late_ == 0 && (target < budget_ || target > budget_ * (1 + raise_) || last_watts) && target != budget_) {
      ordered_ = target;
      late_ = whole(1, 10);
    }
  }

  void lose_data() {
    if (loses_ && gap_ == 0 && one_in(300)) gap_ = whole(1, 60);
    if (gap_ == 0) return;
    --gap_;
    (one_in(2) ? facts_.performance.reset() : facts_.drawn.reset());
  }

  void note_move(Power before) {
    const bool known = facts_.performance && facts_.drawn;
    ASSERT_TRUE(known) << "moved without data";
    ASSERT_TRUE(facts_.settled) << "moved while an order was on its way";
    ASSERT_GE(now_ - moved_at_, Seconds(60));
    const int direction = memory_.held_to.value_or(facts_.limit) < before ? -1 : 1;
    turns_ += direction_ != 0 && direction != direction_ ? 1 : 0;
    direction_ = direction;
    moved_at_ = now_;
    ++moves_;
  }

  std::mt19937 random_;
  double limit_ = 0;  // W
  double least_ = 0;
  double demand_ = 0;
  double budget_ = 0;  // in force
  double ordered_ = 0;
  double exponent_ = 0;  // performance grows with this power of the watts
  double slack_ = 0;     // of its cap that a machine leaves
  double raise_ = 0;     // of a budget that a raise must bring
  int late_ = 0;         // rounds until the order is in force
  int gap_ = 0;          // rounds without data
  bool loses_ = true;
  model::PerformancePowerRatio wanted_;
  RatioFacts facts_;
  RatioMemory memory_;
  base::MonoTime now_{Seconds(0)};
  base::MonoTime moved_at_{Seconds(0)};
  int direction_ = 0;
  int moves_ = 0;
  int turns_ = 0;
};

TEST(RatioProperty, StaysBetweenFloorsAndLimitMovesOnDataAloneAndComesToRest) {
  const unsigned seed = std::random_device{}();
  for (unsigned world = 0; world < 100; ++world) {
    SCOPED_TRACE("seed " + std::to_string(seed + world));
    Plant plant(seed + world);
    const auto run = [&plant](int hours) {
      for (int i = 0; i < hours * kRoundsAnHour && !testing::Test::HasFatalFailure(); ++i) plant.round();
    };
    run(2);
    plant.let_load_be(plant.uniform(0.3, 1.2));
    run(2);
    plant.let_load_be(plant.uniform(0.3, 1.2));
    plant.lose_nothing_more();
    const int turned = plant.turns();
    run(8);
    const int moved = plant.moves();
    const int turned_at_last = plant.turns();
    run(2);
    ASSERT_FALSE(testing::Test::HasFatalFailure());
    // A ratio that rests on the edge of its tolerance may be pushed over it by noise, once.
    ASSERT_LE(plant.moves() - moved, 2) << "does not come to rest";
    ASSERT_EQ(plant.turns(), turned_at_last) << "swings under a steady load";
    ASSERT_LE(plant.turns() - turned, 3) << "goes back and forth under a steady load";
  }
}

}  // namespace
}  // namespace headroom::policy
