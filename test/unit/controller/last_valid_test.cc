#include "controller/last_valid.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/controller/world.h"
#include "topology/parse_topology.h"

namespace headroom::controller::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

// What would be stored after what is stored now.
SpecPlan next(World& world, const StoredSpecs& stored) {
  const auto books = world.books();
  return plan_specs(world.last_snapshot(), *books->topology, stored);
}

Topology broken_hall() {
  Topology broken = hall();
  broken.object.generation = 6;
  broken.object.elements[1].fed_by = {{"nowhere", 100}};
  return broken;
}

TEST(LastValid, AValidObjectIsStoredSoThatItReadsBack) {
  World world;
  const auto plan = next(world, {});
  ASSERT_EQ(plan.specs.size(), 1U);
  const auto read = topology::parse_topology(plan.specs.at("hall"));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->elements, hall().object.elements);
}

TEST(LastValid, AnInvalidObjectKeepsWhatIsStored) {
  World world;
  const auto stored = next(world, {}).specs;
  world.topology(broken_hall());
  EXPECT_EQ(next(world, stored).specs, stored);
}

TEST(LastValid, AnInvalidObjectOfWhichNothingIsStoredIsStoredAsInForce) {
  World world;
  const auto wanted = next(world, {}).specs;
  world.topology(broken_hall());
  EXPECT_EQ(next(world, {}).specs, wanted) << "the store had failed until now";
}

TEST(LastValid, AnInvalidObjectWithoutEarlierVersionIsNotStored) {
  World world;
  world.topology(broken_hall());
  EXPECT_THAT(next(world, {}).specs, IsEmpty());
}

TEST(LastValid, ADeletedObjectIsDropped) {
  World world;
  EXPECT_THAT(next(world, {{"gone", "x"}}).specs, ElementsAre(Pair("hall", HasSubstr("elements"))));
}

TEST(LastValid, AnObjectThatCannotBeReadKeepsWhatIsStored) {
  World world;
  world.unreadable_topology("odd");
  EXPECT_EQ(next(world, {{"odd", "x"}}).specs.at("odd"), "x");
}

TEST(LastValid, WhatFindsNoRoomIsNamed) {
  World world;
  const StoredSpecs stored{{"odd", std::string(2 << 20, 'x')}};
  world.unreadable_topology("odd");
  const auto plan = next(world, stored);
  EXPECT_THAT(plan.left_out, ElementsAre("odd"));
  EXPECT_EQ(plan.specs.count("hall"), 1U);
}

}  // namespace
}  // namespace headroom::controller::test
