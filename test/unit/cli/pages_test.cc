#include "cli/pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace headroom::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kSnapshot = R"({
  "ready": true, "reason": "",
  "racks": [
    {"name": "r1", "nodes": 8, "standing": "inForce", "bookedWatts": 7900.4, "presentWatts": 6100, "inFlightWatts": 300,
     "limitWatts": 8000, "headroomWatts": -200.4, "maxInletCelsius": 27,
     "inlet": {"celsius": 26.25, "ageSeconds": 3, "limits": []}, "waitingRefused": {"RackPower": 3}},
    {"name": "r2", "nodes": 0, "standing": "outside", "inlet": null, "waitingRefused": {}}],
  "elements": [{"name": "pdu-1", "type": "PDU", "mode": "Enforce", "limitWatts": 16000, "bookedWatts": 9000,
                "presentWatts": 8000, "measuredWatts": 7000, "unmanagedWatts": 500, "inFlightWatts": 100,
                "headroomWatts": 6900}],
  "policies": [{"name": "team/limit", "limitWatts": 3000, "loadWatts": 1200, "members": 4, "bound": 3, "placedByUs": 2}],
  "sources": [{"name": "kepler", "endpoint": "10.0.0.1:28282", "up": false, "ageSeconds": null, "error": "timed out"}],
  "conditions": [{"kind": "NoTelemetry", "subject": "node n1"}]})";

TEST(RacksPage, PrintsOneLinePerRack) {
  const auto text = racks_text(kSnapshot);
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_EQ(
      *text,
      "RACK  STANDING  NODES  LIMIT W  BOOKED  IN FLIGHT  HEADROOM  PRESENT  INLET C  MAX C  WAITING, REFUSED HERE\n"
      "r1    inForce       8     8000    7900        300      -200     6100     26.2     27  3 RackPower\n"
      "r2    outside       0        -       -          -         -        -        -      -  -\n");
}

TEST(RacksPage, SaysWhenTheExtenderIsNotReady) {
  const auto text = racks_text(R"({"ready": false, "reason": "BooksTooOld", "racks": []})");
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, HasSubstr("NOT READY: BooksTooOld"));
  const auto nothing = racks_text(R"({"ready": false, "reason": "CRDsMissing"})");
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error(), base::unavailable("the extender is not ready: CRDsMissing"));
}

TEST(RacksPage, RefusesWhatIsNotThePage) {
  for (const char* text : {"", "<html>", "[]", "{}", R"({"racks": 3})"}) {
    const auto result = racks_text(text);
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error().kind, base::ErrorKind::invalid_input) << text;
  }
}

TEST(RacksPage, MembersOfWrongTypesPrintAsNothing) {
  const auto text =
      racks_text(R"({"racks": [{"name": null, "limitWatts": "many", "inlet": 3, "waitingRefused": []}, 7]})");
  ASSERT_TRUE(text);
  EXPECT_THAT(*text,
              HasSubstr("\n-     -             -        -       -          -         -        -        -      -  -\n"));
}

TEST(TopologyPage, PrintsEverySection) {
  const auto text = topology_text(kSnapshot);
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_THAT(*text,
              HasSubstr("pdu-1    PDU   Enforce    16000    9000        100      6900     8000      7000        500"));
  EXPECT_THAT(*text, HasSubstr("team/limit     3000  1200        4      3             2"));
  EXPECT_THAT(*text, HasSubstr("kepler  10.0.0.1:28282  no      -  timed out"));
  EXPECT_THAT(*text, HasSubstr("NoTelemetry  node n1"));
}

TEST(TopologyPage, WithoutTopologySaysWhereLimitsComeFrom) {
  const auto text = topology_text(R"({"elements": [], "policies": [], "sources": [], "conditions": []})");
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, HasSubstr("No PowerTopology"));
  EXPECT_THAT(*text, Not(HasSubstr("Policies")));
}

constexpr const char* kNode = R"({"node": "n1", "rack": "r1", "outcome": "refused for now", "reason": "RackPower",
  "message": "rack r1 is full", "score": 0, "demandWatts": 150, "telemetry": "fresh", "inletCelsius": null,
  "limits": [{"name": "r1", "kind": "element", "type": "Rack", "limitWatts": 8000, "bookedWatts": 7900,
              "inFlightWatts": 0, "demandWatts": 150, "headroomWatts": -50, "enforced": true}]})";

TEST(ExplainPage, OneNodeIsExplainedWithItsLimits) {
  const auto text =
      explain_text(std::string(R"({"pod": "a/p", "schedulerName": "headroom", "node": "", "nodes": [)") + kNode + "]}");
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_THAT(*text, HasSubstr("pod a/p, scheduler headroom, not bound\n"));
  EXPECT_THAT(*text, HasSubstr("n1    r1        0  refused for now       150  fresh            -  rack r1 is full\n"));
  EXPECT_THAT(*text, HasSubstr("r1     element  Rack   8000    7900          0     150             -50  yes\n"));
}

TEST(ExplainPage, ManyNodesAreListedWithoutLimits) {
  const auto text =
      explain_text(std::string(R"({"pod": "a/p", "node": "n2", "nodes": [)") + kNode + "," + kNode + "]}");
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, HasSubstr("bound to n2"));
  EXPECT_THAT(*text, Not(HasSubstr("tightest")));
}

TEST(ExplainPage, TheExtendersOwnErrorIsPassedOn) {
  const auto text = explain_text(R"({"error": "no pod a/b"})");
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error(), base::unavailable("no pod a/b"));
}

}  // namespace
}  // namespace headroom::cli
