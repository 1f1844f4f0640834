#include "scoring/explain.h"

#include <gtest/gtest.h>

#include "scoring/placement.h"
#include "test/support/cluster_builder.h"

namespace headroom::scoring {
namespace {

using base::Seconds;
using base::watts;
using test::ClusterBuilder;
using test::Topology;

class Explained : public testing::Test {
 protected:
  Explained() {
    cluster.topology(Topology().node_class(100, 1'000).feed("f", 10'000).rack("r1", 1'200, "f"));
    cluster.policy(test::policy("gold", 2'000));
    cluster.node("n1", "r1");
    cluster.pod("a").on("n1").watts(300);
    cluster.pod("pod").watts(500);
  }
  Explanation explain(const std::string& node = "n1") {
    books = cluster.books();
    Judge judge(*books, *ledger.view(), cluster.pod_value("pod"));
    return scoring::explain(judge, *books, node);
  }
  ClusterBuilder cluster;
  Ledger ledger;
  std::shared_ptr<const Books> books;
};

TEST_F(Explained, a_feasible_node_shows_every_limit_that_bears_on_it_the_tightest_first) {
  const Explanation explanation = explain();
  EXPECT_EQ(explanation.outcome, "feasible");
  EXPECT_EQ(explanation.message, "fits: 500 W more");
  EXPECT_EQ(explanation.rack, "r1");
  EXPECT_EQ(explanation.telemetry, "never");
  EXPECT_EQ(explanation.provenance, "annotation");
  ASSERT_EQ(explanation.limits.size(), 3U);
  EXPECT_EQ(explanation.limits[0].name, "r1");
  EXPECT_EQ(explanation.limits[0].type, "Rack");
  EXPECT_EQ(explanation.limits[0].headroom, watts(1'200 - 400 - 500));
  EXPECT_EQ(explanation.limits[1].kind, "policyCap");
  EXPECT_EQ(explanation.limits[1].headroom, watts(2'000 - 300 - 500));
  EXPECT_EQ(explanation.limits[2].name, "f");
}

TEST_F(Explained, a_refusal_names_the_element_and_the_missing_watts) {
  cluster.pod("b").on("n1").watts(450);
  cluster.topology(Topology().node_class(100, 2'000).feed("f", 10'000).rack("r1", 1'200, "f"));
  const Explanation explanation = explain();
  EXPECT_EQ(explanation.outcome, "refused for now");
  EXPECT_EQ(explanation.reason, "PowerLimit");
  EXPECT_EQ(explanation.message, "Rack r1 of 1.20 kW: 500 W more are needed, 150 W are missing");
  EXPECT_EQ(explanation.limits[0].headroom, watts(-150));
}

TEST_F(Explained, what_is_in_flight_is_shown_apart) {
  Reservation reservation;
  reservation.pod_uid = "uid-x";
  reservation.node = "n1";
  reservation.estimate = watts(50);
  reservation.policies = {"default/gold"};
  ledger.reserve(reservation, *cluster.snapshot());
  const Explanation explanation = explain();
  EXPECT_EQ(explanation.limits[0].in_flight, watts(50));
  EXPECT_EQ(explanation.limits[0].booked, watts(450));
  EXPECT_EQ(explanation.limits[1].in_flight, watts(50));
  EXPECT_EQ(explanation.booked, watts(450));
}

TEST_F(Explained, an_unknown_node_is_said_to_be_unknown) {
  const Explanation explanation = explain("unheard");
  EXPECT_EQ(explanation.outcome, "unknown");
  EXPECT_EQ(explanation.reason, "NodeUnknown");
  EXPECT_TRUE(explanation.limits.empty());
  EXPECT_EQ(explanation.policies, std::vector<std::string>{"default/gold"});
}

TEST_F(Explained, heat_is_told_in_degrees) {
  Topology topology = Topology().node_class(100, 1'000).feed("f", 10'000).rack("r1", 1'200, "f");
  topology.last().max_inlet = base::celsius(30);
  cluster.topology(topology);
  cluster.inlet("n1", 33);
  const Explanation explanation = explain();
  EXPECT_EQ(explanation.message, "rack r1: inlet temperature too high (33.0 C)");
  EXPECT_EQ(explanation.inlet, base::celsius(33));
  EXPECT_EQ(explanation.inlet_limit, base::celsius(30));
}

TEST_F(Explained, a_policys_refusal_names_the_policy) {
  cluster.policy(test::policy("gold", 700));
  EXPECT_EQ(explain().message, "policy default/gold: 500 W more are needed, 100 W are missing");
  model::PolicyObject racks = test::policy("racks", 5'000);
  racks.rack_constraints = {{"r1", watts(450), base::celsius(25)}};
  cluster.policy(test::policy("gold", 2'000)).policy(racks);
  const Explanation explanation = explain();
  EXPECT_EQ(explanation.reason, "PolicyRackPower");
  EXPECT_EQ(explanation.limits[0].name, "policy default/racks rack r1");
  EXPECT_EQ(explanation.inlet_limit, base::celsius(25));
}

TEST_F(Explained, recommend_is_shown_as_not_enforced) {
  model::PolicyObject shadow = test::policy("gold", 100);
  shadow.mode = model::EnforcementMode::recommend;
  cluster.policy(shadow);
  const Explanation explanation = explain();
  EXPECT_EQ(explanation.outcome, "feasible");
  EXPECT_EQ(explanation.would_refuse, "PolicyPowerCap");
  EXPECT_FALSE(explanation.limits[0].enforced);
}

TEST_F(Explained, the_class_is_named_by_its_labels_or_as_the_default) {
  EXPECT_EQ(explain().node_class, "nodeClass 1");
  cluster.topology(Topology().feed("f", 10'000).rack("r1", 1'200, "f"));
  EXPECT_EQ(explain().node_class, "default");
}

TEST_F(Explained, a_placement_says_what_is_reserved_and_what_bind_writes) {
  cluster.meter("n1", 250);
  books = cluster.books();
  cluster.advance(Seconds(2));
  Judge judge(*books, *ledger.view(), cluster.pod_value("pod"));
  const Placement placement = placement_on(judge, books->table->find("n1"), cluster.now());
  EXPECT_EQ(placement.reservation.pod_uid, "uid-pod");
  EXPECT_EQ(placement.reservation.pod, "default/pod");
  EXPECT_EQ(placement.reservation.node, "n1");
  EXPECT_EQ(placement.reservation.rack, "r1");
  EXPECT_EQ(placement.reservation.estimate, watts(500));
  EXPECT_EQ(placement.reservation.policies, std::vector<std::string>{"default/gold"});
  EXPECT_EQ(placement.reservation.since, cluster.now());
  EXPECT_EQ(placement.record.estimate, watts(500));
  EXPECT_EQ(placement.record.provenance, "annotation");
  EXPECT_EQ(placement.record.policies, std::vector<std::string>{"gold"});
  EXPECT_EQ(placement.record.snapshot_age_ms, 2'000);
  EXPECT_EQ(placement.record.telemetry_age_ms, 2'000);
  EXPECT_EQ(placement.record.score, judge.score("n1"));
  EXPECT_TRUE(placement.record.would_refuse.empty());
}

}  // namespace
}  // namespace headroom::scoring
