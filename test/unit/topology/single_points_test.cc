#include "topology/single_points.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/support/table.h"
#include "test/unit/topology/builders.h"

namespace headroom::topology {
namespace {

using model::ElementType;
using test::element;
using test::feed;
using test::object;
using test::pdu;

struct Case {
  std::string name;
  std::vector<model::PowerElement> elements;
  std::vector<std::string> want;  // "element: rack, rack"
};

class SinglePoints : public testing::TestWithParam<Case> {};

TEST_P(SinglePoints, AreNamedWithTheirRacks) {
  CompileInput input;
  input.objects = {test::shared(object("hall", GetParam().elements))};
  const Compiled compiled = compile(input);
  ASSERT_TRUE(compiled.reports.at(0).problems.empty()) << compiled.reports[0].problems[0];
  std::vector<std::string> found;
  for (const SinglePoint& point : single_points(compiled)) {
    std::string text = compiled.elements[point.element].name + ":";
    for (const ElementIndex rack : point.racks) text += " " + compiled.elements[rack].name;
    found.push_back(text);
  }
  EXPECT_THAT(found, testing::UnorderedElementsAreArray(GetParam().want));
}

model::PowerElement dual(const std::string& name, const std::string& a, const std::string& b, int share = 50) {
  return element(name, ElementType::rack, 10'000, {{a, share}, {b, 100 - share}});
}

INSTANTIATE_TEST_SUITE_P(
    Table, SinglePoints,
    testing::Values(Case{"a rack with one feed is not taken for redundant", {feed("f"), test::rack("r", "f")}, {}},
                    Case{"two feeds share nothing", {feed("f"), feed("g"), dual("r", "f", "g", 70)}, {}},
                    Case{"two PDUs of one feed share it",
                         {feed("f"), pdu("p", "f"), pdu("q", "f"), dual("r1", "p", "q"), dual("r2", "p", "q", 99)},
                         {"f: r1 r2"}},
                    Case{"what stands above the common one counts as well",
                         {feed("f"), pdu("u", "f"), pdu("p", "u"), pdu("q", "u"), dual("r", "p", "q")},
                         {"f: r", "u: r"}},
                    Case{"ways that meet only in part leave another",
                         {feed("f"), feed("g"), pdu("p", "f"),
                          element("q", ElementType::pdu, 9'000, {{"f", 99}, {"g", 1}}), dual("r", "p", "q", 99)},
                         {}},
                    Case{"thirds add up to all of it",
                         {feed("f"), pdu("p", "f"), pdu("q", "f"), pdu("s", "f"),
                          element("r", ElementType::rack, 9'000, {{"p", 33}, {"q", 33}, {"s", 34}})},
                         {"f: r"}}),
    headroom::test::RowName());

}  // namespace
}  // namespace headroom::topology
