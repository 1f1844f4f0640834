#include "telemetry/discovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/support/table.h"

namespace headroom::telemetry {
namespace {

using testing::IsEmpty;

model::EndpointSlice slice(const std::string& ns, const model::Labels& labels, std::uint16_t port) {
  model::EndpointSlice slice;
  slice.ns = ns;
  slice.name = "svc-abc";
  slice.labels = labels;
  slice.labels["kubernetes.io/service-name"] = "svc";
  slice.ports = {{"http", port}};
  slice.endpoints = {{{"10.244.0.5"}, "node-1", "pod-1", true}};
  return slice;
}

struct Row {
  std::string name;
  std::string ns;
  model::Labels labels;
  std::uint16_t port = 0;
  std::string url;  // empty: not found
};
class Service : public testing::TestWithParam<Row> {};

TEST_P(Service, IsFoundOrNot) {
  const Discovered found = discover({slice(GetParam().ns, GetParam().labels, GetParam().port)}, {});
  if (GetParam().url.empty()) {
    EXPECT_THAT(found.endpoints, IsEmpty());
  } else {
    ASSERT_EQ(found.endpoints.size(), 1U);
    EXPECT_EQ(found.endpoints[0].url, GetParam().url);
  }
}

const std::string kName = "app.kubernetes.io/name";
INSTANTIATE_TEST_SUITE_P(
    Table, Service,
    testing::Values(
        Row{"Kepler", "kepler", {{kName, "kepler"}}, 28282, "http://10.244.0.5:28282/metrics"},
        Row{"legacy Kepler", "kepler", {{kName, "kepler-exporter"}}, 9102, "http://10.244.0.5:9102/metrics"},
        Row{"legacy Kepler's binary port",
            "monitoring",
            {{kName, "kepler-exporter"}},
            8888,
            "http://10.244.0.5:8888/metrics"},
        Row{"Kepler by app label",
            "newmonitoring",
            {{"app", "kepler-exporter"}},
            9102,
            "http://10.244.0.5:9102/metrics"},
        Row{"dcgm exporter", "gpu-operator", {{kName, "dcgm-exporter"}}, 9400, "http://10.244.0.5:9400/metrics"},
        Row{"dcgm exporter of the GPU Operator",
            "gpu-operator",
            {{"app", "nvidia-dcgm-exporter"}},
            9400,
            "http://10.244.0.5:9400/metrics"},
        Row{"node exporter", "monitoring", {{kName, "node-exporter"}}, 9100, "http://10.244.0.5:9100/metrics"},
        Row{"node exporter of the chart",
            "monitoring",
            {{kName, "prometheus-node-exporter"}},
            9100,
            "http://10.244.0.5:9100/metrics"},
        Row{"Prometheus", "monitoring", {{kName, "prometheus"}}, 9090, "http://10.244.0.5:9090"},
        Row{"in our own namespace", "headroom-system", {{kName, "kepler"}}, 28282, "http://10.244.0.5:28282/metrics"},
        Row{"in a tenant's namespace", "tenant", {{kName, "kepler"}}, 28282, ""},
        Row{"in the default namespace", "default", {{kName, "kepler"}}, 28282, ""},
        Row{"another label", "kepler", {{kName, "grafana"}}, 28282, ""},
        Row{"the right value on another label", "kepler", {{"name", "kepler"}}, 28282, ""},
        Row{"a port that is not its", "kepler", {{kName, "kepler"}}, 9400, ""},
        Row{"no labels", "kepler", {}, 28282, ""}),
    test::RowName());

TEST(Discovery, AFoundExporterMayReportOnlyItsOwnNode) {
  const Discovered found = discover({slice("kepler", {{kName, "kepler"}}, 28282)}, {});
  ASSERT_EQ(found.endpoints.size(), 1U);
  EXPECT_EQ(found.endpoints[0].join.node, "node-1");
  EXPECT_EQ(found.endpoints[0].join.trust, Trust::own_node);
  EXPECT_EQ(found.endpoints[0].name, "discovered/kepler/svc");
  EXPECT_EQ(found.addresses.at("10.244.0.5"), "node-1");
}

TEST(Discovery, AFoundPrometheusSpeaksOfAllNodes) {
  auto prometheus = slice("monitoring", {{kName, "prometheus"}}, 9090);
  prometheus.endpoints[0].node_name.clear();
  const Discovered found = discover({prometheus}, {});
  ASSERT_EQ(found.endpoints.size(), 1U);
  EXPECT_EQ(found.endpoints[0].kind, EndpointKind::prometheus);
  EXPECT_EQ(found.endpoints[0].join.trust, Trust::any_node);
  EXPECT_TRUE(found.addresses.empty());
}

TEST(Discovery, AnExporterWithoutNodeAndOneThatIsNotReadyAreLeftOut) {
  auto kepler = slice("kepler", {{kName, "kepler"}}, 28282);
  kepler.endpoints = {{{"10.0.0.1"}, "", "", true}, {{"10.0.0.2"}, "node-2", "", false}, {{}, "node-3", "", true}};
  EXPECT_THAT(discover({kepler}, {}).endpoints, IsEmpty());
}

TEST(Discovery, TwoServicesOfOnePodAreOneEndpoint) {
  const auto kepler = slice("kepler", {{kName, "kepler"}}, 28282);
  auto headless = kepler;
  headless.name = "headless";
  EXPECT_EQ(discover({kepler, headless}, {}).endpoints.size(), 1U);
}

TEST(Discovery, AnHttpsPortIsAskedWithTheSectionsCaAndToken) {
  DiscoveryConfig config;
  config.auth.tls.ca_file = "/etc/ca.crt";
  config.auth.bearer_token_file = "/etc/token";
  auto kepler = slice("kepler", {{kName, "kepler"}}, 28282);
  kepler.ports[0].name = "https-metrics";
  kepler.endpoints[0].addresses = {"fd00::5"};
  const Discovered found = discover({kepler}, config);
  ASSERT_EQ(found.endpoints.size(), 1U);
  EXPECT_EQ(found.endpoints[0].url, "https://[fd00::5]:28282/metrics");
  EXPECT_EQ(found.endpoints[0].auth.bearer_token_file, "/etc/token");
}

TEST(Discovery, APlainPortNeverGetsTheToken) {
  DiscoveryConfig config;
  config.auth.bearer_token_file = "/etc/token";
  const Discovered found = discover({slice("kepler", {{kName, "kepler"}}, 28282)}, config);
  ASSERT_EQ(found.endpoints.size(), 1U);
  EXPECT_TRUE(found.endpoints[0].auth.bearer_token_file.empty());
}

TEST(Discovery, SwitchedOffItFindsNothing) {
  DiscoveryConfig config;
  config.enabled = false;
  EXPECT_THAT(discover({slice("kepler", {{kName, "kepler"}}, 28282)}, config).endpoints, IsEmpty());
}

TEST(ConfiguredEndpoints, GetTheUsualPathAndTheirTrust) {
  TelemetryConfig config;
  config.exporters = {{"a", "http://h:1", "", {}}, {"b", "http://h:2/custom", "node-1", {}}};
  config.prometheus = {{"p", "https://h:3/prefix/", {}, true}};
  const auto endpoints = configured_endpoints(config);
  ASSERT_EQ(endpoints.size(), 3U);
  EXPECT_EQ(endpoints[0].url, "https://h:3/prefix");
  EXPECT_EQ(endpoints[1].url, "http://h:1/metrics");
  EXPECT_EQ(endpoints[2].url, "http://h:2/custom");
  EXPECT_EQ(endpoints[2].join.node, "node-1");
  EXPECT_EQ(endpoints[2].join.trust, Trust::any_node);
  EXPECT_EQ(endpoints[1].join.address, "http://h:1/metrics");
}

TEST(ConfiguredEndpoints, AnExporterThatIsAskedAboutOthersSpeaksOfItsTarget) {
  TelemetryConfig config;
  config.exporters = {{"a", "http://h:9290/ipmi?module=x&target=bmc-7", "", {}},
                      {"b", "http://h:9290/ipmi?x=y", "", {}}};
  const auto endpoints = configured_endpoints(config);
  EXPECT_EQ(endpoints[0].join.address, "bmc-7");
  EXPECT_EQ(endpoints[1].join.address, "");
}

}  // namespace
}  // namespace headroom::telemetry
