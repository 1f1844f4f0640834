#include "policy/resolve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "base/names.h"
#include "test/support/table.h"

namespace headroom::policy {
namespace {

using model::EnforcementMode;
using testing::ElementsAre;

using Policies = std::vector<std::shared_ptr<const model::PolicyObject>>;

model::PolicyObject policy(std::string ns, std::string name) {
  model::PolicyObject made;
  made.ns = std::move(ns);
  made.name = std::move(name);
  made.power_cap_limit = base::watts(1000);
  return made;
}
model::PolicyObject selecting(std::string name, model::Labels labels) {
  auto made = policy("llm", std::move(name));
  made.selector = model::LabelSelector{std::move(labels), {}};
  return made;
}
Policies all(std::vector<model::PolicyObject> policies) {
  Policies shared;
  for (auto& p : policies) shared.push_back(std::make_shared<const model::PolicyObject>(std::move(p)));
  return shared;
}
model::Pod pod(model::Labels labels, std::string annotation = "", std::string ns = "llm") {
  model::Pod made;
  made.ns = std::move(ns);
  made.labels = std::move(labels);
  if (!annotation.empty()) made.annotations.emplace(base::names::kPolicyAnnotation, std::move(annotation));
  return made;
}
std::vector<std::string> names(const PolicyIndex& index, const Membership& membership) {
  std::vector<std::string> result;
  for (const auto number : membership.policies) result.push_back(key_of(*index.policies()[number]));
  return result;
}

struct Case {
  std::string name;
  model::Pod pod;
  std::vector<std::string> want;
  MembershipProblem problem = MembershipProblem::none;
};

class MembershipRule : public testing::TestWithParam<Case> {};

// Namespace llm: two policies with selectors; namespace open: one without, one with.
TEST_P(MembershipRule, Holds) {
  auto narrow = policy("open", "narrow");
  narrow.selector = model::LabelSelector{{{"app", "a"}}, {}};
  auto everything = selecting("everything", {});
  const PolicyIndex index(all({selecting("gpu", {{"kind", "gpu"}}), everything, policy("open", "whole"), narrow}), {});
  const auto membership = index.membership_of(GetParam().pod);
  EXPECT_EQ(names(index, membership), GetParam().want);
  EXPECT_EQ(membership.problem, GetParam().problem);
}

INSTANTIATE_TEST_SUITE_P(
    Table, MembershipRule,
    testing::Values(
        Case{"every policy whose selector matches counts", pod({{"kind", "gpu"}}), {"llm/everything", "llm/gpu"}},
        Case{"an empty selector matches every pod", pod({}), {"llm/everything"}},
        Case{"the annotation replaces selectors", pod({{"kind", "gpu"}}, "gpu"), {"llm/gpu"}},
        Case{"the annotation makes a member without matching labels", pod({}, "gpu"), {"llm/gpu"}},
        Case{"an unknown policy refuses", pod({{"kind", "gpu"}}, "typo"), {}, MembershipProblem::unknown_policy},
        Case{"a policy of another namespace is unknown", pod({}, "whole"), {}, MembershipProblem::unknown_policy},
        Case{"a policy without selector covers all pods", pod({}, "", "open"), {"open/whole"}},
        Case{"also annotated ones", pod({}, "narrow", "open"), {"open/narrow", "open/whole"}},
        Case{"also those whose annotation is wrong",
             pod({}, "typo", "open"),
             {"open/whole"},
             MembershipProblem::unknown_policy},
        Case{"selectors stop at the namespace", pod({{"kind", "gpu"}}, "", "other"), {}},
        Case{"an annotation in a namespace without policies is unknown",
             pod({}, "gpu", "other"),
             {},
             MembershipProblem::unknown_policy}),
    test::RowName());

TEST(Membership, AnUnreadablePolicyRefusesThePodsOfItsNamespaceOnly) {
  const PolicyIndex index(all({selecting("gpu", {{"kind", "gpu"}})}), {{"llm/future", "spec: nonsense"}});
  const auto member = index.membership_of(pod({{"kind", "gpu"}}, "gpu"));
  EXPECT_EQ(member.problem, MembershipProblem::unreadable_policy);
  EXPECT_EQ(member.problem_policy, "llm/future");
  EXPECT_THAT(names(index, member), ElementsAre("llm/gpu"));
  EXPECT_EQ(index.membership_of(pod({}, "", "other")).problem, MembershipProblem::none);
}

model::PolicyObject with_rack(std::string name, model::RackConstraint constraint) {
  auto made = selecting(std::move(name), {});
  made.rack_constraints.push_back(std::move(constraint));
  return made;
}

TEST(Limits, TheTightestOfEachQuantityWins) {
  auto a = with_rack("a", {"r1", base::watts(5000), base::celsius(25)});
  auto b = with_rack("b", {"r1", base::watts(4000), base::celsius(30)});
  b.on_stale = model::StaleTelemetry::fail_closed;
  a.on_stale = model::StaleTelemetry::fail_open;
  a.max_telemetry_age = base::Seconds(10);
  b.max_telemetry_age = base::Seconds(30);
  const PolicyIndex index(all({a, b}), {});
  const auto limits = index.limits_of(index.membership_of(pod({})), EnforcementMode::enforce);
  ASSERT_EQ(limits.racks.size(), 1U);
  const RackLimit& rack = limits.racks.at("r1");
  EXPECT_EQ(rack.max_power, base::watts(4000));
  EXPECT_EQ(key_of(*index.policies()[rack.max_power_by]), "llm/b");
  EXPECT_EQ(rack.max_inlet, base::celsius(25));
  EXPECT_EQ(key_of(*index.policies()[rack.max_inlet_by]), "llm/a");
  EXPECT_EQ(limits.on_stale, model::StaleTelemetry::fail_closed);
  EXPECT_EQ(limits.max_telemetry_age, base::Seconds(10));
}

TEST(Limits, RecommendingPoliciesStandApart) {
  auto shadow = with_rack("shadow", {"r1", base::watts(1), std::nullopt});
  shadow.mode = EnforcementMode::recommend;
  const PolicyIndex index(all({shadow, with_rack("real", {"r1", base::watts(9), std::nullopt})}), {});
  const auto membership = index.membership_of(pod({}));
  EXPECT_EQ(index.limits_of(membership, EnforcementMode::enforce).racks.at("r1").max_power, base::watts(9));
  EXPECT_EQ(index.limits_of(membership, EnforcementMode::recommend).racks.at("r1").max_power, base::watts(1));
}

TEST(StaleRule, APolicyOnlyTightensWhatTheTopologySays) {
  using enum model::StaleTelemetry;
  const topology::StaleRule site{assume_peak, base::Seconds(60)};
  EXPECT_EQ(tightened(site, fail_open, base::Seconds(600)), site);
  EXPECT_EQ(tightened(site, fail_closed, base::Seconds(5)), (topology::StaleRule{fail_closed, base::Seconds(5)}));
  EXPECT_EQ(tightened(site, std::nullopt, std::nullopt), site);
}

// More policies never loosen anything.
TEST(Limits, AddingAPolicyNeverLoosens) {
  std::mt19937 random(20261123);
  for (int round = 0; round < 200; ++round) {
    std::vector<model::PolicyObject> policies;
    std::optional<Limits> before;
    for (int i = 0; i < 5; ++i) {
      auto next = with_rack("p" + std::to_string(i),
                            {"r" + std::to_string(random() % 2), base::watts(static_cast<std::int64_t>(random() % 9)),
                             base::celsius(static_cast<std::int64_t>(random() % 9))});
      if (random() % 2 == 0) next.on_stale = static_cast<model::StaleTelemetry>(random() % 3);
      if (random() % 2 == 0) next.max_telemetry_age = base::Seconds(random() % 9);
      policies.push_back(next);
      const PolicyIndex index(all(policies), {});
      const auto now = index.limits_of(index.membership_of(pod({})), EnforcementMode::enforce);
      if (before) {
        for (const auto& [rack, limit] : before->racks) {
          EXPECT_LE(now.racks.at(rack).max_power, limit.max_power);
          EXPECT_LE(now.racks.at(rack).max_inlet, limit.max_inlet);
        }
        EXPECT_TRUE(!before->on_stale || *now.on_stale >= *before->on_stale);
        EXPECT_TRUE(!before->max_telemetry_age || *now.max_telemetry_age <= *before->max_telemetry_age);
      }
      before = now;
    }
  }
}

TEST(PolicyIndex, FiftyThousandPodsAreResolvedInAFractionOfASecond) {
  std::vector<model::PolicyObject> policies;
  for (int ns = 0; ns < 100; ++ns) {
    for (int i = 0; i < 3; ++i) {
      auto p = policy("ns" + std::to_string(ns), "p" + std::to_string(i));
      p.selector = model::LabelSelector{{{"app", "a" + std::to_string(i)}}, {}};
      policies.push_back(p);
    }
  }
  const PolicyIndex index(all(policies), {});
  const auto start = std::chrono::steady_clock::now();
  std::size_t members = 0;
  for (int i = 0; i < 50'000; ++i) {
    members += index.membership_of(pod({{"app", "a1"}}, "", "ns" + std::to_string(i % 100))).policies.size();
  }
  EXPECT_EQ(members, 50'000U);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
}

}  // namespace
}  // namespace headroom::policy
