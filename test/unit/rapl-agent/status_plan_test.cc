#include "rapl-agent/status_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "test/support/table.h"
#include "test/unit/rapl-agent/reports.h"

namespace headroom::rapl_agent {
namespace {

using test::report;
using testing::HasSubstr;

const base::WallTime kNow{base::Seconds(1'800'000'000)};

model::CapCondition condition(const core::AgentReport& from, std::string_view type) {
  for (const auto& condition : status_of(from, {}, kNow).conditions) {
    if (condition.type == type) return condition;
  }
  ADD_FAILURE() << "no condition " << type;
  return {};
}

TEST(StatusPlan, says_what_the_report_says) {
  const auto status = status_of(report(), {}, kNow);
  EXPECT_EQ(status.state, model::CapState::active);
  EXPECT_EQ(status.boot_id, "boot-1");
  EXPECT_EQ(status.applied, base::watts(260));
  EXPECT_EQ(status.min, base::watts(160));
  EXPECT_EQ(status.max, base::watts(310));
  EXPECT_EQ(status.measured, base::watts(200));
  ASSERT_TRUE(status.observed.has_value());
  EXPECT_EQ(status.observed->uid, "uid-1");
  EXPECT_EQ(status.observed->stamp, (model::CapStamp{2, 5}));
  ASSERT_EQ(status.domains.size(), 2U);
  EXPECT_EQ(status.domains[0].id, "rapl/package-0");
  EXPECT_EQ(status.domains[0].cap, base::watts(100));
  EXPECT_EQ(status.domains[0].measured, base::watts(70));
  EXPECT_EQ(status.last_updated, kNow);
}

TEST(StatusPlan, a_domain_without_a_reading_tells_none) {
  core::AgentReport from = report();
  from.domains[1].power.reset();
  const auto status = status_of(from, {}, kNow);
  EXPECT_EQ(status.domains[0].measured, base::watts(70));
  EXPECT_EQ(status.domains[1].measured, std::nullopt);
}

TEST(StatusPlan, meters_are_not_listed_as_domains) {
  core::AgentReport from = report();
  from.domains.push_back(test::package("rapl/psys"));
  from.domains.back().cappable = false;
  EXPECT_EQ(status_of(from, {}, kNow).domains.size(), 2U);
}

struct ConditionRow {
  const char* name;
  std::function<void(core::AgentReport&)> change;
  std::string_view type;
  bool holds;
  const char* reason;
  const char* message;
};

class Condition : public testing::TestWithParam<ConditionRow> {};

TEST_P(Condition, follows_the_report) {
  core::AgentReport from = report();
  GetParam().change(from);
  const auto found = condition(from, GetParam().type);
  EXPECT_EQ(found.holds, GetParam().holds);
  EXPECT_EQ(found.reason, GetParam().reason);
  EXPECT_THAT(found.message, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Table, Condition,
    testing::Values(ConditionRow{"all in control", [](auto&) {}, "Ready", true, "InControl", ""},
                    ConditionRow{"one domain locked",
                                 [](auto& from) {
                                   from.domains[1].health = core::Health::readonly;
                                   from.domains[1].detail = "locked by firmware";
                                 },
                                 "Ready", true, "PartlyInControl", "rapl/package-1 READONLY: locked by firmware"},
                    ConditionRow{"every domain lost",
                                 [](auto& from) {
                                   for (auto& domain : from.domains) domain.health = core::Health::lost;
                                   from.notes = {"the module was unloaded"};
                                 },
                                 "Ready", false, "NoDomainInControl", "the module was unloaded"},
                    ConditionRow{"a virtual machine",
                                 [](auto& from) {
                                   from.hardware = false;
                                   from.domains.clear();
                                   from.notes = {"this machine shows no RAPL zones"};
                                 },
                                 "Ready", false, "NoHardware", "no RAPL zones"},
                    ConditionRow{"mode Observe", [](auto& from) { from.mode = core::AgentMode::observe; }, "Ready",
                                 false, "Observing", "writes nothing"},
                    ConditionRow{"dry run", [](auto& from) { from.mode = core::AgentMode::dry_run; }, "Ready", false,
                                 "DryRun", "writes nothing"},
                    ConditionRow{"a budget that fits", [](auto&) {}, "Infeasible", false, "Feasible", ""},
                    ConditionRow{"floors above the budget",
                                 [](auto& from) {
                                   from.infeasible = true;
                                   from.shortfall = base::microwatts(19'500'000);
                                 },
                                 "Infeasible", true, "FloorsAboveBudget", "20 W more"},
                    ConditionRow{"an order that makes no sense",
                                 [](auto& from) { from.order_problem = "spec.budgetWatts: huh"; }, "Infeasible", true,
                                 "OrderRefused", "spec.budgetWatts"},
                    ConditionRow{"draw below the caps", [](auto&) {}, "Throttled", false, "BelowCaps", ""},
                    ConditionRow{"draw at a cap", [](auto& from) { from.domains[1].power = base::watts(96); },
                                 "Throttled", true, "AtCap", "rapl/package-1"}),
    headroom::test::RowName());

TEST(StatusPlan, a_condition_that_has_not_turned_keeps_its_time) {
  const auto first = status_of(report(), {}, kNow);
  core::AgentReport from = report();
  from.infeasible = true;
  const auto later = kNow + base::Seconds(60);
  const auto second = status_of(from, first, later);
  EXPECT_EQ(second.conditions[0].since, later);  // Infeasible has turned
  EXPECT_EQ(second.conditions[1].since, kNow);
}

struct WorthRow {
  const char* name;
  std::function<void(core::AgentReport&)> change;
  Worth worth;
};

class WorthWriting : public testing::TestWithParam<WorthRow> {};

TEST_P(WorthWriting, is_decided_by_what_changed) {
  core::AgentReport from = report();
  GetParam().change(from);
  EXPECT_EQ(worth_writing(status_of(report(), {}, kNow), status_of(from, {}, kNow + base::Seconds(1))),
            GetParam().worth);
}

INSTANTIATE_TEST_SUITE_P(
    Table, WorthWriting,
    testing::Values(WorthRow{"nothing", [](auto&) {}, Worth::nothing},
                    WorthRow{"the state", [](auto& from) { from.state = core::AgentState::holding; }, Worth::now},
                    WorthRow{"an acknowledgement", [](auto& from) { from.observed->stamp.sequence = 6; }, Worth::now},
                    WorthRow{"the boot", [](auto& from) { from.boot_id = "boot-2"; }, Worth::now},
                    WorthRow{"a domain's health", [](auto& from) { from.domains[0].health = core::Health::hung; },
                             Worth::now},
                    WorthRow{"a domain that left", [](auto& from) { from.domains.pop_back(); }, Worth::now},
                    WorthRow{"a condition", [](auto& from) { from.infeasible = true; }, Worth::now},
                    WorthRow{"applied watts", [](auto& from) { from.applied = base::watts(300); }, Worth::now},
                    WorthRow{"applied watts by less than one percent",
                             [](auto& from) { from.applied = base::microwatts(261'000'000); }, Worth::nothing},
                    WorthRow{"measured watts", [](auto& from) { from.node_power = base::watts(220); }, Worth::later},
                    WorthRow{"measured watts by less than one percent",
                             [](auto& from) { from.node_power = base::microwatts(200'900'000); }, Worth::nothing},
                    WorthRow{"a meter that fell silent", [](auto& from) { from.node_power.reset(); }, Worth::later},
                    WorthRow{"what the domains draw, under a meter of the whole node that stands still",
                             [](auto& from) { from.domains[0].power = base::watts(75); }, Worth::later},
                    WorthRow{"a domain whose counter cannot be read", [](auto& from) { from.domains[0].power.reset(); },
                             Worth::later},
                    WorthRow{"watts that moved from one domain to the other",
                             [](auto& from) {
                               from.domains[0].power = base::watts(60);
                               from.domains[1].power = base::watts(80);
                             },
                             Worth::nothing},
                    WorthRow{"a cap that moved between domains",
                             [](auto& from) { from.domains[0].cap = base::watts(90); }, Worth::later}),
    headroom::test::RowName());

}  // namespace
}  // namespace headroom::rapl_agent
