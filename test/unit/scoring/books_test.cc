// Semantics §1, §2 and §4 as far as the books keep them.
#include "scoring/books.h"

#include <gtest/gtest.h>

#include "test/support/cluster_builder.h"

namespace headroom::scoring {
namespace {

using base::Seconds;
using base::watts;
using test::ClusterBuilder;
using test::kStart;
using test::Topology;

// Watts of an element in the first view.
double booked(const Books& books, const std::string& element) {
  return base::to_watts(books.views[0].elements[books.topology->by_name.at(element)].booked);
}
double present(const Books& books, const std::string& element) {
  return base::to_watts(books.views[0].elements[books.topology->by_name.at(element)].present);
}
double unmanaged(const Books& books, const std::string& element) {
  return base::to_watts(books.views[0].elements[books.topology->by_name.at(element)].unmanaged);
}
double node_booked(const Books& books, const std::string& node, std::size_t view = 0) {
  return base::to_watts(books.views[view].nodes[books.table->find(node)].booked.now());
}
bool has(const Books& books, ConditionKind kind) {
  return std::any_of(books.conditions.begin(), books.conditions.end(),
                     [&](const Condition& condition) { return condition.kind == kind; });
}
std::string text_of(const Books& books, ConditionKind kind) {
  for (const Condition& condition : books.conditions) {
    if (condition.kind == kind) return describe(books, condition);
  }
  return {};
}

// feed f 10 kW > pdu p 5 kW > racks r1, r2 of 2 kW; nodes idle at 100 W, 1 kW at most.
Topology hall() {
  return Topology()
      .node_class(100, 1'000)
      .feed("f", 10'000)
      .pdu("p", 5'000, "f")
      .rack("r1", 2'000, "p")
      .rack("r2", 2'000, "p");
}

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

// --- elements -----------------------------------------------------------------------------------------------------

TEST(BooksElements, loads_sum_upwards_to_the_feed) {
  ClusterBuilder cluster;
  cluster.topology(hall());
  cluster.node("n1", "r1");
  cluster.node("n2", "r2");
  cluster.pod("a").on("n1").watts(300);
  const auto books = cluster.books();
  EXPECT_DOUBLE_EQ(booked(*books, "r1"), 400);
  EXPECT_DOUBLE_EQ(booked(*books, "p"), 500);
  EXPECT_DOUBLE_EQ(booked(*books, "f"), 500);
}

TEST(BooksElements, a_dual_fed_rack_gives_each_feed_its_share) {
  ClusterBuilder cluster;
  cluster.topology(
      Topology().node_class(100, 1'000).feed("a", 10'000).feed("b", 10'000).dual_rack("r1", 2'000, "a", "b"));
  cluster.node("n1", "r1");
  cluster.pod("p").on("n1").watts(500);
  const auto books = cluster.books();
  EXPECT_DOUBLE_EQ(booked(*books, "r1"), 600);
  EXPECT_DOUBLE_EQ(booked(*books, "a"), 300);
  EXPECT_DOUBLE_EQ(booked(*books, "b"), 300);
}

TEST(BooksElements, base_watts_are_unmanaged_load) {
  ClusterBuilder cluster;
  Topology topology = hall();
  topology.last().base_load = watts(250);
  cluster.topology(topology);
  cluster.node("n2", "r2");
  const auto books = cluster.books();
  EXPECT_DOUBLE_EQ(booked(*books, "r2"), 350);
  EXPECT_DOUBLE_EQ(unmanaged(*books, "r2"), 250);
  EXPECT_DOUBLE_EQ(booked(*books, "f"), 350);
}

class BooksMeter : public testing::Test {
 protected:
  BooksMeter() {
    Topology topology = hall();
    topology.object.rack_meter_query = "rack_watts";
    cluster.topology(topology);
    cluster.node("n1", "r1");
    cluster.node("n2", "r1");
  }
  ClusterBuilder cluster;
};

TEST_F(BooksMeter, what_a_rack_meter_shows_beyond_its_nodes_takes_headroom_all_the_way_up) {
  cluster.meter("n1", 300);
  cluster.meter("n2", 200);
  cluster.element_meter("r1", 1'500);
  const auto books = cluster.books();
  EXPECT_DOUBLE_EQ(unmanaged(*books, "r1"), 1'000);
  EXPECT_DOUBLE_EQ(booked(*books, "r1"), 1'500);
  EXPECT_DOUBLE_EQ(booked(*books, "f"), 1'500);
}

TEST_F(BooksMeter, unmanaged_load_is_weighed_against_measured_load_not_against_estimates) {
  cluster.pod("a").on("n1").watts(500).started(kStart);
  cluster.advance(Seconds(100));
  cluster.meter("n1", 300);
  cluster.meter("n2", 200);
  cluster.element_meter("r1", 700);
  const auto books = cluster.books();
  EXPECT_DOUBLE_EQ(unmanaged(*books, "r1"), 200);
  EXPECT_DOUBLE_EQ(booked(*books, "r1"), 600 + 200 + 200);
}

TEST_F(BooksMeter, a_meter_below_its_nodes_changes_nothing) {
  cluster.meter("n1", 300);
  cluster.meter("n2", 200);
  cluster.element_meter("r1", 100);
  EXPECT_DOUBLE_EQ(booked(*cluster.books(), "r1"), 500);
}

TEST_F(BooksMeter, while_a_child_is_not_fresh_the_last_unmanaged_load_holds) {
  cluster.meter("n1", 300);
  cluster.meter("n2", 200);
  cluster.element_meter("r1", 900);
  cluster.books();
  cluster.advance(Seconds(61)).meter("n1", 300);
  cluster.element_meter("r1", 550);
  EXPECT_DOUBLE_EQ(unmanaged(*cluster.books(), "r1"), 400);
}

TEST_F(BooksMeter, a_meter_that_went_silent_leaves_its_last_unmanaged_load) {
  cluster.meter("n1", 300);
  cluster.meter("n2", 200);
  cluster.element_meter("r1", 900);
  cluster.books();
  cluster.advance(Seconds(1'000)).meter("n1", 300);
  cluster.meter("n2", 200);
  EXPECT_DOUBLE_EQ(booked(*cluster.books(), "r1"), 900);
}

TEST_F(BooksMeter, a_fresh_meter_is_the_truth_where_nodes_have_no_telemetry) {
  cluster.element_meter("r1", 1'800);
  const auto books = cluster.books();
  EXPECT_DOUBLE_EQ(booked(*books, "r1"), 1'800);
  EXPECT_DOUBLE_EQ(present(*books, "r1"), 1'800);
  EXPECT_DOUBLE_EQ(booked(*books, "p"), 1'800);
}

TEST_F(BooksMeter, a_meter_of_unknown_age_raises_and_leaves_no_trace) {
  cluster.meter("n1", 300);
  cluster.meter("n2", 200);
  cluster.element_meter("r1", 900).grade = model::Grade::age_unknown;
  EXPECT_DOUBLE_EQ(booked(*cluster.books(), "r1"), 900);
  cluster.telemetry().element_meters.clear();
  cluster.advance(Seconds(61)).meter("n1", 300);
  cluster.meter("n2", 200);
  EXPECT_DOUBLE_EQ(booked(*cluster.books(), "r1"), 500);
}

TEST_F(BooksMeter, unmanaged_load_falls_smoothly_with_the_meter) {
  cluster.meter("n1", 300);
  cluster.meter("n2", 200);
  cluster.element_meter("r1", 1'500);
  cluster.books();
  cluster.advance(Seconds(1)).element_meter("r1", 500);
  const double after = unmanaged(*cluster.books(), "r1");
  EXPECT_GT(after, 700);
  EXPECT_LT(after, 900);
}

TEST(BooksElements, a_pdus_meter_counts_what_its_racks_do_not_explain) {
  ClusterBuilder cluster;
  Topology topology = Topology().node_class(100, 1'000).feed("f", 10'000).pdu("p", 5'000, "f");
  topology.last().meter_query = "pdu_watts";
  cluster.topology(topology.rack("r1", 2'000, "p"));
  cluster.node("n1", "r1");
  cluster.meter("n1", 300);
  cluster.element_meter("p", 1'300);
  const auto books = cluster.books();
  EXPECT_DOUBLE_EQ(booked(*books, "r1"), 300);
  EXPECT_DOUBLE_EQ(booked(*books, "p"), 1'300);
  EXPECT_DOUBLE_EQ(booked(*books, "f"), 1'300);
}

// --- missing data -------------------------------------------------------------------------------------------------

TEST(BooksTelemetry, where_no_source_has_ever_delivered_the_books_apply_with_a_condition) {
  ClusterBuilder cluster;
  cluster.topology(hall());
  cluster.node("n1", "r1");
  cluster.pod("a").on("n1").watts(200);
  const auto books = cluster.books();
  EXPECT_DOUBLE_EQ(booked(*books, "r1"), 300);
  EXPECT_EQ(text_of(*books, ConditionKind::no_telemetry), "node n1: no source has ever delivered its power");
}

TEST(BooksTelemetry, a_node_goes_stale_after_the_age_of_its_own_topology_object) {
  ClusterBuilder cluster;
  Topology patient("patient");
  patient.object.max_telemetry_age = Seconds(300);
  patient.feed("g", 5'000).rack("r9", 2'000, "g");
  cluster.topology(hall()).topology(patient);
  cluster.node("n1", "r1");
  cluster.node("n9", "r9");
  cluster.meter("n1", 300);
  cluster.meter("n9", 300);
  cluster.books();
  cluster.advance(Seconds(61));
  const auto books = cluster.books();
  EXPECT_DOUBLE_EQ(node_booked(*books, "n1"), 1'000);
  EXPECT_DOUBLE_EQ(node_booked(*books, "n9"), 300);
  EXPECT_TRUE(has(*books, ConditionKind::stale_telemetry));
}

TEST(BooksTelemetry, an_exporter_that_dies_never_makes_a_rack_look_emptier) {
  ClusterBuilder cluster;
  Topology topology = hall();
  topology.object.on_stale = model::StaleTelemetry::fail_open;
  cluster.topology(topology);
  cluster.node("n1", "r1");
  cluster.pod("a").on("n1").watts(300).started(kStart);
  cluster.advance(Seconds(100)).meter("n1", 800);
  EXPECT_DOUBLE_EQ(booked(*cluster.books(), "r1"), 800);
  cluster.telemetry().nodes.clear();
  for (int i = 0; i < 5; ++i) {
    cluster.advance(Seconds(60));
    EXPECT_GE(booked(*cluster.books(), "r1"), 800);
    EXPECT_GE(present(*cluster.books(), "r1"), 800);
  }
}

TEST(BooksTelemetry, a_class_that_is_too_small_is_said) {
  ClusterBuilder cluster;
  cluster.topology(hall());
  cluster.node("n1", "r1");
  for (int i = 0; i < 3; ++i) {
    cluster.advance(Seconds(3)).meter("n1", 1'500 + i);
    EXPECT_EQ(has(*cluster.books(), ConditionKind::node_class_too_small), i == 2);
  }
  EXPECT_DOUBLE_EQ(booked(*cluster.books(), "r1"), 1'502);
}

TEST(BooksTelemetry, a_policy_that_is_stricter_gets_a_view_of_its_own) {
  ClusterBuilder cluster;
  Topology topology = hall();
  topology.object.on_stale = model::StaleTelemetry::fail_open;
  cluster.topology(topology);
  model::PolicyObject strict = test::policy("strict", 5'000);
  strict.on_stale = model::StaleTelemetry::assume_peak;
  strict.max_telemetry_age = Seconds(20);
  cluster.policy(strict);
  cluster.node("n1", "r1");
  cluster.meter("n1", 300);
  cluster.books();
  cluster.advance(Seconds(30));
  const auto books = cluster.books();
  const std::uint32_t view = books->view_of(strict.on_stale, strict.max_telemetry_age);
  EXPECT_DOUBLE_EQ(node_booked(*books, "n1"), 300);
  EXPECT_DOUBLE_EQ(node_booked(*books, "n1", view), 1'000);
  EXPECT_EQ(books->view_of(std::nullopt, std::nullopt), 0U);
}

TEST(BooksTelemetry, fail_open_on_a_policy_loosens_nothing) {
  ClusterBuilder cluster;
  cluster.topology(hall());
  model::PolicyObject loose = test::policy("loose", 5'000);
  loose.on_stale = model::StaleTelemetry::fail_open;
  loose.max_telemetry_age = Seconds(100'000);
  cluster.policy(loose);
  cluster.node("n1", "r1");
  cluster.meter("n1", 300);
  cluster.books();
  cluster.advance(Seconds(61));
  const auto books = cluster.books();
  EXPECT_DOUBLE_EQ(node_booked(*books, "n1", books->view_of(loose.on_stale, loose.max_telemetry_age)), 1'000);
}

TEST(BooksTelemetry, the_number_of_views_is_bounded_however_many_policies_there_are) {
  ClusterBuilder cluster;
  for (int i = 1; i <= 200; ++i) {
    model::PolicyObject policy = test::policy("p" + std::to_string(i), 100);
    policy.max_telemetry_age = Seconds(i);
    policy.on_stale = i % 2 == 0 ? model::StaleTelemetry::fail_closed : model::StaleTelemetry::assume_peak;
    cluster.policy(policy);
  }
  const auto books = cluster.books();
  EXPECT_LE(books->views.size(), 21U);
  for (int age = 1; age <= 200; ++age) {
    const View& view = books->views[books->view_of(model::StaleTelemetry::fail_closed, Seconds(age))];
    EXPECT_EQ(view.on_stale, model::StaleTelemetry::fail_closed);
    EXPECT_LE(*view.max_age, Seconds(age));
  }
}

TEST(BooksTelemetry, an_age_that_no_view_has_gets_the_strictest) {
  ClusterBuilder cluster;
  model::PolicyObject policy = test::policy("p", 100);
  policy.max_telemetry_age = Seconds(30);
  const auto books = cluster.policy(policy).books();
  EXPECT_EQ(books->views[books->view_of(std::nullopt, Seconds(1))].max_age, Seconds(30));
}

// --- nodes that come, go and move ---------------------------------------------------------------------------------

TEST(BooksNodes, a_node_that_loses_its_rack_label_keeps_its_last_rack_with_a_condition) {
  ClusterBuilder cluster;
  cluster.topology(hall());
  cluster.node("n1", "r1");
  cluster.pod("a").on("n1").watts(200);
  cluster.books();
  cluster.node("n1").labels.clear();
  const auto books = cluster.books();
  EXPECT_DOUBLE_EQ(booked(*books, "r1"), 300);
  EXPECT_EQ(text_of(*books, ConditionKind::rack_label_lost), "node n1 lost its rack label and stays in rack r1");
  EXPECT_DOUBLE_EQ(booked(*cluster.books(), "r1"), 300);
}

TEST(BooksNodes, a_node_that_is_labelled_otherwise_moves) {
  ClusterBuilder cluster;
  cluster.topology(hall());
  cluster.node("n1", "r1");
  cluster.books();
  cluster.node("n1", "r2");
  const auto books = cluster.books();
  EXPECT_DOUBLE_EQ(booked(*books, "r1"), 0);
  EXPECT_DOUBLE_EQ(booked(*books, "r2"), 100);
}

TEST(BooksNodes, meters_follow_their_nodes_when_others_come_and_go) {
  ClusterBuilder cluster;
  cluster.topology(hall());
  cluster.node("m", "r1");
  cluster.meter("m", 700);
  cluster.books();
  cluster.node("a", "r1");
  cluster.telemetry().nodes.clear();
  EXPECT_DOUBLE_EQ(node_booked(*cluster.books(), "m"), 700);
  EXPECT_DOUBLE_EQ(node_booked(*cluster.books(), "a"), 100);
}

TEST(BooksNodes, a_deleted_node_keeps_its_last_load_for_fifteen_minutes) {
  ClusterBuilder cluster;
  cluster.topology(hall());
  cluster.node("n1", "r1");
  cluster.pod("a").on("n1").watts(300);
  cluster.books();
  cluster.delete_node("n1").delete_pod("a");
  const auto books = cluster.books();
  EXPECT_DOUBLE_EQ(booked(*books, "r1"), 400);
  EXPECT_TRUE(has(*books, ConditionKind::node_deleted_held));
  cluster.advance(Seconds(899));
  EXPECT_DOUBLE_EQ(booked(*cluster.books(), "r1"), 400);
  cluster.advance(Seconds(1));
  EXPECT_DOUBLE_EQ(booked(*cluster.books(), "r1"), 0);
}

TEST(BooksNodes, or_until_it_is_metered_below_idle) {
  ClusterBuilder cluster;
  cluster.topology(hall());
  cluster.node("n1", "r1");
  cluster.books();
  cluster.delete_node("n1").advance(Seconds(30)).meter("n1", 100);
  EXPECT_DOUBLE_EQ(booked(*cluster.books(), "r1"), 100);
  cluster.advance(Seconds(30)).meter("n1", 20);
  EXPECT_DOUBLE_EQ(booked(*cluster.books(), "r1"), 0);
  cluster.telemetry().nodes.clear();
  cluster.advance(Seconds(200));
  EXPECT_DOUBLE_EQ(booked(*cluster.books(), "r1"), 0);
}

TEST(BooksNodes, a_deleted_machine_that_draws_more_counts_more) {
  ClusterBuilder cluster;
  cluster.topology(hall());
  cluster.node("n1", "r1");
  cluster.books();
  cluster.delete_node("n1").advance(Seconds(30)).meter("n1", 900);
  EXPECT_DOUBLE_EQ(booked(*cluster.books(), "r1"), 900);
}

TEST(BooksNodes, a_sample_from_before_the_deletion_releases_nothing) {
  ClusterBuilder cluster;
  cluster.topology(hall());
  cluster.node("n1", "r1");
  cluster.pod("a").on("n1").watts(300);
  cluster.meter("n1", 20);
  cluster.books();
  cluster.delete_node("n1");
  EXPECT_DOUBLE_EQ(booked(*cluster.books(), "r1"), 400);
}

TEST(BooksNodes, a_node_that_comes_back_is_counted_once) {
  ClusterBuilder cluster;
  cluster.topology(hall());
  cluster.node("n1", "r1");
  cluster.books();
  cluster.delete_node("n1");
  cluster.books();
  cluster.node("n1", "r1");
  EXPECT_DOUBLE_EQ(booked(*cluster.books(), "r1"), 100);
}

TEST(BooksNodes, a_deleted_node_that_was_never_in_the_books_counts_what_it_can_draw) {
  ClusterBuilder cluster;
  cluster.topology(hall());
  cluster.node("n1", "r1");
  cluster.delete_node("n1");
  EXPECT_DOUBLE_EQ(booked(*cluster.books(), "r1"), 1'000);
}

TEST(BooksNodes, a_node_that_no_element_names_is_a_condition_only_where_a_topology_exists) {
  ClusterBuilder cluster;
  cluster.node("n1", "unheard");
  EXPECT_FALSE(has(*cluster.books(), ConditionKind::node_outside));
  cluster.topology(hall());
  EXPECT_EQ(text_of(*cluster.books(), ConditionKind::node_outside), "node n1: no element names its rack");
}

TEST(BooksNodes, a_node_without_class_gets_the_default_class) {
  ClusterBuilder cluster;
  cluster.topology(Topology().feed("f", 10'000).rack("r1", 2'000, "f"));
  cluster.node("n1", "r1");
  EXPECT_DOUBLE_EQ(booked(*cluster.books(), "r1"), base::to_watts(shipped_default_class().idle));
}

TEST(BooksNodes, the_first_matching_class_counts) {
  ClusterBuilder cluster;
  Topology topology = Topology().feed("f", 10'000).rack("r1", 2'000, "f").node_class(300, 1'000).node_class(50, 1'000);
  topology.object.node_classes[0].selector.match_labels = {{"kind", "big"}};
  cluster.topology(topology);
  cluster.node("big", "r1").labels["kind"] = "big";
  cluster.node("small", "r1");
  const auto books = cluster.books();
  EXPECT_DOUBLE_EQ(node_booked(*books, "big"), 300);
  EXPECT_DOUBLE_EQ(node_booked(*books, "small"), 50);
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

// --- inlets -------------------------------------------------------------------------------------------------------

TEST(BooksInlets, a_rack_is_as_hot_as_its_hottest_fresh_sensor) {
  ClusterBuilder cluster;
  cluster.node("n1", "r1");
  cluster.node("n2", "r1");
  cluster.inlet("n1", 22);
  cluster.inlet("n2", 26);
  cluster.rack_inlet("r1", 24);
  const auto books = cluster.books();
  EXPECT_EQ(books->inlets[0].last->temperature, base::celsius(26));
  // The hottest falls silent: the others still say something.
  cluster.advance(Seconds(61)).inlet("n1", 22);
  EXPECT_EQ(cluster.books()->inlets[0].last->temperature, base::celsius(22));
}

TEST(BooksInlets, a_limit_without_a_sensor_and_a_silent_sensor_are_conditions) {
  ClusterBuilder cluster;
  Topology topology = hall();
  topology.last().max_inlet = base::celsius(30);
  cluster.topology(topology);
  cluster.node("n2", "r2");
  EXPECT_EQ(text_of(*cluster.books(), ConditionKind::inlet_missing),
            "rack r2 has an inlet limit and never had a sensor");
  cluster.inlet("n2", 20);
  EXPECT_FALSE(has(*cluster.books(), ConditionKind::inlet_missing));
  cluster.advance(Seconds(61));
  EXPECT_EQ(text_of(*cluster.books(), ConditionKind::inlet_stale), "rack r2: its inlet readings are too old");
}

TEST(BooksInlets, a_sensor_whose_clock_runs_ahead_counts_as_of_unknown_age) {
  ClusterBuilder cluster;
  cluster.node("n1", "r1");
  cluster.inlet("n1", 20).time += Seconds(3'600);
  const auto books = cluster.books();
  EXPECT_EQ(books->views[0].racks[0].inlet, InletState::stale);
}

// --- the step -----------------------------------------------------------------------------------------------------

TEST(KeepBooks, an_unchanged_cluster_shares_its_table_with_the_step_before) {
  ClusterBuilder cluster;
  cluster.topology(hall());
  cluster.node("n1", "r1");
  const auto first = cluster.books();
  const auto second = cluster.books();
  EXPECT_EQ(first->table, second->table);
  cluster.node("n2", "r1");
  EXPECT_NE(cluster.books()->table, first->table);
  EXPECT_EQ(first->table->nodes.size(), 1U);
}

TEST(KeepBooks, an_empty_cluster_has_empty_books) {
  ClusterBuilder cluster;
  const auto books = cluster.books();
  EXPECT_EQ(books->views.size(), 1U);
  EXPECT_TRUE(books->conditions.empty());
  EXPECT_EQ(books->table->find("n1"), kNone);
}

TEST(KeepBooks, says_what_it_was_made_of) {
  ClusterBuilder cluster;
  cluster.advance(Seconds(5));
  const auto books = cluster.books();
  EXPECT_EQ(books->at, kStart + Seconds(5));
  EXPECT_EQ(books->snapshot_sequence, cluster.last_snapshot().sequence);
  EXPECT_TRUE(books->sync.complete());
}

TEST(NodeTable, finds_every_node_among_thousands) {
  ClusterBuilder cluster;
  for (int i = 0; i < 3'000; ++i) cluster.node("node-" + std::to_string(i), "rack-" + std::to_string(i % 40));
  const auto books = cluster.books();
  for (int i = 0; i < 3'000; ++i) {
    const std::string name = "node-" + std::to_string(i);
    const std::uint32_t row = books->table->find(name);
    ASSERT_NE(row, kNone) << name;
    EXPECT_EQ(books->table->nodes[row].node->name, name);
  }
  EXPECT_EQ(books->table->find("node-3000"), kNone);
  EXPECT_EQ(books->table->find(""), kNone);
  EXPECT_EQ(books->table->find_rack("rack-40"), kNone);
}

}  // namespace
}  // namespace headroom::scoring
