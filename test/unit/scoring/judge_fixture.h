// What the tests of the judge share.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "scoring/judge.h"
#include "scoring/rank.h"
#include "test/unit/scoring/books_fixture.h"

namespace headroom::scoring {

using base::celsius;
using model::EnforcementMode;
using model::StaleTelemetry;

// Two nodes in two racks, and the pod in question.
class Judged : public testing::Test {
 protected:
  Judged() {
    cluster.topology(hall());
    cluster.node("n1", "r1");
    cluster.node("n2", "r2");
    cluster.pod("pod").watts(300);
  }
  Verdict judge(const std::string& node = "n1") {
    const auto books = cluster.books();
    return Judge(*books, *ledger.view(), cluster.pod_value("pod")).judge(node);
  }
  int score(const std::string& node) {
    const auto books = cluster.books();
    return Judge(*books, *ledger.view(), cluster.pod_value("pod")).score(node);
  }
  Verdict judge(const model::Node& node) {
    const auto books = cluster.books();
    return Judge(*books, *ledger.view(), cluster.pod_value("pod")).judge(node);
  }
  void reserve(const std::string& pod, const std::string& node, std::int64_t power) {
    Reservation made;
    made.pod_uid = "uid-" + pod;
    made.node = node;
    made.rack = "r1";
    made.estimate = watts(power);
    made.policies = {"default/gold"};
    ledger.reserve(made, *cluster.snapshot());
  }
  ClusterBuilder cluster;
  Ledger ledger;
};

inline void expect_refused(const Verdict& verdict, Outcome outcome, Reason reason) {
  EXPECT_EQ(verdict.outcome, outcome);
  EXPECT_EQ(text_of(verdict.reason).code, text_of(reason).code);
  EXPECT_FALSE(admits(verdict));
}
inline void expect_feasible(const Verdict& verdict) {
  EXPECT_EQ(verdict.outcome, Outcome::feasible) << text_of(verdict.reason).message;
  EXPECT_EQ(verdict.reason, Reason::none);
  EXPECT_TRUE(admits(verdict));
}

}  // namespace headroom::scoring
