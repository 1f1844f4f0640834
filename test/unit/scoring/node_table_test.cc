#include "scoring/node_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace headroom::scoring {
namespace {

NodeTable table_of(std::size_t count) {
  std::vector<std::shared_ptr<const model::Node>> nodes;
  for (std::size_t i = 0; i < count; ++i) {
    model::Node node;
    node.name = "node-" + std::to_string(i);
    nodes.push_back(std::make_shared<const model::Node>(std::move(node)));
  }
  return make_node_table({nodes, {}, {}, {}, {}});
}

TEST(NodeTable, ManyNamesAtOnceAreFoundAsEachByItself) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (const std::size_t count : {0U, 1U, 31U, 32U, 33U, 1'000U}) {
    const NodeTable table = table_of(count);
    std::vector<std::string> texts{"", "node", "node-"};
    for (std::size_t i = 0; i < count + 50; ++i) texts.push_back("node-" + std::to_string(i));
    std::shuffle(texts.begin(), texts.end(), random);
    const std::vector<std::string_view> names(texts.begin(), texts.end());
    const auto rows = table.find_all(names);
    ASSERT_EQ(rows.size(), names.size());
    std::size_t found = 0;
    for (std::size_t i = 0; i < names.size(); ++i) {
      EXPECT_EQ(rows[i], table.find(names[i])) << names[i];
      if (rows[i] == kNone) continue;
      EXPECT_EQ(table.nodes[rows[i]].node->name, names[i]);
      ++found;
    }
    EXPECT_EQ(found, count);
  }
}

TEST(NodeTable, AnEmptyTableFindsNothing) {
  EXPECT_EQ(NodeTable().find("node-0"), kNone);
  EXPECT_EQ(NodeTable().find_all({"node-0", ""}), std::vector<std::uint32_t>({kNone, kNone}));
}

}  // namespace
}  // namespace headroom::scoring
