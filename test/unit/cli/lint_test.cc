#include "cli/lint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "test/support/table.h"

namespace headroom::cli {
namespace {

using base::Milliseconds;

// The shipped shape: two entries, nothing to find.
SchedulerConfig good_config() {
  SchedulerConfig config;
  config.lease_name = "headroom-scheduler";
  config.lease_namespace = "headroom-system";
  config.percentage_of_nodes_to_score = 100;
  config.profiles = {{.line = 3, .scheduler_name = "headroom", .percentage_of_nodes_to_score = {}}};
  ExtenderEntry decide;
  decide.line = 10;
  decide.url_prefix = "http://127.0.0.1:9876";
  decide.filter_verb = "filter";
  decide.prioritize_verb = "prioritize";
  decide.preempt_verb = "preempt";
  decide.weight = 3;
  decide.http_timeout = Milliseconds(5'000);
  decide.node_cache_capable = true;
  ExtenderEntry bind;
  bind.line = 20;
  bind.url_prefix = "http://127.0.0.1:9877";
  bind.bind_verb = "bind";
  bind.http_timeout = Milliseconds(5'000);
  config.extenders = {decide, bind};
  return config;
}

struct Row {
  std::string name;
  std::function<void(SchedulerConfig&)> change;
  std::vector<std::string> rules;  // exactly these, in order
  LintOptions options = {};
};

class Lint : public testing::TestWithParam<Row> {};

TEST_P(Lint, FindsExactlyTheRulesOfTheRow) {
  SchedulerConfig config = good_config();
  GetParam().change(config);
  std::vector<std::string> rules;
  for (const Finding& finding : lint(config, GetParam().options)) {
    rules.push_back(finding.rule);
    EXPECT_FALSE(finding.field.empty()) << finding.rule;
    EXPECT_FALSE(finding.message.empty()) << finding.rule;
  }
  EXPECT_EQ(rules, GetParam().rules);
}

const Row kWholeFile[] = {
    {"the shipped shape is clean", [](auto&) {}, {}},
    {"without extenders Headroom is never called", [](auto& c) { c.extenders.clear(); }, {"no-extenders"}},
    {"unset sampling is refused", [](auto& c) { c.percentage_of_nodes_to_score = {}; }, {"sampling"}},
    {"sampling at 99 percent is refused", [](auto& c) { c.percentage_of_nodes_to_score = 99; }, {"sampling"}},
    {"a profile's own sampling is refused",
     [](auto& c) { c.profiles[0].percentage_of_nodes_to_score = 50; },
     {"sampling"}},
    {"a profile's own 100 percent overrides the rest",
     [](auto& c) {
       c.percentage_of_nodes_to_score = 10;
       c.profiles[0].percentage_of_nodes_to_score = 100;
     },
     {}},
    {"at 100 nodes nothing is sampled", [](auto& c) { c.percentage_of_nodes_to_score = {}; }, {}, {.nodes = 100}},
    {"at 101 nodes sampling starts",
     [](auto& c) { c.percentage_of_nodes_to_score = {}; },
     {"sampling"},
     {.nodes = 101}},
    {"no profile has our name",
     [](auto& c) { c.profiles[0].scheduler_name = "default-scheduler"; },
     {"scheduler-name"}},
    {"another name may be ours",
     [](auto& c) { c.profiles[0].scheduler_name = "power"; },
     {},
     {.scheduler_name = "power"}},
    {"two profiles share the extenders", [](auto& c) { c.profiles.emplace_back(); }, {"shared-by-profiles"}},
    {"no leader election", [](auto& c) { c.leader_elect = false; }, {"no-leader-election"}},
    {"the first scheduler's lease",
     [](auto& c) {
       c.lease_name = "kube-scheduler";
       c.lease_namespace = "kube-system";
     },
     {"lease-of-the-first-scheduler"}},
    {"a backoff above 10 s", [](auto& c) { c.pod_max_backoff_seconds = 60; }, {"long-backoff"}},
    {"no entry filters",
     [](auto& c) {
       c.extenders[0].filter_verb.clear();
       c.extenders[0].preempt_verb.clear();
     },
     {"missing-filter-verb"}},
    {"no entry ranks",
     [](auto& c) {
       c.extenders[0].prioritize_verb.clear();
       c.extenders[0].weight = 0;
     },
     {"missing-prioritize-verb"}},
    {"no entry binds", [](auto& c) { c.extenders.pop_back(); }, {"missing-bind-verb"}},
    {"two entries bind",
     [](auto& c) { c.extenders[0].bind_verb = "bind"; },
     {"several-bind-verbs", "bind-shares-entry"}},
    {"a managed resource in two entries",
     [](auto& c) {
       for (auto& entry : c.extenders) entry.managed_resources = {{"example.com/power", true}};
     },
     {"managed-resource-repeated"}},
    {"an opt-in that only the filter entry has",
     [](auto& c) {
       c.extenders[0].managed_resources = {{"example.com/power", true}};
     },
     {"managed-resources-differ"}},
    {"an opt-in in one entry for all verbs is clean",
     [](auto& c) {
       c.extenders[0].managed_resources = {{"example.com/power", true}};
       c.extenders[0].bind_verb = "bind";
       c.extenders.pop_back();
     },
     {}},
};
INSTANTIATE_TEST_SUITE_P(WholeFile, Lint, testing::ValuesIn(kWholeFile), test::RowName());

const Row kEntry[] = {
    {"node objects instead of names",
     [](auto& c) { c.extenders[0].node_cache_capable = false; },
     {"node-cache-incapable"}},
    {"ignorable places pods unchecked", [](auto& c) { c.extenders[0].ignorable = true; }, {"ignorable"}},
    {"no preempt verb", [](auto& c) { c.extenders[0].preempt_verb.clear(); }, {"missing-preempt-verb"}},
    {"an entry without verbs", [](auto& c) { c.extenders[1].bind_verb.clear(); }, {"missing-bind-verb", "no-verbs"}},
    {"bind beside filter",
     [](auto& c) {
       c.extenders[0].bind_verb = "bind";
       c.extenders.pop_back();
     },
     {"bind-shares-entry"}},
    {"weight 0 with a prioritize verb", [](auto& c) { c.extenders[0].weight = 0; }, {"weight-not-positive"}},
    {"a negative weight", [](auto& c) { c.extenders[0].weight = -1; }, {"weight-not-positive"}},
    {"weight 12 is the last that all plugins together outvote", [](auto& c) { c.extenders[0].weight = 12; }, {}},
    {"weight 13 outvotes all plugins", [](auto& c) { c.extenders[0].weight = 13; }, {"weight-overrides-all"}},
    {"a weight that is never used", [](auto& c) { c.extenders[1].weight = 1; }, {"weight-unused"}},
    {"no timeout means 5 s", [](auto& c) { c.extenders[0].http_timeout = {}; }, {"timeout-default"}},
    {"timeout 0 means 5 s", [](auto& c) { c.extenders[0].http_timeout = Milliseconds(0); }, {"timeout-default"}},
    {"half a second is short", [](auto& c) { c.extenders[0].http_timeout = Milliseconds(500); }, {"timeout-short"}},
    {"30 s hold up all pods", [](auto& c) { c.extenders[0].http_timeout = Milliseconds(30'000); }, {"timeout-long"}},
    {"30 s for bind alone hold up nobody", [](auto& c) { c.extenders[1].http_timeout = Milliseconds(30'000); }, {}},
    {"bind gives up with the extender",
     [](auto& c) { c.extenders[1].http_timeout = Milliseconds(3'000); },
     {"bind-timeout"}},
    {"bind's default timeout against a slower extender",
     [](auto& c) { c.extenders[1].http_timeout = {}; },
     {"timeout-default", "bind-timeout"},
     {.bind_timeout = Milliseconds(8'000)}},
    {"no URL", [](auto& c) { c.extenders[0].url_prefix.clear(); }, {"url-scheme"}},
    {"a URL without scheme", [](auto& c) { c.extenders[0].url_prefix = "127.0.0.1:9876"; }, {"url-scheme"}},
    {"a URL with a query", [](auto& c) { c.extenders[0].url_prefix += "/?a=b"; }, {"url-form"}},
    {"plain HTTP to another host",
     [](auto& c) { c.extenders[0].url_prefix = "http://extender.power:9876"; },
     {"plain-http-remote"}},
    {"plain HTTP to IPv6 loopback", [](auto& c) { c.extenders[0].url_prefix = "http://[::1]:9876"; }, {}},
    {"a verb with a slash", [](auto& c) { c.extenders[0].filter_verb = "/filter"; }, {"verb-form"}},
    {"enableHTTPS over http",
     [](auto& c) {
       c.extenders[0].enable_https = true;
       c.extenders[0].tls_has_ca = true;
     },
     {"https-over-http"}},
    {"HTTPS without CA",
     [](auto& c) {
       c.extenders[0].url_prefix = "https://127.0.0.1:9876";
       c.extenders[0].enable_https = true;
     },
     {"https-without-ca"}},
    {"HTTPS that verifies nothing",
     [](auto& c) {
       c.extenders[0].url_prefix = "https://127.0.0.1:9876";
       c.extenders[0].tls_insecure = true;
     },
     {"https-insecure"}},
    {"remote HTTPS without client certificate",
     [](auto& c) {
       c.extenders[0].url_prefix = "https://extender.power:9876";
       c.extenders[0].enable_https = c.extenders[0].tls_has_ca = true;
     },
     {"https-without-client-certificate"}},
    {"mTLS to another host is clean",
     [](auto& c) {
       c.extenders[0].url_prefix = "https://extender.power:9876";
       c.extenders[0].enable_https = c.extenders[0].tls_has_ca = c.extenders[0].tls_has_client_certificate = true;
     },
     {}},
    {"a managed resource must be an extended one",
     [](auto& c) {
       c.extenders.pop_back();
       c.extenders[0].bind_verb = "bind";
       c.extenders[0].managed_resources = {{"cpu", false}, {"requests.kubernetes.io/x", false}};
     },
     {"managed-resource-name", "managed-resource-name"}},
};
INSTANTIATE_TEST_SUITE_P(Entry, Lint, testing::ValuesIn(kEntry), test::RowName());

TEST(LintFinding, NamesTheEntryTheKeyAndTheLine) {
  SchedulerConfig config = good_config();
  config.extenders[0].node_cache_capable = false;
  const std::vector<Finding> findings = lint(config, {});
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].severity, Severity::error);
  EXPECT_EQ(findings[0].field, "extenders[0].nodeCacheCapable");
  EXPECT_EQ(findings[0].line, 10);
  EXPECT_THAT(findings[0].message, testing::HasSubstr("141781"));
}

}  // namespace
}  // namespace headroom::cli
