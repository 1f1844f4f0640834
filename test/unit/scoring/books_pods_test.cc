// Semantics §1-2 and §4: what pods and policies count for in the books.
#include "test/unit/scoring/books_fixture.h"

namespace headroom::scoring {
namespace {

// --- pods ---------------------------------------------------------------------------------------------------------

TEST(BooksPods, all_pods_count_whoever_scheduled_them) {
  ClusterBuilder cluster;
  cluster.topology(hall());
  cluster.node("n1", "r1");
  cluster.pod("ours").on("n1").watts(200);
  cluster.pod("theirs").on("n1").watts(300).scheduler("default-scheduler");
  EXPECT_DOUBLE_EQ(booked(*cluster.books(), "r1"), 600);
}

TEST(BooksPods, finished_pods_count_nothing_and_terminating_ones_hold_until_gone) {
  ClusterBuilder cluster;
  cluster.topology(hall());
  cluster.node("n1", "r1");
  cluster.pod("done").on("n1").watts(200).phase(model::PodPhase::succeeded);
  cluster.pod("failed").on("n1").watts(200).phase(model::PodPhase::failed);
  cluster.pod("ending").on("n1").watts(300).pod.terminating = true;
  EXPECT_DOUBLE_EQ(booked(*cluster.books(), "r1"), 400);
  cluster.delete_pod("ending");
  EXPECT_DOUBLE_EQ(booked(*cluster.books(), "r1"), 100);
}

TEST(BooksPods, a_pod_that_is_not_bound_counts_nothing) {
  ClusterBuilder cluster;
  cluster.topology(hall());
  cluster.node("n1", "r1");
  cluster.pod("waiting").watts(300);
  EXPECT_DOUBLE_EQ(booked(*cluster.books(), "r1"), 100);
}

TEST(BooksPods, a_pod_on_a_node_that_nobody_knows_is_counted_as_such) {
  ClusterBuilder cluster;
  cluster.node("n1");
  cluster.pod("lost").on("elsewhere").watts(300);
  EXPECT_EQ(cluster.books()->pods_without_node, 1U);
}

TEST(BooksPods, a_changed_pod_is_estimated_anew_and_an_unchanged_one_keeps_its_estimate) {
  ClusterBuilder cluster;
  cluster.topology(hall());
  cluster.node("n1", "r1");
  cluster.pod("a").on("n1").watts(200);
  cluster.pod("b").on("n1").watts(200);
  EXPECT_DOUBLE_EQ(booked(*cluster.books(), "r1"), 500);
  cluster.pod("a").watts(300);
  EXPECT_DOUBLE_EQ(booked(*cluster.books(), "r1"), 600);
  cluster.delete_pod("b");
  cluster.pod("c").on("n1").watts(50);
  EXPECT_DOUBLE_EQ(booked(*cluster.books(), "r1"), 450);
}

TEST(BooksPods, a_pod_that_claims_devices_is_estimated_anew_when_its_claim_becomes_known_or_changes) {
  const auto knowing = [](std::int64_t gpus) {
    auto known = std::make_shared<model::DeviceClaims>();
    known->claims["default/c"] =
        std::make_shared<const model::DeviceClaim>(model::DeviceClaim{"default/c", {{{"nvidia.com/gpu", gpus}}}});
    return known;
  };
  Topology topology = hall();
  topology.object.node_classes[0].max = base::watts(6'000);
  ClusterBuilder cluster;
  cluster.topology(topology);
  cluster.node("n1", "r1");
  cluster.pod("p").on("n1").pod.claims = {{"c", ""}};
  EXPECT_DOUBLE_EQ(booked(*cluster.books(), "r1"), 6'000) << "the class's maximum while nobody knows";
  cluster.raw().device_claims = knowing(1);
  EXPECT_DOUBLE_EQ(booked(*cluster.books(), "r1"), 800);
  cluster.raw().device_claims = knowing(3);
  const auto books = cluster.books();
  EXPECT_DOUBLE_EQ(booked(*books, "r1"), 2'200);
  model::Pod waiting;
  waiting.ns = "default";
  waiting.claims = {{"c", ""}};
  const LedgerView nothing;
  EXPECT_EQ(Judge(*books, nothing, waiting).estimate_on(0).power, base::watts(2'100)) << "a judged pod likewise";
}

TEST(BooksPods, a_changed_node_class_estimates_every_pod_anew) {
  ClusterBuilder cluster;
  cluster.topology(hall());
  cluster.node("n1", "r1");
  cluster.pod("a").on("n1").cores(10);
  EXPECT_DOUBLE_EQ(booked(*cluster.books(), "r1"), 200);
  Topology dearer = hall();
  dearer.object.node_classes[0].watts_per_core = watts(20);
  EXPECT_DOUBLE_EQ(booked(*cluster.topology(dearer).books(), "r1"), 300);
}

TEST(BooksPods, trusted_namespaces_lower_their_pods) {
  ClusterBuilder cluster;
  Topology topology = hall();
  topology.object.trusted_namespaces = {"default"};
  cluster.topology(topology);
  cluster.node("n1", "r1");
  cluster.pod("a").on("n1").cores(10).watts(30);
  cluster.pod("b").on("n1").cores(10).watts(30).ns("tenant");
  EXPECT_DOUBLE_EQ(booked(*cluster.books(), "r1"), 100 + 30 + 100);
}

// --- coverage -----------------------------------------------------------------------------------------------------

TEST(BooksCoverage, a_pod_is_covered_once_the_samples_window_starts_after_start_ramp_and_margin) {
  ClusterBuilder cluster;
  cluster.topology(hall());
  cluster.node("n1", "r1");
  cluster.pod("a").on("n1").watts(300).started(kStart);
  // 35 s after the start the window has begun at 34 s: not yet covered, so the estimate stands on top of the sample.
  cluster.advance(Seconds(36)).meter("n1", 350);
  EXPECT_DOUBLE_EQ(booked(*cluster.books(), "r1"), 650);
  cluster.advance(Seconds(1)).meter("n1", 350);
  EXPECT_DOUBLE_EQ(booked(*cluster.books(), "r1"), 400);
}

TEST(BooksCoverage, a_pod_that_never_started_is_uncovered) {
  ClusterBuilder cluster;
  cluster.topology(hall());
  cluster.node("n1", "r1");
  cluster.pod("a").on("n1").watts(300);
  cluster.advance(Seconds(1'000)).meter("n1", 350);
  EXPECT_DOUBLE_EQ(booked(*cluster.books(), "r1"), 650);
}

TEST(BooksCoverage, a_gpu_node_measured_by_rapl_only_keeps_its_gpu_watts_booked) {
  ClusterBuilder cluster;
  cluster.topology(Topology().node_class(300, 8'000).feed("f", 20'000).rack("r1", 10'000, "f"));
  cluster.node("n1", "r1").devices = {{"nvidia.com/gpu", 8}};
  cluster.pod("train").on("n1").gpus(8).started(kStart);
  cluster.advance(Seconds(600)).meter("n1", 500, model::PowerScope::package_dram);
  EXPECT_GE(booked(*cluster.books(), "r1"), 500 + 5'600);
  EXPECT_GE(present(*cluster.books(), "r1"), 500 + 5'600);
}

// --- nominations and counted pods ---------------------------------------------------------------------------------

TEST(BooksNominations, hold_the_estimate_until_the_pod_is_bound) {
  ClusterBuilder cluster;
  cluster.topology(hall());
  cluster.node("n1", "r1");
  cluster.pod("a").nominated("n1").watts(300).priority(7);
  const auto books = cluster.books();
  ASSERT_EQ(books->nominations.size(), 1U);
  EXPECT_EQ(books->nominations[0].estimate, watts(300));
  EXPECT_EQ(books->nominations[0].priority, 7);
  EXPECT_FALSE(books->counted.contains("uid-a"));
  cluster.pod("a").on("n1");
  EXPECT_TRUE(cluster.books()->nominations.empty());
}

TEST(BooksNominations, a_nomination_to_a_node_that_is_gone_is_none) {
  ClusterBuilder cluster;
  cluster.pod("a").nominated("gone").watts(300);
  EXPECT_TRUE(cluster.books()->nominations.empty());
}

TEST(BooksCounted, are_the_bound_and_the_finished_pods) {
  ClusterBuilder cluster;
  cluster.node("n1");
  cluster.pod("bound").on("n1");
  cluster.pod("waiting");
  cluster.pod("done").phase(model::PodPhase::failed);
  const auto books = cluster.books();
  EXPECT_TRUE(books->counted.contains("uid-bound"));
  EXPECT_TRUE(books->counted.contains("uid-done"));
  EXPECT_FALSE(books->counted.contains("uid-waiting"));
  EXPECT_FALSE(CountedPods().contains("uid-bound"));
}

// --- policies -----------------------------------------------------------------------------------------------------

TEST(BooksPolicies, the_load_is_the_larger_of_estimate_and_fresh_pod_watts_of_each_bound_member) {
  ClusterBuilder cluster;
  cluster.policy(test::policy("gold", 5'000));
  cluster.node("n1");
  cluster.pod("hungry").on("n1").watts(100);
  cluster.pod("modest").on("n1").watts(200);
  cluster.pod("waiting").watts(400);
  cluster.pod("done").on("n1").watts(800).phase(model::PodPhase::succeeded);
  cluster.pod("elsewhere").on("n1").watts(300).ns("other");
  cluster.pod_meter("hungry", 150);
  cluster.pod_meter("modest", 50);
  const auto books = cluster.books();
  EXPECT_DOUBLE_EQ(base::to_watts(books->policy[0].load), 350);
  EXPECT_EQ(books->policy[0].members, 3U);
  EXPECT_EQ(books->policy[0].bound, 2U);
}

TEST(BooksPolicies, members_on_a_node_that_nobody_knows_count) {
  ClusterBuilder cluster;
  cluster.policy(test::policy("gold", 5'000));
  cluster.pod("a").on("gone").watts(100);
  EXPECT_DOUBLE_EQ(base::to_watts(cluster.books()->policy[0].load), 100);
}

TEST(BooksPolicies, stale_pod_watts_do_not_count) {
  ClusterBuilder cluster;
  cluster.policy(test::policy("gold", 5'000));
  cluster.node("n1");
  cluster.pod("a").on("n1").watts(100);
  cluster.pod_meter("a", 150);
  cluster.advance(Seconds(61));
  EXPECT_DOUBLE_EQ(base::to_watts(cluster.books()->policy[0].load), 100);
}

TEST(BooksPolicies, members_placed_by_other_schedulers_count_and_are_told_apart) {
  ClusterBuilder cluster;
  cluster.policy(test::policy("gold", 5'000));
  cluster.node("n1");
  cluster.pod("ours").on("n1").watts(100);
  cluster.pod("theirs").on("n1").watts(100).scheduler("default-scheduler");
  const auto books = cluster.books();
  EXPECT_DOUBLE_EQ(base::to_watts(books->policy[0].load), 200);
  EXPECT_EQ(books->policy[0].placed_by_us, 1U);
}

TEST(BooksPolicies, a_changed_policy_changes_membership_at_once) {
  ClusterBuilder cluster;
  model::PolicyObject gold = test::policy("gold", 5'000);
  gold.selector = model::LabelSelector{{{"tier", "gold"}}, {}};
  cluster.policy(gold);
  cluster.node("n1");
  cluster.pod("a").on("n1").watts(100).label("tier", "silver");
  const auto none = cluster.books();
  EXPECT_EQ(none->policy[0].members, 0U);
  EXPECT_TRUE(has(*none, ConditionKind::no_members));
  gold.selector->match_labels["tier"] = "silver";
  EXPECT_EQ(cluster.policy(gold).books()->policy[0].members, 1U);
}

TEST(BooksPolicies, a_rack_that_no_node_carries_is_a_condition) {
  ClusterBuilder cluster;
  model::PolicyObject gold = test::policy("gold", 5'000);
  gold.rack_constraints = {{"r1", watts(100), {}}, {"attic", watts(100), {}}};
  cluster.policy(gold);
  cluster.node("n1", "r1");
  const auto books = cluster.books();
  EXPECT_EQ(text_of(*books, ConditionKind::unknown_rack), "policy default/gold: no node carries rack attic");
  EXPECT_EQ(std::count_if(books->conditions.begin(), books->conditions.end(),
                          [](const Condition& c) { return c.kind == ConditionKind::unknown_rack; }),
            1);
}

TEST(BooksPolicies, without_any_topology_racks_come_from_the_default_label) {
  ClusterBuilder cluster;
  model::PolicyObject gold = test::policy("gold", 5'000);
  gold.rack_constraints = {{"r1", watts(100), {}}};
  cluster.policy(gold);
  cluster.node("n1", "r1");
  cluster.meter("n1", 250);
  const auto books = cluster.books();
  EXPECT_EQ(books->views[0].racks[books->table->find_rack("r1")].booked, watts(250));
}

}  // namespace
}  // namespace headroom::scoring
