// Semantics §1-2: missing data, and nodes that come, go and move.
#include "test/unit/scoring/books_fixture.h"

namespace headroom::scoring {
namespace {

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
