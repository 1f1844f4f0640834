#include "rapl-agent/core/targets.h"

#include <gtest/gtest.h>

namespace headroom::rapl_agent::core {
namespace {

using base::Power;
using base::watts;

// A package of 50..150 W, capped at `cap` and charged for that, that may rise at once by any step.
TargetInput capped_at(int cap, int demand = 150) {
  TargetInput input;
  input.floor = watts(50);
  input.ceiling = input.allowed = input.uncapped = watts(150);
  input.demand = watts(demand);
  input.cap = watts(cap);
  input.charge = watts(cap);
  input.raise_step = watts(1'000);
  return input;
}
TargetInput at_original(int demand = 150) {
  TargetInput input = capped_at(150, demand);
  input.cap.reset();
  return input;
}
TargetInput fixed_at(int power) {
  TargetInput input = capped_at(100);
  input.adjustable = false;
  input.fixed = watts(power);
  return input;
}

TargetAim raising(int available) {
  return {watts(available), TargetAim::Raises::allowed, TargetAim::Goal::divide};
}
TargetAim holding(int available) {
  return {watts(available), TargetAim::Raises::none, TargetAim::Goal::divide};
}

using Caps = std::vector<std::optional<Power>>;

TEST(NextTargets, a_budget_that_fits_all_ceilings_leaves_everybody_at_the_original) {
  EXPECT_EQ(next_targets(raising(300), {at_original(), at_original()}).caps, (Caps{std::nullopt, std::nullopt}));
}

TEST(NextTargets, a_tight_budget_lowers_at_once) {
  EXPECT_EQ(next_targets(raising(200), {at_original(), at_original()}).caps, (Caps{watts(100), watts(100)}));
}

TEST(NextTargets, a_silent_controller_still_lowers) {
  EXPECT_EQ(next_targets(holding(200), {at_original(), at_original()}).caps, (Caps{watts(100), watts(100)}));
}

TEST(NextTargets, without_raises_present_caps_stay_though_the_demand_moved) {
  EXPECT_EQ(next_targets(holding(200), {capped_at(120, 60), capped_at(80, 150)}).caps, (Caps{watts(120), watts(80)}));
}

TEST(NextTargets, without_raises_more_budget_changes_nothing) {
  EXPECT_EQ(next_targets(holding(300), {capped_at(100), capped_at(100)}).caps, (Caps{watts(100), watts(100)}));
}

TEST(NextTargets, a_raise_waits_until_what_was_lowered_has_left_its_window) {
  TargetInput falling = capped_at(60, 60);
  falling.charge = watts(110);
  EXPECT_EQ(next_targets(raising(210), {falling, capped_at(100)}).caps, (Caps{watts(60), watts(100)}));
  falling.charge = watts(60);
  EXPECT_EQ(next_targets(raising(210), {falling, capped_at(100)}).caps, (Caps{watts(60), watts(150)}));
}

TEST(NextTargets, a_raise_goes_in_steps) {
  TargetInput input = capped_at(60);
  input.raise_step = watts(15);
  EXPECT_EQ(next_targets(raising(150), {input}).caps, (Caps{watts(75)}));
  input.raise_step = watts(0);
  EXPECT_EQ(next_targets(raising(150), {input}).caps, (Caps{watts(60)}));
}

TEST(NextTargets, trifles_are_not_written) {
  EXPECT_EQ(next_targets(raising(201), {capped_at(100), capped_at(100)}).caps, (Caps{watts(100), watts(100)}));
  EXPECT_EQ(next_targets(raising(210), {capped_at(100), capped_at(100)}).caps, (Caps{watts(105), watts(105)}));
}

TEST(NextTargets, a_trifle_downwards_is_written) {
  EXPECT_EQ(next_targets(raising(199), {capped_at(100), capped_at(100)}).caps,
            (Caps{base::microwatts(99'500'000), base::microwatts(99'500'000)}));
}

TEST(NextTargets, the_last_step_to_the_ceiling_is_no_trifle) {
  EXPECT_EQ(next_targets(raising(150), {capped_at(149)}).caps, (Caps{std::nullopt}));
}

TEST(NextTargets, one_at_its_ceiling_beside_others_that_are_not_keeps_a_limit) {
  // An original may be far above the ceiling: only a budget that binds nobody goes back to it.
  EXPECT_EQ(next_targets(raising(250), {at_original(150), at_original(60)}).caps[0], watts(150));
}

TEST(NextTargets, a_budget_above_the_ceilings_and_below_what_is_drawn_uncapped_keeps_a_limit) {
  TargetInput input = at_original();
  input.uncapped = watts(250);
  EXPECT_EQ(next_targets(raising(200), {input}).caps[0], watts(150));
  EXPECT_EQ(next_targets(raising(250), {input}).caps[0], std::nullopt);
}

TEST(NextTargets, what_cannot_be_changed_is_taken_from_the_others) {
  EXPECT_EQ(next_targets(raising(250), {fixed_at(150), at_original()}).caps[1], watts(100));
}

TEST(NextTargets, floors_hold_and_what_is_missing_is_said) {
  const Targets targets = next_targets(raising(180), {fixed_at(150), at_original()});
  EXPECT_EQ(targets.caps[1], watts(50));
  EXPECT_EQ(targets.shortfall, watts(20));
}

TEST(NextTargets, an_explicit_cap_binds_below_the_share) {
  TargetInput input = at_original();
  input.allowed = watts(90);
  EXPECT_EQ(next_targets(raising(1'000), {input}).caps, (Caps{watts(90)}));
}

TEST(NextTargets, an_emergency_takes_everybody_to_the_floor) {
  TargetAim aim = holding(1'000);
  aim.goal = TargetAim::Goal::floors;
  EXPECT_EQ(next_targets(aim, {at_original(), capped_at(70)}).caps, (Caps{watts(50), watts(50)}));
}

// Told its own caps again and again, the split comes to rest: no cap wanders.
TEST(NextTargets, steady_demand_comes_to_rest) {
  std::vector<TargetInput> inputs = {at_original(140), at_original(70), at_original(55)};
  int changes = 0;
  for (int round = 0; round < 50; ++round) {
    const Targets targets = next_targets(raising(300), inputs);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i].cap != targets.caps[i] && round > 3) ++changes;
      inputs[i].cap = targets.caps[i];
      inputs[i].charge = targets.caps[i].value_or(inputs[i].ceiling);
    }
  }
  EXPECT_EQ(changes, 0);
}

}  // namespace
}  // namespace headroom::rapl_agent::core
