// Nodes by value, scores, and the table of reasons.
#include <fstream>
#include <set>
#include <sstream>

#include "test/unit/scoring/judge_fixture.h"

namespace headroom::scoring {
namespace {

// --- nodes by value -----------------------------------------------------------------------------------------------

class JudgedByValue : public Judged {
 protected:
  model::Node template_node(const std::string& rack) {
    model::Node node;
    node.name = "template-node-for-group";
    node.cpu_millis = 32'000;
    if (!rack.empty()) node.labels = {{std::string(base::names::kDefaultRackLabel), rack}};
    return node;
  }
};

TEST_F(JudgedByValue, a_known_node_gets_the_same_decision_in_both_forms) {
  cluster.pod("a").on("n1").watts(800);
  model::Node sent = template_node("r2");
  sent.name = "n1";
  EXPECT_EQ(judge(sent), judge("n1"));
  const auto books = cluster.books();
  Judge judge(*books, *ledger.view(), cluster.pod_value("pod"));
  EXPECT_EQ(judge.score(sent), judge.score("n1"));
}

TEST_F(JudgedByValue, a_template_node_brings_its_idle_watts_into_the_rack_its_label_names) {
  cluster.pod("a").on("n1").watts(900);
  const Verdict verdict = judge(template_node("r1"));
  expect_feasible(verdict);
  EXPECT_EQ(verdict.demand, watts(400));
  Topology topology = hall();
  topology.object.elements[2].rated = watts(1'399);
  cluster.topology(topology);
  expect_refused(judge(template_node("r1")), Outcome::refused_now, Reason::element_power);
}

TEST_F(JudgedByValue, a_template_node_draws_no_more_than_its_class_says) {
  cluster.pod("pod").watts(100'000);
  EXPECT_EQ(judge(template_node("r1")).demand, watts(1'000));
}

TEST_F(JudgedByValue, a_template_node_outside_the_topology_is_treated_as_any_node_outside) {
  expect_feasible(judge(template_node("unheard")));
  Topology closed = hall();
  closed.object.nodes_outside = model::OutsideNodes::refuse;
  cluster.topology(closed);
  EXPECT_EQ(judge(template_node("unheard")).reason, Reason::node_outside_topology);
  EXPECT_EQ(judge(template_node("")).reason, Reason::node_outside_topology);
}

TEST_F(JudgedByValue, fail_closed_refuses_a_node_that_nobody_measures) {
  Topology topology = hall();
  topology.object.on_stale = StaleTelemetry::fail_closed;
  cluster.topology(topology);
  EXPECT_EQ(judge(template_node("r1")).reason, Reason::no_power_telemetry);
}

TEST_F(JudgedByValue, while_an_unreadable_object_may_name_any_rack_unnamed_racks_are_refused) {
  cluster.unreadable_topology("newer");
  EXPECT_EQ(judge(template_node("unheard")).reason, Reason::topology_invalid);
  expect_feasible(judge("n1"));
}

// --- scores -------------------------------------------------------------------------------------------------------

TEST_F(Judged, the_rack_with_more_watts_free_gets_the_higher_score) {
  cluster.meter("n1", 700);
  cluster.meter("n2", 100);
  EXPECT_LT(score("n1"), score("n2"));
}

TEST_F(Judged, the_worst_element_on_the_path_decides) {
  Topology topology = hall();
  topology.object.elements[0].rated = watts(700);
  cluster.topology(topology);
  // The feed holds 200 W and would hold 500 W of 700 W, however empty the rack is.
  EXPECT_EQ(score("n1"), score_of({200.0 / 700, 1}));
}

TEST_F(Judged, rank_follows_measured_watts_and_not_the_books) {
  cluster.pod("booked").on("n1").watts(700).started(kStart);
  cluster.advance(Seconds(100));
  cluster.meter("n1", 150);
  cluster.meter("n2", 600);
  EXPECT_GT(score("n1"), score("n2"));
}

TEST_F(Judged, cooler_air_decides_between_equal_racks) {
  Topology topology = hall();
  topology.object.elements[2].max_inlet = celsius(30);
  topology.object.elements[3].max_inlet = celsius(30);
  cluster.topology(topology);
  cluster.inlet("n1", 27);
  cluster.inlet("n2", 19);
  EXPECT_LT(score("n1"), score("n2"));
}

TEST_F(Judged, what_is_in_flight_lowers_the_score) {
  const int before = score("n1");
  reserve("first", "n1", 800);
  EXPECT_LT(score("n1"), before);
}

TEST_F(Judged, nodes_outside_an_existing_topology_score_nothing) {
  cluster.node("stray", "unheard");
  cluster.node("bare");
  EXPECT_EQ(score("stray"), 0);
  EXPECT_EQ(score("bare"), 0);
}

TEST(Score, without_any_limit_a_nodes_own_headroom_decides) {
  ClusterBuilder cluster;
  cluster.node("busy");
  cluster.node("idle");
  cluster.meter("busy", 300);
  cluster.meter("idle", 60);
  cluster.pod("pod").watts(20);
  const auto books = cluster.books();
  const LedgerView nothing;
  Judge judge(*books, nothing, cluster.pod_value("pod"));
  EXPECT_LT(judge.score("busy"), judge.score("idle"));
  EXPECT_GT(judge.score("busy"), 0);
}

TEST(Score, without_any_limit_the_racks_mean_decides_between_equal_nodes) {
  ClusterBuilder cluster;
  for (const char* node : {"a1", "a2", "a3"}) cluster.node(node, "a");
  for (const char* node : {"b1", "b2", "b3"}) cluster.node(node, "b");
  for (const char* node : {"a1", "b1"}) cluster.meter(node, 70);
  for (const char* node : {"a2", "a3"}) cluster.meter(node, 430);
  for (const char* node : {"b2", "b3"}) cluster.meter(node, 10);
  cluster.pod("pod").watts(20);
  const auto books = cluster.books();
  const LedgerView nothing;
  Judge judge(*books, nothing, cluster.pod_value("pod"));
  EXPECT_LT(judge.score("a1"), judge.score("b1"));
}

TEST(Score, a_policys_rack_limit_is_part_of_the_path) {
  ClusterBuilder cluster;
  model::PolicyObject policy = test::policy("gold", 5'000);
  policy.rack_constraints = {{"r1", watts(500), {}}};
  cluster.policy(policy);
  cluster.node("n1", "r1");
  cluster.meter("n1", 300);
  cluster.pod("pod").watts(100);
  const auto books = cluster.books();
  const LedgerView nothing;
  EXPECT_EQ(Judge(*books, nothing, cluster.pod_value("pod")).score("n1"), score_of({0.2, 1}));
}

// --- reasons ------------------------------------------------------------------------------------------------------

TEST(Reasons, each_has_its_own_code_and_text_without_names_or_numbers) {
  std::set<std::string_view> codes;
  std::set<std::string_view> messages;
  for (std::size_t i = 0; i < kReasons; ++i) {
    const auto reason = static_cast<Reason>(i);
    const ReasonText& text = text_of(reason);
    EXPECT_EQ(text.reason, reason);
    EXPECT_TRUE(codes.insert(text.code).second) << text.code;
    EXPECT_TRUE(messages.insert(text.message).second) << text.message;
    EXPECT_EQ(text.message.find_first_of("0123456789%"), std::string_view::npos) << text.message;
    EXPECT_EQ(text.code.empty(), reason == Reason::none);
  }
}

TEST(Reasons, each_stands_in_the_operators_table) {
  std::ifstream file("docs/scoring.md");
  std::stringstream text;
  text << file.rdbuf();
  const std::string docs = text.str();
  for (std::size_t i = 1; i < kReasons; ++i) {
    const ReasonText& reason = text_of(static_cast<Reason>(i));
    const std::string row = "| `" + std::string(reason.code) + "` | " + std::string(reason.message) + " |";
    EXPECT_NE(docs.find(row), std::string::npos) << row;
  }
}

}  // namespace
}  // namespace headroom::scoring
