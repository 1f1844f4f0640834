#include "rapl-agent/pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

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

using Families = std::map<std::string, std::set<std::string>>;  // labels by name

// The agent's rows of docs/metrics.md.
Families documented() {
  Families rows;
  std::ifstream file("docs/metrics.md");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("| `rapl_agent_")) continue;
    std::vector<std::string> cells;
    std::istringstream row(line.substr(1));
    for (std::string cell; std::getline(row, cell, '|');) cells.push_back(cell);
    std::set<std::string>& labels = rows[cells[0].substr(2, cells[0].rfind('`') - 2)];
    std::istringstream listed(cells[2]);
    for (std::string label; std::getline(listed, label, '`');) {
      if (label.find_first_of(" ,") == std::string::npos && !label.empty()) labels.insert(label);
    }
  }
  return rows;
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
  for (const auto field : {core::Field::long_term_limit, core::Field::short_term_limit}) {
    from.domains[0].controls.push_back({{"rapl/package-0", core::Surface::msr, field}, 125'000'000, {}, 99'875'000});
  }
  core::DomainReport clock;
  clock.id = "cpufreq/policy0";
  clock.kind = core::DomainKind::frequency;
  clock.controls = {{{clock.id, core::Surface::cpufreq, core::Field::max_frequency}, 3'600'000, 2'000'000, 2'000'000}};
  from.domains.push_back(clock);
  return from;
}

EdgeCounts edges() {
  EdgeCounts counts;
  counts.gpu_helper = "attached";
  return counts;
}

TEST(AgentMetrics, documentation_lists_exactly_the_families_and_their_labels) {
  Families shown;
  for (const auto& family : metric_families(everything(), edges())) {
    std::set<std::string>& labels = shown[family.name.name];
    for (const auto& sample : family.samples) {
      for (const auto& label : sample.labels) labels.insert(label.first);
    }
  }
  shown["rapl_agent_cap_apply_seconds"];  // a histogram beside the report: ApplyTimes
  EXPECT_EQ(shown, documented());
}

// The list of what the agent has to show, family by family.
TEST(AgentMetrics, all_that_was_promised_is_there) {
  std::set<std::string> names;
  for (const auto& family : metric_families(everything(), edges())) names.insert(family.name.name.substr(11));
  for (const char* const name : {"info",
                                 "state",
                                 "domain_info",
                                 "domain_health",
                                 "power_watts",
                                 "energy_joules_total",
                                 "cap_requested_watts",
                                 "cap_applied_watts",
                                 "cap_enforced_watts",
                                 "cap_min_watts",
                                 "cap_max_watts",
                                 "cap_original_watts",
                                 "cap_enabled",
                                 "budget_watts",
                                 "budget_shortfall_watts",
                                 "reserve_watts",
                                 "lease_remaining_seconds",
                                 "controller_up",
                                 "failsafe_total",
                                 "writes_total",
                                 "read_errors_total",
                                 "external_changes_total",
                                 "over_cap_seconds_total",
                                 "samples_discarded_total",
                                 "counter_wraps_total",
                                 "backend_hung",
                                 "journal_errors_total",
                                 "temperature_celsius",
                                 "paused",
                                 "gpu_helper",
                                 "clock_limit_hertz"}) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
}

TEST(AgentMetrics, values_are_in_base_units) {
  runtime::MetricsRegistry registry;
  registry.add_collector([] { return metric_families(everything(), edges()); });
  const std::string text = registry.expose();
  using testing::HasSubstr;
  EXPECT_THAT(text, HasSubstr("rapl_agent_cap_applied_watts{constraint=\"long_term\",domain=\"rapl/package-0\","
                              "surface=\"msr\"} 99.875"));
  EXPECT_THAT(text, HasSubstr("rapl_agent_clock_limit_hertz{domain=\"cpufreq/policy0\"} 2000000000"));
  EXPECT_THAT(text, HasSubstr("rapl_agent_paused 0"));
  EXPECT_THAT(text, HasSubstr("rapl_agent_gpu_helper{state=\"attached\"} 1"));
}

TEST(AgentMetrics, each_order_is_timed_once_when_it_reads_back) {
  runtime::MetricsRegistry registry;
  ApplyTimes times(registry);
  core::AgentReport told = report();
  const base::MonoTime taken{base::Seconds(100)};
  told.accepted = core::OrderId{"uid-1", {2, 6}};
  told.accepted_at = taken;
  times.note(told, taken + base::Milliseconds(10));
  EXPECT_THAT(registry.expose(), testing::HasSubstr("rapl_agent_cap_apply_seconds_count 0"));
  told.read_back = told.accepted;
  times.note(told, taken + base::Milliseconds(40));
  times.note(told, taken + base::Seconds(9));
  const std::string text = registry.expose();
  EXPECT_THAT(text, testing::HasSubstr("rapl_agent_cap_apply_seconds_count 1"));
  EXPECT_THAT(text, testing::HasSubstr("rapl_agent_cap_apply_seconds_sum 0.04"));
}

TEST(AgentMetrics, no_series_stands_twice) {
  for (const auto& family : metric_families(everything(), edges())) {
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
