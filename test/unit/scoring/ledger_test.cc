#include "scoring/ledger.h"

#include <gtest/gtest.h>

#include "test/support/cluster_builder.h"

namespace headroom::scoring {
namespace {

using base::watts;
using test::ClusterBuilder;

Reservation reservation(const std::string& pod, const std::string& node) {
  Reservation made;
  made.pod_uid = "uid-" + pod;
  made.pod = "default/" + pod;
  made.node = node;
  made.estimate = watts(100);
  return made;
}

TEST(Ledger, starts_empty_and_always_has_a_view) {
  const Ledger ledger;
  ASSERT_NE(ledger.view(), nullptr);
  EXPECT_TRUE(ledger.view()->entries.empty());
}

TEST(Ledger, a_view_never_changes) {
  ClusterBuilder cluster;
  Ledger ledger;
  const auto before = ledger.view();
  ledger.reserve(reservation("a", "n1"), *cluster.snapshot());
  EXPECT_TRUE(before->entries.empty());
  EXPECT_EQ(ledger.view()->entries.size(), 1U);
  EXPECT_GT(ledger.view()->version, before->version);
  EXPECT_EQ(ledger.view(), ledger.view());
}

TEST(Ledger, one_entry_per_pod_and_a_repeated_bind_changes_nothing) {
  ClusterBuilder cluster;
  Ledger ledger;
  const auto snapshot = cluster.snapshot();
  EXPECT_EQ(ledger.reserve(reservation("a", "n1"), *snapshot), ReserveOutcome::reserved);
  const auto view = ledger.view();
  EXPECT_EQ(ledger.reserve(reservation("a", "n1"), *snapshot), ReserveOutcome::reserved);
  EXPECT_EQ(ledger.view(), view);
}

TEST(Ledger, a_pod_that_holds_watts_elsewhere_is_told_so) {
  ClusterBuilder cluster;
  Ledger ledger;
  const auto snapshot = cluster.snapshot();
  ledger.reserve(reservation("a", "n1"), *snapshot);
  EXPECT_EQ(ledger.reserve(reservation("a", "n2"), *snapshot), ReserveOutcome::on_other_node);
  EXPECT_EQ(ledger.view()->find("uid-a")->node, "n1");
}

TEST(Ledger, entries_are_found_by_uid) {
  ClusterBuilder cluster;
  Ledger ledger;
  const auto snapshot = cluster.snapshot();
  for (const char* pod : {"c", "a", "b"}) ledger.reserve(reservation(pod, "n1"), *snapshot);
  EXPECT_EQ(ledger.view()->find("uid-b")->pod, "default/b");
  EXPECT_EQ(ledger.view()->find("uid-d"), nullptr);
  EXPECT_EQ(ledger.view()->find(""), nullptr);
}

TEST(Ledger, a_binding_that_the_api_server_refused_is_released) {
  ClusterBuilder cluster;
  Ledger ledger;
  ledger.reserve(reservation("a", "n1"), *cluster.snapshot());
  EXPECT_TRUE(ledger.release("uid-a"));
  EXPECT_FALSE(ledger.release("uid-a"));
  EXPECT_TRUE(ledger.view()->entries.empty());
}

TEST(Ledger, its_state_is_kept_per_entry) {
  ClusterBuilder cluster;
  Ledger ledger;
  ledger.reserve(reservation("a", "n1"), *cluster.snapshot());
  EXPECT_TRUE(ledger.set_state("uid-a", ReservationState::outcome_unknown));
  EXPECT_EQ(ledger.view()->find("uid-a")->state, ReservationState::outcome_unknown);
  EXPECT_FALSE(ledger.set_state("uid-b", ReservationState::bound));
}

TEST(LedgerSettle, an_entry_leaves_with_a_snapshot_that_shows_the_pod_bound) {
  ClusterBuilder cluster;
  cluster.node("n1");
  cluster.pod("a");
  Ledger ledger;
  ledger.reserve(reservation("a", "n1"), *cluster.snapshot());
  EXPECT_EQ(ledger.settle(*cluster.snapshot()), 0U);
  cluster.pod("a").on("n1");
  EXPECT_EQ(ledger.settle(*cluster.snapshot()), 1U);
  EXPECT_TRUE(ledger.view()->entries.empty());
}

TEST(LedgerSettle, an_entry_leaves_with_a_snapshot_that_shows_the_pod_finished) {
  ClusterBuilder cluster;
  cluster.pod("a");
  Ledger ledger;
  ledger.reserve(reservation("a", "n1"), *cluster.snapshot());
  cluster.pod("a").phase(model::PodPhase::failed);
  EXPECT_EQ(ledger.settle(*cluster.snapshot()), 1U);
}

TEST(LedgerSettle, no_time_and_no_number_of_snapshots_expires_an_unknown_outcome) {
  ClusterBuilder cluster;
  cluster.pod("a");
  Ledger ledger;
  ledger.reserve(reservation("a", "n1"), *cluster.snapshot());
  ledger.set_state("uid-a", ReservationState::outcome_unknown);
  for (int i = 0; i < 100; ++i) {
    cluster.advance(base::Seconds(3'600));
    ++cluster.raw().pod_list_generation;
    EXPECT_EQ(ledger.settle(*cluster.snapshot()), 0U);
  }
}

TEST(LedgerSettle, a_pod_that_was_seen_and_is_gone_leaves) {
  ClusterBuilder cluster;
  cluster.pod("a");
  Ledger ledger;
  ledger.reserve(reservation("a", "n1"), *cluster.snapshot());
  cluster.delete_pod("a").raw().deleted_pods.clear();
  EXPECT_EQ(ledger.settle(*cluster.snapshot()), 1U);
}

TEST(LedgerSettle, a_pod_first_seen_after_it_was_reserved_and_then_gone_leaves) {
  ClusterBuilder cluster;
  Ledger ledger;
  ledger.reserve(reservation("a", "n1"), *cluster.snapshot());
  cluster.pod("a");
  EXPECT_EQ(ledger.settle(*cluster.snapshot()), 0U);
  cluster.delete_pod("a").raw().deleted_pods.clear();
  EXPECT_EQ(ledger.settle(*cluster.snapshot()), 1U);
}

TEST(LedgerSettle, a_pod_that_the_watch_has_not_shown_yet_stays) {
  ClusterBuilder cluster;
  Ledger ledger;
  ledger.reserve(reservation("a", "n1"), *cluster.snapshot());
  for (int i = 0; i < 10; ++i) EXPECT_EQ(ledger.settle(*cluster.snapshot()), 0U);
}

TEST(LedgerSettle, one_newer_list_proves_nothing_since_it_may_have_begun_before_the_pod) {
  ClusterBuilder cluster;
  Ledger ledger;
  ledger.reserve(reservation("a", "n1"), *cluster.snapshot());
  ++cluster.raw().pod_list_generation;
  EXPECT_EQ(ledger.settle(*cluster.snapshot()), 0U);
  ++cluster.raw().pod_list_generation;
  EXPECT_EQ(ledger.settle(*cluster.snapshot()), 1U);
}

TEST(LedgerSettle, a_pod_that_came_and_went_between_two_snapshots_leaves) {
  ClusterBuilder cluster;
  Ledger ledger;
  ledger.reserve(reservation("a", "n1"), *cluster.snapshot());
  cluster.pod("a").on("n1");
  cluster.delete_pod("a");
  EXPECT_EQ(ledger.settle(*cluster.snapshot()), 1U);
}

TEST(LedgerSettle, a_snapshot_older_than_the_reservation_proves_no_absence) {
  ClusterBuilder cluster;
  const auto older = cluster.snapshot();
  cluster.pod("a");
  Ledger ledger;
  ledger.reserve(reservation("a", "n1"), *cluster.snapshot());
  EXPECT_EQ(ledger.settle(*older), 0U);
  EXPECT_EQ(ledger.view()->entries.size(), 1U);
}

TEST(LedgerSettle, a_view_is_left_alone_when_nothing_changes) {
  ClusterBuilder cluster;
  cluster.pod("a");
  Ledger ledger;
  ledger.reserve(reservation("a", "n1"), *cluster.snapshot());
  const auto view = ledger.view();
  ledger.settle(*cluster.snapshot());
  EXPECT_EQ(ledger.view(), view);
}

}  // namespace
}  // namespace headroom::scoring
