#include "topology/compile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "test/unit/topology/builders.h"

namespace headroom::topology::test {
namespace {

using model::ElementType;
using testing::ElementsAre;
using testing::HasSubstr;

Compiled compiled(Objects objects, const Compiled* previous = nullptr, Objects last_valid = {}) {
  return compile({std::move(objects), {}, std::move(last_valid), previous});
}
RackStanding standing(const Compiled& c, std::string_view rack) {
  return find_rack(c, rack).standing;
}
std::string problems(const Compiled& c, std::string_view object) {
  std::string all;
  for (const auto& report : c.reports) {
    if (report.name != object) continue;
    for (const auto& problem : report.problems) all += problem + "\n";
  }
  return all;
}
base::Share share_on(const Compiled& c, std::string_view rack, std::string_view element) {
  for (const auto& step : at(c, rack).path) {
    if (c.elements[step.element].name == element) return step.share;
  }
  return base::percent(0);
}

// The hall with one element replaced or added.
model::TopologyObject hall_with(const std::string& name, model::PowerElement element) {
  auto object = hall(name);
  const auto same = [&](const model::PowerElement& e) { return e.name == element.name; };
  const auto found = std::find_if(object.elements.begin(), object.elements.end(), same);
  if (found == object.elements.end()) {
    object.elements.push_back(std::move(element));
  } else {
    *found = std::move(element);
  }
  return object;
}
// "<hall>-p" and "<hall>-p2" feed each other.
model::TopologyObject cyclic_hall(const std::string& name) {
  auto object = hall_with(name, pdu(name + "-p", name + "-p2"));
  object.elements.push_back(pdu(name + "-p2", name + "-p"));
  return object;
}

TEST(Compile, WithoutObjectsRacksComeFromTheDefaultLabelAndNothingIsLimited) {
  const auto c = compiled({});
  EXPECT_FALSE(c.any_object);
  EXPECT_EQ(c.settings.rack_label, "topology.kubernetes.io/rack");
  EXPECT_EQ(rack_of(c.settings, {{"topology.kubernetes.io/rack", "r1"}}), "r1");
  EXPECT_EQ(rack_of(c.settings, {{"other", "r1"}}), std::nullopt);
  EXPECT_EQ(standing(c, "r1"), RackStanding::outside);
}

TEST(Compile, ARackCarriesItselfAndEverythingAbove) {
  const auto c = compiled({shared(hall("a"))});
  EXPECT_EQ(at(c, "a-r1").path.size(), 3U);
  EXPECT_EQ(share_on(c, "a-r1", "a-r1"), base::percent(100));
  EXPECT_EQ(share_on(c, "a-r1", "a-p"), base::percent(100));
  EXPECT_EQ(share_on(c, "a-r1", "a-f"), base::percent(100));
  EXPECT_EQ(at(c, "a-p").children.size(), 2U);
  EXPECT_EQ(at(c, "a-r1").limit, base::watts(8'000));
  EXPECT_TRUE(c.reports.at(0).problems.empty());
}

TEST(Compile, ADualFedRackSplitsAndMeetsAgainAtTheCommonSource) {
  const auto c =
      compiled({shared(object("a", {feed("f"), pdu("left", "f"), pdu("right", "f"),
                                    element("r", ElementType::rack, 10'000, {{"left", 60}, {"right", 40}})}))});
  EXPECT_EQ(share_on(c, "r", "left"), base::percent(60));
  EXPECT_EQ(share_on(c, "r", "right"), base::percent(40));
  EXPECT_EQ(share_on(c, "r", "f"), base::percent(100));
}

TEST(Compile, ElementsOfTwoObjectsFormOneGraph) {
  const auto c =
      compiled({shared(object("power", {feed("f"), pdu("p", "f")})), shared(object("racks", {rack("r", "p")}))});
  EXPECT_EQ(share_on(c, "r", "f"), base::percent(100));
  EXPECT_EQ(at(c, "r").object, "racks");
}

TEST(Compile, UnknownNamesAreAllTold) {
  auto object = hall_with("a", rack("a-r1", "nowhere"));
  object.elements[3].fed_by = {{"no-pdu", 50}, {"no-feed", 50}};
  object.elements[3].cooling_zone = "no-zone";
  const auto c = compiled({shared(object)});
  EXPECT_THAT(problems(c, "a"), HasSubstr("spec.elements[2].fedBy[0].name: no element is called \"nowhere\""));
  EXPECT_THAT(problems(c, "a"), HasSubstr("spec.elements[3].fedBy[0].name: no element is called \"no-pdu\""));
  EXPECT_THAT(problems(c, "a"), HasSubstr("spec.elements[3].fedBy[1].name: no element is called \"no-feed\""));
  EXPECT_THAT(problems(c, "a"), HasSubstr("spec.elements[3].coolingZone: no element is called \"no-zone\""));
  EXPECT_EQ(standing(c, "a-r1"), RackStanding::invalid);
}

TEST(Compile, ACycleIsToldWithItsWayAndTheRacksThatNoFeedReaches) {
  const auto c = compiled({shared(cyclic_hall("a"))});
  EXPECT_THAT(problems(c, "a"), HasSubstr("spec.elements[1].fedBy: cycle a-p -> a-p2 -> a-p"));
  EXPECT_THAT(problems(c, "a"), HasSubstr("spec.elements[2].fedBy: no Feed reaches rack \"a-r1\""));
}

TEST(Compile, ARackOrACoolingZoneFeedsNothing) {
  auto object = hall_with("a", rack("a-r3", "a-r1"));
  object.elements.push_back(element("zone", ElementType::cooling_zone, 1));
  object.elements.push_back(rack("a-r4", "zone"));
  const auto c = compiled({shared(object)});
  EXPECT_THAT(problems(c, "a"), HasSubstr("spec.elements[4].fedBy[0].name: \"a-r1\" is a Rack, which feeds nothing"));
  EXPECT_THAT(problems(c, "a"), HasSubstr("spec.elements[6].fedBy[0].name: \"zone\" is a CoolingZone"));
}

TEST(Compile, OnAFreshStartAnInvalidComponentIsRefusedAndAnotherHallIsInForce) {
  const auto c = compiled({shared(cyclic_hall("a")), shared(hall("b"))});
  EXPECT_EQ(standing(c, "a-r1"), RackStanding::invalid);
  EXPECT_EQ(standing(c, "b-r1"), RackStanding::in_force);
  EXPECT_TRUE(c.reports.at(0).refused);
  EXPECT_TRUE(c.reports.at(1).problems.empty());
}

TEST(Compile, AnInvalidComponentKeepsWhatWasInForce) {
  const auto before = compiled({shared(hall("a"))});
  const auto now = compiled({shared(cyclic_hall("a"))}, &before);
  EXPECT_EQ(standing(now, "a-r1"), RackStanding::in_force);
  EXPECT_TRUE(at(now, "a-r1").from_last_valid);
  EXPECT_TRUE(now.reports.at(0).from_last_valid);
  EXPECT_FALSE(now.reports.at(0).problems.empty());
  // and goes on doing so
  const auto later = compiled({shared(cyclic_hall("a"))}, &now);
  EXPECT_EQ(standing(later, "a-r1"), RackStanding::in_force);
  // until it is corrected
  const auto corrected = compiled({shared(hall("a"))}, &later);
  EXPECT_FALSE(at(corrected, "a-r1").from_last_valid);
}

TEST(Compile, ARackThatAnInvalidVersionAddsIsRefused) {
  const auto before = compiled({shared(hall("a"))});
  auto broken = cyclic_hall("a");
  broken.elements.push_back(rack("a-new", "a-p"));
  const auto now = compiled({shared(broken)}, &before);
  EXPECT_EQ(standing(now, "a-new"), RackStanding::invalid);
  EXPECT_EQ(standing(now, "a-r1"), RackStanding::in_force);
}

TEST(Compile, ARackThatAnInvalidVersionLeavesOutStaysLimited) {
  const auto before = compiled({shared(hall("a"))});
  auto broken = cyclic_hall("a");
  broken.elements.erase(broken.elements.begin() + 3);
  const auto now = compiled({shared(broken)}, &before);
  EXPECT_EQ(standing(now, "a-r2"), RackStanding::in_force);
}

TEST(Compile, AfterARestartTheStoredSpecStandsIn) {
  const auto c = compiled({shared(cyclic_hall("a"))}, nullptr, {shared(hall("a"))});
  EXPECT_EQ(standing(c, "a-r1"), RackStanding::in_force);
  EXPECT_TRUE(at(c, "a-r1").from_last_valid);
}

TEST(Compile, TheStoredSpecMayArriveAfterTheFirstCompile) {
  const auto first = compiled({shared(cyclic_hall("a"))});
  const auto second = compiled({shared(cyclic_hall("a"))}, &first, {shared(hall("a"))});
  EXPECT_EQ(standing(second, "a-r1"), RackStanding::in_force);
}

TEST(Compile, ARackThatMovedToAValidHallIsCountedThereAndNotInTheOldVersion) {
  const auto before = compiled({shared(hall("a")), shared(hall("b"))});
  auto broken = cyclic_hall("a");
  broken.elements.erase(broken.elements.begin() + 3);  // a-r2 leaves
  const auto now = compiled({shared(broken), shared(hall_with("b", rack("a-r2", "b-p")))}, &before);
  EXPECT_EQ(share_on(now, "a-r2", "b-f"), base::percent(100));
  EXPECT_EQ(share_on(now, "a-r2", "a-f"), base::percent(0));
  EXPECT_FALSE(at(now, "a-r2").from_last_valid);
}

TEST(Compile, ADeletedObjectTakesItsLimitsAlong) {
  const auto before = compiled({shared(hall("a")), shared(hall("b"))});
  const auto now = compiled({shared(hall("b"))}, &before);
  EXPECT_EQ(standing(now, "a-r1"), RackStanding::outside);
}

TEST(Compile, ANameUsedByTwoObjectsInvalidatesBothComponentsAndIsToldInBoth) {
  const auto c = compiled({shared(hall("a")), shared(hall_with("b", rack("a-r1", "b-p"))), shared(hall("c"))});
  EXPECT_THAT(problems(c, "a"), HasSubstr("spec.elements[2].name: \"a-r1\" is also in PowerTopology \"b\""));
  EXPECT_THAT(problems(c, "b"), HasSubstr("spec.elements[4].name: \"a-r1\" is also in PowerTopology \"a\""));
  EXPECT_EQ(standing(c, "b-r1"), RackStanding::invalid);
  EXPECT_EQ(standing(c, "c-r1"), RackStanding::in_force);
}

TEST(Compile, AnObjectIsInvalidWhereItsComponentIsInvalidThroughAnother) {
  const auto c =
      compiled({shared(object("power", {feed("f"), pdu("p", "lost")})), shared(object("racks", {rack("r", "p")}))});
  EXPECT_THAT(problems(c, "racks"), HasSubstr("spec.elements[0]"));
  EXPECT_EQ(standing(c, "r"), RackStanding::invalid);
}

TEST(Compile, ObjectsThatDisagreeAreBothInvalidOnAFreshStart) {
  auto other = hall("b");
  other.rack_label = "rack";
  other.nodes_outside = model::OutsideNodes::refuse;
  const auto c = compiled({shared(hall("a")), shared(other)});
  EXPECT_THAT(problems(c, "a"), HasSubstr("spec.rackLabel: must be the same in all PowerTopology objects"));
  EXPECT_THAT(problems(c, "b"), HasSubstr("spec.nodesOutside"));
  EXPECT_EQ(standing(c, "a-r1"), RackStanding::invalid);
  EXPECT_EQ(c.settings.nodes_outside, model::OutsideNodes::refuse);
}

TEST(Compile, WhereSettingsWereInForceOnlyTheObjectThatLeavesThemIsInvalid) {
  const auto before = compiled({shared(hall("a")), shared(hall("b"))});
  auto changed = hall("b");
  changed.admission = model::Admission::measured;
  const auto now = compiled({shared(hall("a")), shared(changed)}, &before);
  EXPECT_TRUE(now.reports.at(0).problems.empty());
  EXPECT_THAT(problems(now, "b"), HasSubstr("spec.admission"));
  EXPECT_EQ(now.settings.admission, model::Admission::booked);
  EXPECT_TRUE(at(now, "b-r1").from_last_valid);
}

TEST(Compile, AnUnreadableObjectCountsAsItsLastReadableVersion) {
  const auto before = compiled({shared(hall("a"))});
  const auto now = compile({{}, {{"a", "spec: nonsense"}}, {}, &before});
  EXPECT_EQ(standing(now, "a-r1"), RackStanding::in_force);
  EXPECT_EQ(standing(now, "stranger"), RackStanding::outside);
  EXPECT_THAT(now.reports.at(0).problems, ElementsAre("spec: nonsense"));
  // Another invalid hall beside it changes nothing about that.
  const auto both = compile({{shared(cyclic_hall("b"))}, {{"a", "spec: nonsense"}}, {}, &now});
  EXPECT_EQ(standing(both, "a-r1"), RackStanding::in_force);
}

TEST(Compile, AnUnreadableObjectOfWhichNothingIsKnownRefusesEveryRackThatNobodyNames) {
  const auto c = compile({{shared(hall("b"))}, {{"a", "spec: nonsense"}}, {}, nullptr});
  EXPECT_EQ(standing(c, "stranger"), RackStanding::invalid);
  EXPECT_EQ(find_rack(c, "stranger").mode, model::EnforcementMode::enforce);
  EXPECT_EQ(standing(c, "b-r1"), RackStanding::in_force);
}

TEST(Compile, ARecommendingObjectMarksItsElementsAndItsRefusals) {
  auto valid = hall("a");
  valid.mode = model::EnforcementMode::recommend;
  auto broken = cyclic_hall("b");
  broken.mode = model::EnforcementMode::recommend;
  const auto c = compiled({shared(valid), shared(broken)});
  EXPECT_EQ(find_rack(c, "a-r1").mode, model::EnforcementMode::recommend);
  EXPECT_EQ(find_rack(c, "b-r1").mode, model::EnforcementMode::recommend);
  EXPECT_EQ(find_rack(c, "stranger").mode, model::EnforcementMode::recommend);
  EXPECT_EQ(compiled({shared(valid), shared(hall("c"))}).outside_mode, model::EnforcementMode::enforce);
}

TEST(Compile, NodeClassesStandInOrderOfObjectsAndTheFirstMatchWins) {
  auto a = hall("a");
  a.node_classes.push_back({{{{"kind", "gpu"}}, {}}, base::watts(1), {}, {}, {}, {}});
  auto b = hall("b");
  b.node_classes.push_back({{}, base::watts(2), {}, {}, {}, {}});
  b.trusted_namespaces = {"ops"};
  const auto c = compiled({shared(b), shared(a)});
  EXPECT_EQ(node_class_of(c, {{"kind", "gpu"}})->idle, base::watts(1));
  EXPECT_EQ(node_class_of(c, {{"kind", "cpu"}})->idle, base::watts(2));
  EXPECT_EQ(node_class_of(compiled({}), {}), nullptr);
  EXPECT_THAT(c.trusted_namespaces, ElementsAre("ops"));
}

}  // namespace
}  // namespace headroom::topology::test
