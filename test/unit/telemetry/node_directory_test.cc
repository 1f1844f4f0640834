#include "telemetry/node_directory.h"

#include <gtest/gtest.h>

#include "test/support/table.h"

namespace headroom::telemetry {
namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

NodeDirectory directory() {
  return {{{"node-1", "host-1", {"10.0.0.1", "fd00::1"}}, {"node-2", "", {"10.0.0.2"}}, {"node-3.example", "", {}}},
          {{"bmc-1.example:443", "node-1"}, {"192.168.9.2", "node-2"}, {"192.168.9.9", "gone"}},
          {{"10.244.1.7", "node-1"}, {"10.244.2.7", "node-2"}}};
}

struct Row {
  std::string name;
  Labels labels;
  std::string metric = "kepler_node_cpu_watts";
  std::string expected;  // empty: unmatched
  JoinContext context = {};
};

class NodeJoin : public testing::TestWithParam<Row> {};

TEST_P(NodeJoin, FindsTheNode) {
  const NodeDirectory nodes = directory();
  const auto node = nodes.node_of({GetParam().metric, GetParam().labels, 1, {}}, GetParam().context);
  EXPECT_EQ(node.value_or(""), GetParam().expected);
}

const JoinContext kOwnNode1{"node-1", Trust::own_node, ""};

INSTANTIATE_TEST_SUITE_P(
    Table, NodeJoin,
    testing::Values(
        Row{"label node_name", {{"node_name", "node-1"}}, "m", "node-1"},
        Row{"label node", {{"node", "node-2"}}, "m", "node-2"},
        Row{"label exported_instance before instance",
            {{"instance", "10.0.0.2:9102"}, {"exported_instance", "node-1"}},
            "m",
            "node-1"},
        Row{"instance with a node name", {{"instance", "node-1"}}, "m", "node-1"},
        Row{"instance with a name and port", {{"instance", "node-3.example:9100"}}, "m", "node-3.example"},
        Row{"instance with InternalIP and port", {{"instance", "10.0.0.2:9100"}}, "m", "node-2"},
        Row{"instance with IPv6 in brackets", {{"instance", "[fd00::1]:9100"}}, "m", "node-1"},
        Row{"instance with bare IPv6", {{"instance", "fd00::1"}}, "m", "node-1"},
        Row{"label Hostname", {{"Hostname", "host-1"}}, "DCGM_FI_DEV_POWER_USAGE", "node-1"},
        Row{"instance with the pod address of a found exporter", {{"instance", "10.244.2.7:9400"}}, "m", "node-2"},
        Row{"the first label that matches wins", {{"node_name", "vm"}, {"node", "node-2"}}, "m", "node-2"},
        Row{"nothing known is unmatched", {{"instance", "10.9.9.9:9100"}, {"node", "other"}}, "m", ""},
        Row{"no labels are unmatched", {}, "m", ""},
        Row{"the endpoint's node before labels",
            {{"node_name", "node-2"}},
            "m",
            "node-1",
            {"node-1", Trust::any_node, ""}},
        Row{"a BMC address by its table", {{"instance", "bmc-1.example"}}, "ipmi_power_watts", "node-1"},
        Row{"a BMC address with another port", {{"instance", "192.168.9.2:623"}}, "redfish_x", "node-2"},
        Row{"a BMC's address before the exporter's own node",
            {{"node", "node-1"}, {"instance", "192.168.9.2"}},
            "ipmi_dcmi_power_consumption_watts",
            "node-2"},
        Row{"only out of band exporters are looked up there first",
            {{"node", "node-1"}, {"instance", "192.168.9.2"}},
            "kepler_node_cpu_watts",
            "node-1"},
        Row{"a BMC whose node is gone", {{"instance", "192.168.9.9"}}, "ipmi_power_watts", ""},
        Row{"a found exporter without labels reports its node", {}, "m", "node-1", kOwnNode1},
        Row{"a found exporter with an unknown name reports its node", {{"node_name", "vm"}}, "m", "node-1", kOwnNode1},
        Row{"a found exporter may not report another node", {{"node_name", "node-2"}}, "m", "", kOwnNode1},
        Row{"a found exporter may not report another BMC",
            {{"instance", "192.168.9.2"}},
            "ipmi_power_watts",
            "",
            kOwnNode1},
        Row{"a configured exporter without labels, by its own address",
            {},
            "node_rapl_package_joules_total",
            "node-2",
            {"", Trust::any_node, "http://10.0.0.2:9100/metrics"}},
        Row{"labels before the exporter's own address",
            {{"node", "node-1"}},
            "m",
            "node-1",
            {"", Trust::any_node, "http://10.0.0.2:9100/metrics"}},
        Row{"the target that a page was asked for",
            {},
            "ipmi_power_watts",
            "node-2",
            {"", Trust::any_node, "192.168.9.2"}},
        Row{"a found exporter on a node we do not know",
            {{"node_name", "node-2"}},
            "m",
            "",
            {"node-9", Trust::own_node, ""}}),
    test::RowName());

TEST(NodeDirectory, AnAliasNeverHidesARealNodeName) {
  const NodeDirectory nodes({{"a", "b", {"10.0.0.1"}}, {"b", "", {"10.0.0.1"}}}, {}, {});
  EXPECT_EQ(nodes.node_of({"m", {{"node", "b"}}, 1, {}}, {}), "b");
  EXPECT_EQ(nodes.node_of({"m", {{"instance", "10.0.0.1:1"}}, 1, {}}, {}), "a");
}

}  // namespace
}  // namespace headroom::telemetry
