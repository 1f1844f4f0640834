#include "policy/charge.h"

#include <gtest/gtest.h>

#include <string>

#include "test/support/table.h"

namespace headroom::policy {
namespace {

using base::Power;
using base::watts;
using model::CapState;

// Ordered 400 W and acknowledged, on a machine of at most 1000 W.
model::NodePowerCap acked() {
  model::NodePowerCap cap;
  cap.name = "a";
  cap.uid = "u1";
  cap.spec.stamp = {1, 5};
  cap.spec.budget = watts(400);
  cap.status.state = CapState::active;
  cap.status.boot_id = "boot-1";
  cap.status.applied = watts(395);
  cap.status.observed = model::ObservedCap{"u1", {1, 5}};
  return cap;
}

struct Case {
  std::string name;
  model::NodePowerCap cap;
  std::int64_t want = 0;
  CapReach reach = CapReach::acknowledged;
  AgentPresence agent = AgentPresence::ready;
  std::optional<std::int64_t> wall{};
  std::optional<std::int64_t> in_flight{};
};

template <class Change>
model::NodePowerCap with(Change change) {
  model::NodePowerCap cap = acked();
  change(cap);
  return cap;
}
using Cap = model::NodePowerCap;

class ChargeRule : public testing::TestWithParam<Case> {};

TEST_P(ChargeRule, Holds) {
  const Case& row = GetParam();
  ChargeInput input{&row.cap, "boot-1", watts(1000), row.agent, {}, {}};
  if (row.wall) input.wall = watts(*row.wall);
  if (row.in_flight) input.in_flight = watts(*row.in_flight);
  const Charge charge = charge_of(input);
  EXPECT_EQ(charge.charged, watts(row.want));
  EXPECT_EQ(charge.reach, row.reach);
  EXPECT_EQ(charge.held_to.has_value(), row.reach == CapReach::acknowledged);
}

const auto kUnready = AgentPresence::unready_within_grace;
const auto kSilent = AgentPresence::unready_past_grace;

INSTANTIATE_TEST_SUITE_P(
    Table, ChargeRule,
    testing::Values(
        Case{"an acknowledged order counts", acked(), 400},
        Case{"what was read back counts where it is more", with([](Cap& cap) { cap.status.applied = watts(450); }),
             450},
        Case{"a lower order counts only once it is acknowledged", with([](Cap& cap) {
               cap.spec.stamp.sequence = 6;
               cap.spec.budget = watts(300);
             }),
             395},
        Case{"a higher order counts from the moment it is written", with([](Cap& cap) {
               cap.spec.stamp.sequence = 6;
               cap.spec.budget = watts(600);
             }),
             600},
        Case{"an order between that may have arrived counts as well", with([](Cap& cap) {
               cap.spec.stamp.sequence = 7;
               cap.spec.budget = watts(300);
               cap.spec.unacknowledged_budget = watts(700);
             }),
             700},
        Case{"no longer once a later one is acknowledged",
             with([](Cap& cap) { cap.spec.unacknowledged_budget = watts(700); }), 400},
        Case{"without a budget nothing bounds an order under way", with([](Cap& cap) {
               cap.spec.stamp.sequence = 6;
               cap.spec.budget.reset();
             }),
             1000},
        Case{"a write whose outcome is unknown counts",
             acked(),
             800,
             CapReach::acknowledged,
             AgentPresence::ready,
             {},
             800},
        Case{"nothing counts above the class maximum", with([](Cap& cap) { cap.status.applied = watts(5000); }), 1000},
        Case{"an agent that never spoke", with([](Cap& cap) { cap.status = {}; }), 1000, CapReach::unheard},
        Case{"an ack of an object of the same name that is gone", with([](Cap& cap) { cap.uid = "u2"; }), 1000,
             CapReach::unheard},
        Case{"a rebooted node", with([](Cap& cap) { cap.status.boot_id = "boot-0"; }), 1000, CapReach::rebooted},
        Case{"an agent that only observes", with([](Cap& cap) { cap.status.state = CapState::observe; }), 1000,
             CapReach::observing},
        Case{"a release that was ordered", with([](Cap& cap) { cap.spec.release = true; }), 1000, CapReach::releasing},
        Case{"an unready agent keeps its charge for the grace time", acked(), 400, CapReach::acknowledged, kUnready},
        Case{"and no longer", acked(), 1000, CapReach::silent, kSilent},
        Case{"but where a wall meter shows that the cap holds", acked(), 400, CapReach::silent, kSilent, 390},
        Case{"and with what it shows where the cap does not", acked(), 600, CapReach::silent, kSilent, 600}),
    test::RowName());

TEST(Charge, OfANodeWithoutNodePowerCapIsTheClassMaximum) {
  EXPECT_EQ(charge_of({nullptr, "boot-1", watts(1000), AgentPresence::ready, {}, {}}).charged, watts(1000));
}

TEST(Charge, BindsFrom95PercentOfWhatTheNodeIsHeldTo) {
  const Cap cap = acked();
  const Charge charge = charge_of({&cap, "boot-1", watts(1000), AgentPresence::ready, {}, {}});
  EXPECT_EQ(charge.held_to, watts(395));
  EXPECT_FALSE(binds(charge, cap, watts(375)));
  EXPECT_TRUE(binds(charge, cap, watts(376)));
  EXPECT_FALSE(binds(charge, cap, std::nullopt));
  EXPECT_FALSE(binds(Charge{watts(1000), CapReach::none, {}}, cap, watts(1000)));
}

TEST(Charge, BindsWhereTheAgentSaysThatItThrottles) {
  const Cap cap = with([](Cap& c) { c.status.conditions.push_back({"Throttled", true, "", "", {}}); });
  const Charge charge = charge_of({&cap, "boot-1", watts(1000), AgentPresence::ready, {}, {}});
  EXPECT_TRUE(binds(charge, cap, watts(100)));
}

}  // namespace
}  // namespace headroom::policy
