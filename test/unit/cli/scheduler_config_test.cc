#include "cli/scheduler_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "runtime/config_file.h"
#include "test/support/table.h"

namespace headroom::cli {
namespace {

constexpr const char* kHead = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n";

base::Result<SchedulerConfig> read(const std::string& text) {
  const auto tree = runtime::parse_yaml(text, "test");
  if (!tree) return tree.error();
  return read_scheduler_config(*tree);
}

TEST(SchedulerConfigRead, AnEmptyConfigurationHasKubeSchedulersDefaults) {
  const auto config = read(kHead);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_TRUE(config->leader_elect);
  EXPECT_EQ(config->lease_name, "kube-scheduler");
  EXPECT_EQ(config->lease_namespace, "kube-system");
  EXPECT_EQ(config->percentage_of_nodes_to_score, std::nullopt);
  ASSERT_EQ(config->profiles.size(), 1U);
  EXPECT_EQ(config->profiles[0].scheduler_name, "default-scheduler");
  EXPECT_TRUE(config->extenders.empty());
}

TEST(SchedulerConfigRead, EveryFieldOfAnEntryIsRead) {
  const auto config = read(std::string(kHead) + R"(
extenders:
  - urlPrefix: https://a:1
    filterVerb: f
    prioritizeVerb: p
    preemptVerb: e
    bindVerb: b
    weight: 3
    httpTimeout: 1m30s
    enableHTTPS: true
    nodeCacheCapable: true
    ignorable: true
    tlsConfig: {insecure: true, caFile: /a, certData: Zm9v}
    managedResources: [{name: example.com/power, ignoredByScheduler: true}]
)");
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_EQ(config->extenders.size(), 1U);
  const ExtenderEntry& entry = config->extenders[0];
  EXPECT_EQ(entry.url_prefix, "https://a:1");
  EXPECT_EQ(entry.filter_verb + entry.prioritize_verb + entry.preempt_verb + entry.bind_verb, "fpeb");
  EXPECT_EQ(entry.weight, 3);
  EXPECT_EQ(entry.http_timeout, base::Milliseconds(90'000));
  EXPECT_TRUE(entry.enable_https && entry.node_cache_capable && entry.ignorable);
  EXPECT_TRUE(entry.tls_insecure && entry.tls_has_ca && entry.tls_has_client_certificate);
  ASSERT_EQ(entry.managed_resources.size(), 1U);
  EXPECT_EQ(entry.managed_resources[0].name, "example.com/power");
  EXPECT_TRUE(entry.managed_resources[0].ignored_by_scheduler);
  EXPECT_EQ(entry.line, 5);
}

struct Refusal {
  std::string name;
  std::string text;
  std::string message;  // a part of it
};

class SchedulerConfigRefused : public testing::TestWithParam<Refusal> {};

TEST_P(SchedulerConfigRefused, NamesWhatIsWrong) {
  const auto config = read(GetParam().text);
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().kind, base::ErrorKind::invalid_input);
  EXPECT_THAT(config.error().message, testing::HasSubstr(GetParam().message));
}

const std::string kEntryStart = std::string(kHead) + "extenders:\n  - urlPrefix: http://a\n    ";

INSTANTIATE_TEST_SUITE_P(
    Table, SchedulerConfigRefused,
    testing::Values(
        Refusal{"another kind", "apiVersion: v1\nkind: Pod\n", "kind 'Pod', apiVersion 'v1'"},
        Refusal{"an older version",
                "apiVersion: kubescheduler.config.k8s.io/v1beta3\nkind: KubeSchedulerConfiguration\n", "v1beta3"},
        Refusal{"an empty file", "", "is not a KubeSchedulerConfiguration"},
        Refusal{"a list", "- a\n", "is not a KubeSchedulerConfiguration"},
        Refusal{"an unknown key of an entry", kEntryStart + "filterverb: x\n",
                "extenders[0].filterverb is not a field"},
        Refusal{"a number as timeout", kEntryStart + "httpTimeout: 5\n",
                "line 5: extenders[0].httpTimeout must be a duration"},
        Refusal{"a timeout without unit", kEntryStart + "httpTimeout: '5'\n", "httpTimeout must be a duration"},
        Refusal{"text as weight", kEntryStart + "weight: heavy\n", "extenders[0].weight must be an integer"},
        Refusal{"quoted true", kEntryStart + "ignorable: 'true'\n", "extenders[0].ignorable must be true or false"},
        Refusal{"extenders that are no list", std::string(kHead) + "extenders: 3\n", "extenders must be a list"},
        Refusal{"an entry that is no map", std::string(kHead) + "extenders: [3]\n", "extenders[0] must be a map"}),
    test::RowName());

TEST(SchedulerConfigRead, AllProblemsAreToldAtOnce) {
  const auto config = read(kEntryStart + "weight: a\n    ignorable: b\n");
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, testing::HasSubstr("weight"));
  EXPECT_THAT(config.error().message, testing::HasSubstr("ignorable"));
}

TEST(GoDuration, TakesWhatGoTakes) {
  EXPECT_EQ(parse_go_duration("5s"), base::Milliseconds(5'000));
  EXPECT_EQ(parse_go_duration("250ms"), base::Milliseconds(250));
  EXPECT_EQ(parse_go_duration("1.5h"), base::Milliseconds(5'400'000));
  EXPECT_EQ(parse_go_duration("1m30s"), base::Milliseconds(90'000));
  EXPECT_EQ(parse_go_duration("0"), base::Milliseconds(0));
  for (const char* wrong : {"", "5", "s", "-1s", "5 s", "1d", "1e9h", "nans"}) {
    EXPECT_EQ(parse_go_duration(wrong), std::nullopt) << wrong;
  }
}

}  // namespace
}  // namespace headroom::cli
