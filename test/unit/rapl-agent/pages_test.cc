#include "rapl-agent/pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/manual_clock.h"
#include "rapl-agent/event_poster.h"
#include "test/unit/rapl-agent/reports.h"

namespace headroom::rapl_agent {
namespace {

using nlohmann::json;
using test::report;

class PagesTest : public testing::Test {
 protected:
  base::ManualClock clock_;
  ReportBoard board_{clock_, [] {}};
  PagesView view_{board_, clock_, clock_.mono_now(), "node-a", [] { return EdgeCounts{}; }, [] { return "unheard"; }};
};

TEST_F(PagesTest, a_loop_that_has_not_turned_for_ten_seconds_is_dead) {
  EXPECT_EQ(why_not_alive(view_), "");
  clock_.advance(base::Seconds(9));
  board_.publish(report());
  clock_.advance(base::Seconds(10));
  EXPECT_EQ(why_not_alive(view_), "");
  clock_.advance(base::Seconds(1));
  EXPECT_NE(why_not_alive(view_), "");
}

TEST_F(PagesTest, a_loop_that_never_turned_is_dead_too) {
  clock_.advance(base::Seconds(11));
  EXPECT_NE(why_not_alive(view_), "");
}

TEST_F(PagesTest, hung_hardware_does_not_kill_the_agent) {
  core::AgentReport hung = report();
  for (auto& domain : hung.domains) domain.health = core::Health::hung;
  hung.backend_hung["powercap"] = true;
  board_.publish(hung);
  EXPECT_EQ(why_not_alive(view_), "");
}

TEST_F(PagesTest, debug_state_tells_domains_and_orders) {
  core::AgentReport from = report();
  from.domains[0].detail = "bytes that are no UTF-8: \xff";
  from.domains[0].controls = {
      {{"rapl/package-0", core::Surface::msr, core::Field::long_term_limit}, 125'000'000, 100'000'000, 100'000'000}};
  const json state = json::parse(state_json(from, view_));
  EXPECT_EQ(state["node"], "node-a");
  EXPECT_EQ(state["state"], "Active");
  EXPECT_EQ(state["apiServer"], "unheard");
  EXPECT_EQ(state["observed"]["sequence"], 5);
  EXPECT_EQ(state["domains"][0]["capWatts"], 100.0);
  EXPECT_EQ(state["domains"][0]["health"], "OK");
  EXPECT_EQ(state["domains"][0]["controls"][0]["original"], 125'000'000);
}

// Text of docs/metrics.md.
std::string metrics_document() {
  std::ifstream file("docs/metrics.md");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

core::AgentReport everything() {
  core::AgentReport from = report();
  from.lease_remaining = base::Seconds(12);
  from.last_apply = base::Milliseconds(300);
  from.failsafe["grace"] = 1;
  from.backend_hung["powercap"] = false;
  from.domains[0].temperature = base::celsius(60);
  from.domains[0].samples_discarded["gap"] = 2;
  from.domains[0].read_errors["transient/22"] = 1;
  return from;
}

TEST(AgentMetrics, every_family_is_documented) {
  const std::string document = metrics_document();
  for (const auto& family : metric_families(everything(), {})) {
    EXPECT_NE(document.find("`" + family.name.name + "`"), std::string::npos) << family.name.name;
  }
}

TEST(AgentMetrics, no_series_stands_twice) {
  for (const auto& family : metric_families(everything(), {})) {
    std::set<runtime::MetricLabels> seen;
    for (const auto& sample : family.samples) EXPECT_TRUE(seen.insert(sample.labels).second) << family.name.name;
  }
}

TEST(AgentMetrics, Fault_metrics_scrape_storm) {
  runtime::MetricsRegistry registry;
  base::ManualClock clock;
  ReportBoard board(clock, [] {});
  board.publish(everything());
  // The pages hold no backend: a scrape can only read the report.
  registry.add_collector([&] { return metric_families(board.latest()->report, {}); });
  const std::string first = registry.expose();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(registry.expose(), first);
}

TEST(EventPoster, posts_each_notice_once_and_names_the_object) {
  std::vector<kube::Event> posted;
  EventPoster poster("node-a", [&](kube::Event event) { posted.push_back(std::move(event)); });
  core::AgentReport from = report();
  from.notices = {{1, "DomainReadOnly", "rapl/package-1 is locked", true}};
  poster.post(from, std::nullopt);
  poster.post(from, std::nullopt);
  ASSERT_EQ(posted.size(), 1U);
  EXPECT_EQ(posted[0].regarding, (kube::ObjectRef{"v1", "Node", "", "node-a", "node-a"}));
  EXPECT_EQ(posted[0].type, kube::EventType::warning);

  from.notices.push_back({2, "StateChanged", "Active", false});
  model::NodePowerCap object;
  object.uid = "uid-1";
  poster.post(from, object);
  ASSERT_EQ(posted.size(), 2U);
  EXPECT_EQ(posted[1].regarding.kind, "NodePowerCap");
  EXPECT_EQ(posted[1].regarding.uid, "uid-1");
  EXPECT_EQ(posted[1].reason, "StateChanged");
}

}  // namespace
}  // namespace headroom::rapl_agent
