// Semantics §1-3: watts, what is in flight, the pod and the node.
#include "test/unit/scoring/judge_fixture.h"

namespace headroom::scoring {
namespace {

// --- element limits -----------------------------------------------------------------------------------------------

TEST_F(Judged, a_pod_that_fits_is_feasible_and_told_what_it_adds) {
  const Verdict verdict = judge();
  expect_feasible(verdict);
  EXPECT_EQ(verdict.estimate, watts(300));
  EXPECT_EQ(verdict.demand, watts(300));
}

TEST_F(Judged, up_to_the_limit_itself_fits_and_one_watt_more_does_not) {
  Topology topology = hall();
  topology.object.elements[2].rated = watts(400);
  cluster.topology(topology);
  expect_feasible(judge());
  cluster.pod("pod").watts(301);
  const Verdict verdict = judge();
  expect_refused(verdict, Outcome::refused_forever, Reason::element_power);
  EXPECT_EQ(verdict.missing, watts(1));
}

TEST_F(Judged, the_limit_is_rated_watts_times_continuous_percent) {
  Topology topology = hall();
  topology.object.elements[2].rated = watts(400);
  topology.object.elements[2].continuous_percent = 80;
  cluster.topology(topology);
  cluster.pod("pod").watts(220);
  expect_feasible(judge());
  cluster.pod("pod").watts(221);
  EXPECT_FALSE(admits(judge()));
}

TEST_F(Judged, every_element_above_the_node_is_asked) {
  Topology topology = hall();
  topology.object.elements[0].rated = watts(450);
  cluster.topology(topology);
  const auto books = cluster.books();
  const Verdict verdict = test::judged(*books, cluster.pod_value("pod"), "n1");
  expect_refused(verdict, Outcome::refused_now, Reason::element_power);
  EXPECT_EQ(books->topology->elements[verdict.element].name, "f");
}

TEST_F(Judged, a_dual_fed_rack_needs_only_its_share_of_each_feed) {
  cluster.topology(Topology().node_class(100, 1'000).feed("a", 200).feed("b", 10'000).dual_rack("r1", 2'000, "a", "b"));
  expect_feasible(judge());
  cluster.pod("pod").watts(301);
  EXPECT_FALSE(admits(judge()));
}

TEST_F(Judged, refused_for_now_where_load_is_in_the_way_and_for_ever_where_the_path_is_too_small) {
  Topology topology = hall();
  topology.object.elements[2].rated = watts(600);
  cluster.topology(topology);
  cluster.pod("other").on("n1").watts(300);
  expect_refused(judge(), Outcome::refused_now, Reason::element_power);
  cluster.pod("pod").watts(550);
  expect_refused(judge(), Outcome::refused_forever, Reason::element_power);
}

TEST_F(Judged, a_tighter_limit_evicts_nobody_and_nothing_more_is_placed) {
  cluster.pod("other").on("n1").watts(800);
  Topology topology = hall();
  topology.object.elements[2].rated = watts(500);
  cluster.topology(topology);
  cluster.pod("pod").watts(2);
  expect_refused(judge(), Outcome::refused_now, Reason::element_power);
}

TEST_F(Judged, a_node_that_is_booked_at_its_maximum_takes_more_pods_only_within_the_limits) {
  cluster.pod("other").on("n1").watts(900);
  const Verdict verdict = judge();
  expect_feasible(verdict);
  EXPECT_EQ(verdict.demand, watts(0));
}

TEST_F(Judged, booked_admission_counts_estimates_and_measured_admission_what_is_present) {
  cluster.topology(Topology().node_class(100, 1'000).feed("f", 10'000).rack("r1", 900, "f").rack("r2", 900, "f"));
  cluster.pod("other").on("n1").watts(700).started(kStart);
  cluster.advance(Seconds(100)).meter("n1", 200);
  expect_refused(judge(), Outcome::refused_now, Reason::element_power);
  Topology measured = Topology().node_class(100, 1'000).feed("f", 10'000).rack("r1", 900, "f").rack("r2", 900, "f");
  measured.object.admission = model::Admission::measured;
  cluster.topology(measured);
  expect_feasible(judge());
}

TEST_F(Judged, unmanaged_load_takes_headroom) {
  Topology topology = hall();
  topology.object.elements[2].base_load = watts(1'700);
  cluster.topology(topology);
  expect_refused(judge(), Outcome::refused_forever, Reason::element_power);
  expect_feasible(judge("n2"));
}

// --- in flight ----------------------------------------------------------------------------------------------------

TEST_F(Judged, reservations_count_until_the_books_show_them) {
  cluster.topology(Topology().node_class(100, 1'000).feed("f", 10'000).rack("r1", 600, "f").rack("r2", 2'000, "f"));
  expect_feasible(judge());
  cluster.pod("first").watts(300);
  reserve("first", "n1", 300);
  expect_refused(judge(), Outcome::refused_now, Reason::element_power);
  // Bound and in the books: it must not count twice.
  cluster.topology(Topology().node_class(100, 1'000).feed("f", 10'000).rack("r1", 700, "f").rack("r2", 2'000, "f"));
  cluster.pod("first").on("n1");
  expect_feasible(judge());
}

TEST_F(Judged, a_pods_own_reservation_never_counts_against_itself) {
  cluster.topology(Topology().node_class(100, 1'000).feed("f", 10'000).rack("r1", 400, "f").rack("r2", 400, "f"));
  reserve("pod", "n1", 300);
  expect_feasible(judge());
}

TEST_F(Judged, reservations_count_on_elements_above_other_racks_too) {
  Topology topology = hall();
  topology.object.elements[1].rated = watts(700);
  cluster.topology(topology);
  reserve("first", "n2", 300);
  expect_refused(judge(), Outcome::refused_now, Reason::element_power);
}

TEST_F(Judged, a_reservation_on_a_node_that_vanished_counts_on_its_rack) {
  cluster.topology(Topology().node_class(100, 1'000).feed("f", 10'000).rack("r1", 600, "f").rack("r2", 2'000, "f"));
  reserve("first", "gone", 300);
  expect_refused(judge(), Outcome::refused_now, Reason::element_power);
}

TEST_F(Judged, reservations_on_a_full_node_count_only_up_to_what_it_can_draw) {
  cluster.pod("other").on("n1").watts(800);
  for (const char* pod : {"a", "b", "c"}) reserve(pod, "n1", 500);
  Topology topology = hall();
  topology.object.elements[2].rated = watts(1'000);
  cluster.topology(topology);
  expect_feasible(judge());
}

TEST_F(Judged, a_nominated_pod_holds_its_estimate_against_pods_of_equal_or_lower_priority) {
  cluster.topology(Topology().node_class(100, 1'000).feed("f", 10'000).rack("r1", 600, "f").rack("r2", 2'000, "f"));
  cluster.pod("vip").nominated("n1").watts(300).priority(10);
  cluster.pod("pod").priority(10);
  expect_refused(judge(), Outcome::refused_now, Reason::element_power);
  cluster.pod("pod").priority(9);
  EXPECT_FALSE(admits(judge()));
  cluster.pod("pod").priority(11);
  expect_feasible(judge());
}

TEST_F(Judged, a_pods_own_nomination_never_counts_against_itself) {
  cluster.topology(Topology().node_class(100, 1'000).feed("f", 10'000).rack("r1", 400, "f").rack("r2", 2'000, "f"));
  cluster.pod("pod").nominated("n1");
  expect_feasible(judge());
}

TEST_F(Judged, a_nominated_pod_that_is_being_bound_counts_once) {
  cluster.topology(Topology().node_class(100, 1'000).feed("f", 10'000).rack("r1", 700, "f").rack("r2", 2'000, "f"));
  cluster.pod("vip").nominated("n1").watts(300);
  reserve("vip", "n1", 300);
  expect_feasible(judge());
}

TEST_F(Judged, judging_has_no_side_effects) {
  const auto books = cluster.books();
  const auto view = ledger.view();
  Judge judge(*books, *view, cluster.pod_value("pod"));
  const Verdict first = judge.judge("n1");
  const int score = judge.score("n1");
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(judge.judge("n1"), first);
    EXPECT_EQ(judge.score("n1"), score);
  }
  EXPECT_EQ(ledger.view(), view);
}

// --- the pod itself -----------------------------------------------------------------------------------------------

TEST_F(Judged, a_malformed_annotation_refuses_for_ever_and_names_the_key) {
  cluster.pod("pod").annotate("powercapping.example.com/expected-watts", "300W");
  const Verdict verdict = judge();
  expect_refused(verdict, Outcome::refused_forever, Reason::malformed_expected_watts);
  EXPECT_NE(text_of(verdict.reason).message.find("powercapping.example.com/expected-watts"), std::string_view::npos);
}

TEST_F(Judged, a_malformed_annotation_is_said_even_on_an_unknown_node) {
  cluster.pod("pod").annotate("powercapping.example.com/expected-watts", "");
  expect_refused(judge("unheard"), Outcome::refused_forever, Reason::malformed_expected_watts);
}

TEST_F(Judged, a_pod_naming_an_unknown_policy_is_refused) {
  cluster.pod("pod").annotate("powercapping.example.com/policy", "nobody");
  expect_refused(judge(), Outcome::refused_now, Reason::unknown_policy);
}

TEST_F(Judged, a_policy_that_cannot_be_read_refuses_new_pods_of_its_namespace) {
  cluster.unreadable_policy("default/broken");
  expect_refused(judge(), Outcome::refused_now, Reason::unreadable_policy);
  cluster.pod("pod").ns("other");
  expect_feasible(judge());
}

// --- the node -----------------------------------------------------------------------------------------------------

TEST_F(Judged, a_node_that_is_not_in_the_books_is_unknown_and_not_admitted) {
  const Verdict verdict = judge("unheard");
  expect_refused(verdict, Outcome::unknown, Reason::node_unknown);
  EXPECT_EQ(score("unheard"), 0);
}

TEST_F(Judged, an_invalid_topology_refuses_its_racks_on_a_fresh_start_and_leaves_another_hall_alone) {
  Topology cyclic("cyclic");
  cyclic.element("x", model::ElementType::pdu, 5'000, {{"y", 100}});
  cyclic.element("y", model::ElementType::pdu, 5'000, {{"x", 100}});
  cyclic.rack("r9", 2'000, "x");
  cluster.topology(cyclic);
  cluster.node("n9", "r9");
  expect_refused(judge("n9"), Outcome::refused_now, Reason::topology_invalid);
  expect_feasible(judge("n1"));
}

TEST_F(Judged, nodes_outside_are_allowed_or_refused_as_the_topology_says) {
  cluster.node("stray", "unheard");
  cluster.node("bare");
  expect_feasible(judge("stray"));
  expect_feasible(judge("bare"));
  Topology closed = hall();
  closed.object.nodes_outside = model::OutsideNodes::refuse;
  cluster.topology(closed);
  expect_refused(judge("stray"), Outcome::refused_now, Reason::node_outside_topology);
  expect_refused(judge("bare"), Outcome::refused_now, Reason::node_outside_topology);
  expect_feasible(judge("n1"));
}

}  // namespace
}  // namespace headroom::scoring
