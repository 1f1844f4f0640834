#include "scoring/books.h"

#include <gtest/gtest.h>

#include "test/support/cluster_builder.h"
#include "test/support/table.h"

namespace headroom::scoring {
namespace {

using base::watts;
using test::ClusterBuilder;
using test::Topology;

TEST(Books, a_rack_counts_the_booked_loads_of_its_nodes) {
  ClusterBuilder cluster;
  cluster.topology(Topology().node_class(100, 1000).feed("f", 10'000).rack("r1", 2'000, "f"));
  cluster.node("n1", "r1");
  cluster.node("n2", "r1");
  cluster.pod("a").on("n1").watts(300);
  const auto books = cluster.books();
  const auto rack = books->topology->by_name.at("r1");
  EXPECT_EQ(books->views[0].elements[rack].booked, watts(500));
}

TEST(Judge, a_pod_is_refused_where_the_rack_would_pass_its_limit) {
  ClusterBuilder cluster;
  cluster.topology(Topology().node_class(100, 1000).feed("f", 10'000).rack("r1", 950, "f").rack("r2", 1'000, "f"));
  cluster.node("n1", "r1");
  cluster.node("n2", "r2");
  cluster.pod("a").on("n1").watts(800);
  cluster.pod("b").watts(300);
  const auto books = cluster.books();
  const Verdict full = test::judged(*books, cluster.pod_value("b"), "n1");
  EXPECT_EQ(full.outcome, Outcome::refused_now);
  EXPECT_EQ(full.reason, Reason::element_power);
  // The node can draw 1000 W at most, and 100 + 800 are booked.
  EXPECT_EQ(full.demand, watts(100));
  EXPECT_EQ(test::judged(*books, cluster.pod_value("b"), "n2").outcome, Outcome::feasible);
}

}  // namespace
}  // namespace headroom::scoring
