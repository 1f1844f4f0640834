#include "controller/event_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headroom::controller {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

DesiredStatus status(StatusCondition condition) {
  DesiredStatus made;
  made.key = {ObjectKind::topology, "", "hall"};
  made.conditions = {std::move(condition)};
  return made;
}
const StatusCondition kGood{"Valid", true, "Valid", "m"};
const StatusCondition kRefused{"Valid", false, "Refused", "m"};
const StatusCondition kKept{"Valid", false, "LastValidInForce", "m"};

TEST(EventChoice, TroubleIsToldWhenItComesChangesAndGoes) {
  EventChoice events;
  events.begin({});
  EXPECT_THAT(events.of_status(status(kGood)), IsEmpty());
  EXPECT_THAT(events.of_status(status(kRefused)), SizeIs(1));
  EXPECT_THAT(events.of_status(status(kRefused)), IsEmpty());
  EXPECT_THAT(events.of_status(status(kKept)), SizeIs(1));
  EXPECT_THAT(events.of_status(status(kGood)), SizeIs(1));
  EXPECT_THAT(events.of_status(status(kGood)), IsEmpty());
}

TEST(EventChoice, WhatAnEarlierLeaderWroteIsNotToldAgain) {
  ExistingStatus existing;
  existing.key = status(kRefused).key;
  existing.conditions = {kRefused};
  EventChoice events;
  events.begin({existing});
  EXPECT_THAT(events.of_status(status(kRefused)), IsEmpty());
}

TEST(EventChoice, WhatIsAlwaysSaidIsNoTrouble) {
  EventChoice events;
  EXPECT_THAT(events.of_status(status({"NotEvaluated", true, "FieldsNotEvaluated", ""})), IsEmpty());
  EXPECT_THAT(events.of_status(status({"ScenariosNotEvaluated", true, "NormalOperationOnly", ""})), IsEmpty());
  EXPECT_THAT(events.of_status(status({"NodesOutside", true, "NoElement", ""})), SizeIs(1));
}

PodTally tally(std::vector<std::string> uids) {
  PodTally made;
  for (auto& uid : uids) {
    auto pod = std::make_shared<model::Pod>();
    pod->uid = uid;
    made.let_pass.push_back({pod, "ElementPower"});
  }
  return made;
}

TEST(EventChoice, EachPodIsToldOnceAndThoseBeforeUsNever) {
  EventChoice events;
  events.begin({});
  EXPECT_THAT(events.of_pods(tally({"before"})), IsEmpty());
  EXPECT_THAT(events.of_pods(tally({"before", "new"})), SizeIs(1));
  EXPECT_THAT(events.of_pods(tally({"before", "new"})), IsEmpty());
}

}  // namespace
}  // namespace headroom::controller
