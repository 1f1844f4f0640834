#include "model/labels.h"

#include <gtest/gtest.h>

#include <string>

#include "test/support/table.h"

namespace headroom::model {
namespace {

const Labels kGpuNode{{"kind", "gpu"}, {"slots", "8"}};

struct Case {
  std::string name;
  SelectorRequirement requirement;
  bool want;
};

class RequirementRule : public testing::TestWithParam<Case> {};

TEST_P(RequirementRule, Holds) {
  EXPECT_EQ(matches(GetParam().requirement, kGpuNode), GetParam().want);
}

using enum SelectorOperator;
INSTANTIATE_TEST_SUITE_P(Table, RequirementRule,
                         testing::Values(Case{"in_matches_a_listed_value", {"kind", in, {"cpu", "gpu"}}, true},
                                         Case{"in_needs_the_key", {"zone", in, {"a"}}, false},
                                         Case{"not_in_holds_when_the_key_is_absent", {"zone", not_in, {"a"}}, true},
                                         Case{"not_in_refuses_a_listed_value", {"kind", not_in, {"gpu"}}, false},
                                         Case{"exists_needs_the_key", {"kind", exists, {}}, true},
                                         Case{"does_not_exist_refuses_the_key", {"kind", does_not_exist, {}}, false},
                                         Case{"greater_than_compares_integers", {"slots", greater_than, {"4"}}, true},
                                         Case{"less_than_is_strict", {"slots", less_than, {"8"}}, false},
                                         Case{"greater_than_on_a_word_is_false", {"kind", greater_than, {"4"}}, false}),
                         test::RowName());

TEST(LabelSelector, AnEmptyOneSelectsEverything) {
  EXPECT_TRUE(matches(LabelSelector{}, kGpuNode));
}

TEST(LabelSelector, LabelsAndExpressionsMustAllHold) {
  LabelSelector selector{{{"kind", "gpu"}}, {{"slots", exists, {}}}};
  EXPECT_TRUE(matches(selector, kGpuNode));
  selector.match_expressions.push_back({"zone", exists, {}});
  EXPECT_FALSE(matches(selector, kGpuNode));
}

TEST(NodeSelectorTerm, AnEmptyOneSelectsNothing) {
  EXPECT_FALSE(matches(NodeSelectorTerm{}, kGpuNode, "n1"));
}

TEST(NodeSelectorTerm, FieldsMatchTheNodeName) {
  const NodeSelectorTerm term{{}, {{"metadata.name", in, {"n1"}}}};
  EXPECT_TRUE(matches(term, kGpuNode, "n1"));
  EXPECT_FALSE(matches(term, kGpuNode, "n2"));
}

}  // namespace
}  // namespace headroom::model
