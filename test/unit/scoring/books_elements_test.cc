// Semantics §1 and §4: loads of elements, their meters, and inlets.
#include "test/unit/scoring/books_fixture.h"

namespace headroom::scoring {
namespace {

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

}  // namespace
}  // namespace headroom::scoring
