#include "controller/plan_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "scoring/verdict.h"
#include "test/unit/controller/world.h"

namespace headroom::controller::test {
namespace {

using scoring::Reason;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const PolicyNumbers& policy_numbers(const DesiredStatus& status) {
  return std::get<PolicyNumbers>(status.numbers);
}
const TopologyNumbers& topology_numbers(const DesiredStatus& status) {
  return std::get<TopologyNumbers>(status.numbers);
}
std::string code(Reason reason) {
  return std::string(scoring::text_of(reason).code);
}

TEST(PolicyStatus, WithoutMembersSaysHowToJoin) {
  World world;
  auto selecting = policy("p");
  selecting.selector = model::LabelSelector{{{"app", "vllm"}}, {}};
  world.policy(selecting);
  const auto status = world.plan_of("p");
  EXPECT_EQ(verdict(status, "Ready"), "False NoMembers");
  EXPECT_THAT(message(status, "Ready"), HasSubstr("powercapping.example.com/policy: p"));
  EXPECT_EQ(status.observed_generation, 3);
  EXPECT_EQ(status.uid, "uid-p");
}

TEST(PolicyStatus, WithMembersIsEnforcedAndShowsWattsAndCounts) {
  World world;
  world.policy(policy("p"));
  world.running("a", "n1");
  world.running("b", "n2").scheduler("default-scheduler");
  world.pod("waiting").cores(10);
  const auto status = world.plan_of("p");
  EXPECT_EQ(verdict(status, "Ready"), "True Enforced");
  EXPECT_EQ(verdict(status, "NotEvaluated"), "False AllFieldsEvaluated");
  const auto& numbers = policy_numbers(status);
  EXPECT_EQ(numbers.members, 3);
  EXPECT_EQ(numbers.placed_by_us, 1);
  EXPECT_EQ(numbers.current, base::watts(200)) << "two pods of 10 cores at 10 W; the waiting one draws nothing";
  EXPECT_EQ(numbers.headroom, base::watts(800));
}

TEST(PolicyStatus, AnUnknownAlgorithmIsToldAndTheRestHolds) {
  World world;
  auto made = policy("p");
  made.custom_algorithms.push_back({"energy-aware-scheduling", {}});
  made.not_evaluated = {"spec.nodeCaps"};
  world.policy(made);
  world.running("a", "n1");
  const auto status = world.plan_of("p");
  EXPECT_EQ(verdict(status, "Ready"), "False UnknownAlgorithm");
  EXPECT_THAT(message(status, "Ready"), HasSubstr("energy-aware-scheduling"));
  EXPECT_EQ(verdict(status, "NotEvaluated"), "True FieldsNotEvaluated");
  EXPECT_THAT(message(status, "NotEvaluated"), HasSubstr("spec.nodeCaps"));
  EXPECT_EQ(policy_numbers(status).members, 1);
}

TEST(PolicyStatus, ARackThatNoNodeCarriesIsUnknown) {
  World world;
  auto made = policy("p");
  made.rack_constraints = {{"r1", base::watts(5000), {}}, {"r9", base::watts(1), {}}};
  world.policy(made);
  const auto status = world.plan_of("p");
  EXPECT_EQ(verdict(status, "UnknownRack"), "True NoSuchNodes");
  EXPECT_THAT(message(status, "UnknownRack"), AllOf(HasSubstr(": r9"), Not(HasSubstr("r1"))));
}

TEST(PolicyStatus, RunningLoadAboveARackLimitIsTold) {
  World world;
  auto made = policy("p");
  made.rack_constraints = {{"r1", base::watts(599), {}}, {"r2", base::watts(601), {}}};
  world.policy(made);
  const auto status = world.plan_of("p");
  EXPECT_EQ(verdict(status, "RackLimitExceeded"), "True AboveLimit");
  EXPECT_THAT(message(status, "RackLimitExceeded"), AllOf(HasSubstr("r1 (power)"), Not(HasSubstr("r2"))));
}

TEST(PolicyStatus, AirAboveARackLimitIsTold) {
  World world;
  auto made = policy("p");
  made.rack_constraints = {{"r1", {}, base::celsius(27)}, {"r2", {}, base::celsius(27)}};
  world.policy(made);
  world.rack_inlet("r1", 28);
  world.rack_inlet("r2", 24);
  const auto status = world.plan_of("p");
  EXPECT_EQ(verdict(status, "RackLimitExceeded"), "True AboveLimit");
  EXPECT_THAT(message(status, "RackLimitExceeded"), AllOf(HasSubstr("r1 (inlet)"), Not(HasSubstr("r2"))));
}

TEST(PolicyStatus, MembersOnNodesWithoutFreshPowerAreCounted) {
  World world;
  world.policy(policy("p"));
  world.running("a", "n1");
  EXPECT_EQ(verdict(world.plan_of("p"), "DataStale"), "");
  world.advance(minutes(5));
  EXPECT_EQ(verdict(world.plan_of("p"), "DataStale"), "True StaleTelemetry");
}

TEST(PolicyStatus, AnUnreadablePolicyGetsItsProblems) {
  World world;
  world.raw().unreadable_policies.push_back({"llm/odd", "spec.powerCapLimit: must be an integer"});
  const auto status = world.plan_of("odd");
  EXPECT_EQ(status.key, (ObjectKey{ObjectKind::policy, "llm", "odd"}));
  EXPECT_EQ(verdict(status, "Ready"), "False Unreadable");
  EXPECT_THAT(message(status, "Ready"), HasSubstr("spec.powerCapLimit: must be an integer"));
}

TEST(PolicyStatus, RecommendCountsWhatWouldHaveBeenRefused) {
  World world;
  auto shadow = policy("shadow");
  shadow.mode = model::EnforcementMode::recommend;
  world.policy(shadow);
  world.policy(policy("real"));
  world.let_pass("a", "n1", code(Reason::policy_power_cap));
  world.let_pass("b", "n1", code(Reason::policy_power_cap));
  world.let_pass("c", "n1", code(Reason::rack_policy_power));
  world.let_pass("d", "n1", code(Reason::element_power));
  const auto status = world.plan_of("shadow");
  EXPECT_EQ(verdict(status, "Ready"), "True Recommending");
  EXPECT_EQ(policy_numbers(status).recommendation.would_refuse, 3);
  EXPECT_THAT(policy_numbers(status).recommendation.reasons,
              ElementsAre(code(Reason::policy_power_cap), code(Reason::rack_policy_power)));
  EXPECT_EQ(policy_numbers(world.plan_of("real")).recommendation.would_refuse, 0);
}

TEST(TopologyStatus, AValidOneShowsItsWorstElementsFirst) {
  World world;
  world.meter("n1", 3000);
  world.meter("n2", 3000);
  const auto status = world.plan_of("hall");
  EXPECT_EQ(verdict(status, "Valid"), "True Valid");
  EXPECT_EQ(verdict(status, "ScenariosNotEvaluated"), "True NormalOperationOnly");
  EXPECT_EQ(status.observed_generation, 5);
  const auto& numbers = topology_numbers(status);
  EXPECT_EQ(numbers.nodes_inside, 4);
  EXPECT_EQ(numbers.nodes_outside, 0);
  ASSERT_EQ(numbers.elements.size(), 3U);
  EXPECT_EQ(numbers.elements[0].name, "f");
  EXPECT_EQ(numbers.elements[0].booked, base::watts(6600));
  EXPECT_EQ(numbers.elements[0].limit, base::watts(8000));
  EXPECT_EQ(numbers.elements[1].name, "r1");
  EXPECT_EQ(numbers.elements[2].name, "r2");
}

TEST(TopologyStatus, OnlyThirtyTwoElementsAreShown) {
  World world;
  auto large = hall();
  for (int i = 10; i < 60; ++i) large.rack("x" + std::to_string(i), 100, "f");
  world.topology(large);
  EXPECT_EQ(topology_numbers(world.plan_of("hall")).elements.size(), 32U);
}

TEST(TopologyStatus, AllProblemsAreToldAndWhatIsInForce) {
  Topology broken = hall();
  broken.object.generation = 6;
  broken.object.elements[1].fed_by = {{"nowhere", 100}};
  broken.object.elements[2].fed_by = {{"nobody", 100}};

  World world;
  (void)world.plan();
  world.topology(broken);
  const auto kept = world.plan_of("hall");
  EXPECT_EQ(verdict(kept, "Valid"), "False LastValidInForce");
  EXPECT_THAT(message(kept, "Valid"), AllOf(HasSubstr("\"nowhere\""), HasSubstr("\"nobody\"")));
  EXPECT_EQ(kept.observed_generation, 6);

  World fresh;
  fresh.topology(broken);
  EXPECT_EQ(verdict(fresh.plan_of("hall"), "Valid"), "False Refused");
}

TEST(TopologyStatus, ConditionsNameTheNodesAndRacks) {
  World world;
  world.node("dark", "r1");
  world.node("outside", "r77");
  Topology made = hall();
  made.object.elements[1].max_inlet = base::celsius(27);
  made.object.node_classes[0].max = base::watts(200);
  world.topology(made);
  for (int i = 0; i < 5; ++i) {
    world.advance(seconds(5));
    world.measure_all();
    (void)world.plan();
  }
  const auto status = world.plan_of("hall");
  EXPECT_EQ(verdict(status, "NoTelemetry"), "True NeverMeasured");
  EXPECT_THAT(message(status, "NoTelemetry"), HasSubstr("dark"));
  EXPECT_EQ(verdict(status, "NodesOutside"), "True NoElement");
  EXPECT_THAT(message(status, "NodesOutside"), HasSubstr("1 node: outside"));
  EXPECT_EQ(verdict(status, "InletMissing"), "True NeverMeasured");
  EXPECT_THAT(message(status, "InletMissing"), HasSubstr("1 rack: r1"));
  EXPECT_EQ(verdict(status, "NodeClassTooSmall"), "True AboveMaxWatts");
}

TEST(TopologyStatus, ANodeThatLostItsLabelIsTold) {
  World world;
  (void)world.plan();
  world.node("n1").labels.clear();
  const auto status = world.plan_of("hall");
  EXPECT_EQ(verdict(status, "RackLabelLost"), "True KeepsLastRack");
  EXPECT_THAT(message(status, "RackLabelLost"), HasSubstr("1 node: n1"));
}

TEST(TopologyStatus, RecommendCountsRefusalsOfItsOwnLimits) {
  World world;
  Topology made = hall();
  made.object.mode = model::EnforcementMode::recommend;
  world.topology(made);
  world.let_pass("a", "n1", code(Reason::element_power));
  world.let_pass("b", "n1", code(Reason::policy_power_cap));
  EXPECT_EQ(topology_numbers(world.plan_of("hall")).recommendation.would_refuse, 1);
}

TEST(Plan, IsSortedByKeyWithPoliciesFirst) {
  World world;
  world.policy(policy("z"));
  world.policy(policy("a"));
  std::vector<std::string> names;
  for (const auto& status : world.plan()) names.push_back(status.key.name);
  EXPECT_THAT(names, ElementsAre("a", "z", "hall"));
}

}  // namespace
}  // namespace headroom::controller::test
