#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "kube/decode.h"
#include "kube/json_reader.h"
#include "test/support/table.h"

namespace headroom::kube {
namespace {

base::Result<model::Node> decode(std::string text) {
  return decode_node(PaddedJson::of(text));
}

TEST(DecodeNode, TakesWhatWeUseFromARealSchedulersRequest) {
  std::ifstream in("test/data/scheduler/filter.cache-false.3nodes.json");
  ASSERT_TRUE(in) << "the recorded request is missing";
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  std::vector<model::Node> nodes;
  const auto read = read_json_object(PaddedJson::of(text), [&](std::string_view key, JsonCursor& value) {
    if (key != "Nodes") return;
    value.fields([&](std::string_view field, JsonCursor& items) {
      if (field != "items") return;
      items.items([&](JsonCursor& item) {
        const auto node = decode_node(PaddedJson::part(item.raw()));
        ASSERT_TRUE(node.ok()) << node.error().message;
        nodes.push_back(*node);
      });
    });
  });
  ASSERT_TRUE(read.ok()) << read.error().message;
  ASSERT_EQ(nodes.size(), 3u);
  EXPECT_EQ(nodes[0].name, "node-00000");
  EXPECT_EQ(nodes[0].uid, "7397b2b8-7f79-4654-9103-3185f739b30f");
  EXPECT_EQ(nodes[0].labels.at("rack"), "r000");
  EXPECT_EQ(nodes[0].cpu_millis, 32'000);
  EXPECT_EQ(nodes[0].devices, (std::vector<model::DeviceCount>{{"nvidia.com/gpu", 8}, {"vpc.amazonaws.com/efa", 4}}));
  EXPECT_EQ(nodes[0].internal_ips, (std::vector<std::string>{"10.0.0.0"}));
}

TEST(DecodeNode, KeepsOnlyInternalAddressesCapacityAndTheBootId) {
  const auto node = decode(R"({"metadata":{"name":"n","managedFields":[{"huge":true}]},"spec":{"unschedulable":true},
    "status":{"images":[{"names":["x"]}],"capacity":{"cpu":"7910m","memory":"1Ti","example.com/fpga":"2",
    "pods":"110","hugepages-2Mi":"0","kubernetes.io/odd":"3"},"allocatable":{"cpu":"1"},
    "addresses":[{"type":"Hostname","address":"h"},{"type":"InternalIP","address":"10.0.0.1"},
    {"type":"ExternalIP","address":"1.2.3.4"},{"type":"InternalIP","address":"fd00::1"}],
    "nodeInfo":{"bootID":"b-1","kernelVersion":"6"}}})");
  ASSERT_TRUE(node.ok()) << node.error().message;
  EXPECT_TRUE(node->unschedulable);
  EXPECT_EQ(node->cpu_millis, 7'910);
  EXPECT_EQ(node->devices, (std::vector<model::DeviceCount>{{"example.com/fpga", 2}}));
  EXPECT_EQ(node->internal_ips, (std::vector<std::string>{"10.0.0.1", "fd00::1"}));
  EXPECT_EQ(node->boot_id, "b-1");
}

TEST(DecodeNode, NullsAndMissingPartsAreNothing) {
  const auto node = decode(R"({"metadata":{"name":"n","labels":null},"spec":null,"status":{"capacity":null,
    "addresses":null,"nodeInfo":null}})");
  ASSERT_TRUE(node.ok()) << node.error().message;
  EXPECT_EQ(node->cpu_millis, 0);
}

struct BadRow {
  std::string name;
  std::string text;
  std::string message;
};
class BadNode : public testing::TestWithParam<BadRow> {};

TEST_P(BadNode, IsRefusedNamingTheField) {
  const auto node = decode(GetParam().text);
  ASSERT_FALSE(node.ok());
  EXPECT_EQ(node.error().kind, base::ErrorKind::invalid_input);
  EXPECT_EQ(node.error().message, GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadNode,
    testing::Values(BadRow{"without a name", R"({"metadata":{}})", "metadata.name: is required"},
                    BadRow{"without metadata", R"({})", "metadata.name: is required"},
                    BadRow{"a label that is a number", R"({"metadata":{"name":"n","labels":{"a":1}}})",
                           "metadata.labels.a: must be a string"},
                    BadRow{"labels that are a list", R"({"metadata":{"name":"n","labels":[]}})",
                           "metadata.labels: must be an object"},
                    BadRow{"a capacity in words",
                           R"({"metadata":{"name":"n"},"status":{"capacity":{"nvidia.com/gpu":"many"}}})",
                           "status.capacity.nvidia.com/gpu: 'many' is not a quantity"},
                    BadRow{"addresses that are an object", R"({"metadata":{"name":"n"},"status":{"addresses":{}}})",
                           "status.addresses: must be a list"},
                    BadRow{"a flag in quotes", R"({"metadata":{"name":"n"},"spec":{"unschedulable":"true"}})",
                           "spec.unschedulable: must be true or false"}),
    test::RowName());

}  // namespace
}  // namespace headroom::kube
