#include "telemetry/promql.h"

#include <gtest/gtest.h>

#include "test/support/table.h"

namespace headroom::telemetry {
namespace {

struct Row {
  std::string name;
  std::string query;
  bool bare = false;
};

class BareSelector : public testing::TestWithParam<Row> {};

TEST_P(BareSelector, IsTold) {
  EXPECT_EQ(is_bare_selector(GetParam().query), GetParam().bare) << GetParam().query;
}

INSTANTIATE_TEST_SUITE_P(
    Table, BareSelector,
    testing::Values(Row{"a name", "pdu_watts", true}, Row{"a name with matchers", R"(pdu_watts{rack="r1"})", true},
                    Row{"matchers alone", R"({__name__="pdu_watts"})", true},
                    Row{"blanks around", " a { x = \"1\" } ", true}, Row{"a recording rule", "rack:power:sum", true},
                    Row{"braces and quotes inside a value", R"(a{x="}\"{"})", true},
                    Row{"single and back quotes", "a{x='}',y=`}\\`}", true}, Row{"empty matchers", "a{}", true},
                    Row{"a sum", "sum(a)", false}, Row{"a sum by rack", "sum by (rack) (a)", false},
                    Row{"arithmetic", "a * 2", false}, Row{"two selectors", "a or b", false},
                    Row{"two selectors with matchers", R"(a{x="1"} or b{y="2"})", false},
                    Row{"an offset", "a offset 5m", false}, Row{"a range", "a[5m]", false},
                    Row{"an at modifier", "a @ 1700000000", false}, Row{"parentheses", "(a)", false},
                    Row{"a number", "42", false}, Row{"not a number", "NaN", false}, Row{"infinity", "Inf", false},
                    Row{"nothing", "", false}, Row{"an open brace", "a{", false}, Row{"an open quote", "a{x=\"", false},
                    Row{"a negation", "-a", false}),
    test::RowName());

TEST(EscapePromql, LeavesNoWayOutOfTheQuotes) {
  EXPECT_EQ(escape_promql("a\"b\\c\nd"), "a\\\"b\\\\c\\nd");
}

}  // namespace
}  // namespace headroom::telemetry
