#include "kube/reflector.h"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "base/manual_clock.h"
#include "test/integration/kube/scripted_server.h"

namespace headroom::kube {
namespace {

using base::Seconds;
using test::After;
using test::reply;
using test::watch;

std::string node(const std::string& name, int version) {
  return R"({"kind":"Node","metadata":{"name":")" + name + R"(","uid":"u-)" + name + R"(","resourceVersion":")" +
         std::to_string(version) + R"("}})";
}

std::string list_of(const std::vector<std::string>& objects, int version, const std::string& token = "") {
  std::string items;
  for (const std::string& object : objects) items += (items.empty() ? "" : ",") + object;
  return R"({"kind":"List","metadata":{"resourceVersion":")" + std::to_string(version) + R"(","continue":")" + token +
         R"("},"items":[)" + items + "]}";
}

std::string event(const std::string& type, const std::string& object) {
  return R"({"type":")" + type + R"(","object":)" + object + "}\n";
}
std::string bookmark(int version) {
  return event("BOOKMARK", R"({"metadata":{"resourceVersion":")" + std::to_string(version) + R"("}})");
}
const std::string kExpired =
    R"({"kind":"Status","status":"Failure","message":"too old resource version","reason":"Expired","code":410})";
const std::string kNotFound =
    R"({"kind":"Status","message":"the server could not find it","reason":"NotFound","code":404})";

// Writes down what it is told, one line each.
class Recorder final : public ObjectSink {
 public:
  void replace(std::vector<ObjectEntry> all) override {
    std::string line = "replace";
    for (const ObjectEntry& entry : all) line += " " + shown(entry);
    add(line);
  }
  void update(ObjectEntry entry) override { add("update " + shown(entry)); }
  void remove(const ObjectEntry& last) override { add("remove " + last.key); }
  void status(const ReflectorStatus& status) {
    static const char* const kNames[] = {"starting", "synced", "missing", "failing"};
    add(std::string("is ") + kNames[static_cast<int>(status.state)]);
  }

  // Waits until as many lines are there, and gives all of them.
  std::vector<std::string> lines(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(20), [&] { return lines_.size() >= count; });
    return lines_;
  }

 private:
  static std::string shown(const ObjectEntry& entry) {
    return entry.error.empty() ? entry.key : entry.key + "(" + entry.error + ")";
  }
  void add(const std::string& line) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(line);
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
};

using Lines = std::vector<std::string>;

class Reflecting : public testing::Test {
 protected:
  ReflectorOptions options() {
    ReflectorOptions options;
    options.resource = resources::nodes();
    options.decode = decode_as_node;
    options.seed = 42;
    return options;
  }
  ReflectorOptions guarded() {
    ReflectorOptions options = this->options();
    options.resource = resources::topologies();
    options.decode = decode_as_raw;
    options.guard_deletions = true;
    return options;
  }
  std::unique_ptr<Reflector> start(ReflectorOptions options) {
    return std::make_unique<Reflector>(client_, std::move(options), recorder_,
                                       [this](const ReflectorStatus& status) { recorder_.status(status); });
  }
  // Lets the reflector's present wait pass, once it has begun, and waits for the request that follows.
  void pass(Seconds time) {
    clock_.await_waiters(1);
    const std::size_t requests = server_.requests();
    clock_.advance(time);
    static_cast<void>(server_.request(requests));
  }

  test::ScriptedServer server_;
  base::ManualClock clock_;
  ApiClient client_{*config_from_url(server_.url()), {}, clock_};
  Recorder recorder_;
};

TEST_F(Reflecting, AListIsReadInPagesAndWatchedFromItsVersion) {
  server_.on_list(reply(200, list_of({node("a", 1), node("b", 2)}, 10, "more+/=")));
  server_.on_list(reply(200, list_of({node("c", 3)}, 11)));
  const auto reflector = start(options());
  EXPECT_EQ(recorder_.lines(2), (Lines{"replace a b c", "is synced"}));
  EXPECT_EQ(server_.request(0).target, "/api/v1/nodes?limit=500");
  EXPECT_EQ(server_.request(1).target, "/api/v1/nodes?continue=more%2B%2F%3D&limit=500");
  const test::SeenRequest watching = server_.request(2);
  EXPECT_TRUE(watching.has("resourceVersion=11"));
  EXPECT_TRUE(watching.has("allowWatchBookmarks=true"));
  EXPECT_EQ(watching.headers.at("accept"), "application/json");
}

TEST_F(Reflecting, TheServerIsAskedToEndAWatchBetweenFiveAndTenMinutes) {
  server_.on_list(reply(200, list_of({}, 1)));
  const auto reflector = start(options());
  const std::string target = server_.request(1).target;
  const auto at = target.find("timeoutSeconds=");
  ASSERT_NE(at, std::string::npos);
  const int seconds = std::stoi(target.substr(at + 15));
  EXPECT_GE(seconds, 300);
  EXPECT_LE(seconds, 600);
}

TEST_F(Reflecting, AContinueTokenThatExpiredRestartsTheListWithoutIt) {
  server_.on_list(reply(200, list_of({node("a", 1), node("old", 1)}, 10, "token")));
  server_.on_list(reply(410, kExpired));
  server_.on_list(reply(200, list_of({node("a", 1)}, 20)));
  const auto reflector = start(options());
  EXPECT_EQ(recorder_.lines(1).front(), "replace a") << "nothing of the broken list is left";
  EXPECT_FALSE(server_.request(2).has("continue"));
}

TEST_F(Reflecting, EventsArriveInPiecesThatRespectNoLine) {
  server_.on_list(reply(200, list_of({}, 1)));
  const std::string stream =
      event("ADDED", node("a", 2)) + event("MODIFIED", node("a", 3)) + event("DELETED", node("a", 4));
  std::vector<std::string> pieces;
  for (std::size_t at = 0; at < stream.size(); at += 7) pieces.push_back(stream.substr(at, 7));
  server_.on_watch(watch(pieces, After::hang));
  const auto reflector = start(options());
  EXPECT_EQ(recorder_.lines(5), (Lines{"replace", "is synced", "update a", "update a", "remove a"}));
}

TEST_F(Reflecting, AnEndedWatchGoesOnAtOnceFromTheLastBookmark) {
  server_.on_list(reply(200, list_of({}, 1)));
  server_.on_watch(watch({event("ADDED", node("a", 5)), bookmark(17)}));
  const auto reflector = start(options());
  EXPECT_TRUE(server_.request(2).has("resourceVersion=17")) << "no clock was moved: there was no delay";
  EXPECT_EQ(recorder_.lines(3), (Lines{"replace", "is synced", "update a"})) << "and no second list";
}

TEST_F(Reflecting, AServerThatEndsEveryWatchAtOnceIsNotHammered) {
  server_.on_list(reply(200, list_of({}, 1)));
  server_.on_watch(watch({}));
  const auto reflector = start(options());
  clock_.await_waiters(1);
  EXPECT_EQ(server_.requests(), 2u);
  clock_.advance(Seconds(2));
  EXPECT_TRUE(server_.request(2).has("resourceVersion=1&"));
}

class Expiry : public Reflecting, public testing::WithParamInterface<int> {};

TEST_P(Expiry, LeadsToANewListInEitherForm) {
  server_.on_list(reply(200, list_of({node("a", 1), node("gone", 1)}, 1)));
  if (GetParam() == 0) {
    server_.on_watch(reply(410, kExpired));
  } else {
    server_.on_watch(watch({event("ERROR", kExpired)}, After::hang));
  }
  server_.on_list(reply(200, list_of({node("a", 1)}, 9)));
  const auto reflector = start(options());
  EXPECT_EQ(recorder_.lines(3), (Lines{"replace a gone", "is synced", "replace a"}))
      << "what was deleted in the gap is missing from the new content";
  EXPECT_FALSE(server_.request(2).has("resourceVersion"));
  EXPECT_TRUE(server_.request(3).has("resourceVersion=9"));
}
INSTANTIATE_TEST_SUITE_P(Form, Expiry, testing::Values(0, 1));

TEST_F(Reflecting, AServerThatExpiresEveryVersionIsNotListedInALoop) {
  for (int i = 0; i < 3; ++i) {
    server_.on_list(reply(200, list_of({}, 1)));
    server_.on_watch(reply(410, kExpired));
  }
  const auto reflector = start(options());
  clock_.await_waiters(1);
  EXPECT_EQ(server_.requests(), 4u);
  pass(Seconds(2));
}

TEST_F(Reflecting, ACutConnectionLosesNoEventAndRepeatsNone) {
  server_.on_list(reply(200, list_of({}, 1)));
  server_.on_watch(watch({event("ADDED", node("a", 5)), R"({"type":"ADDED","obj)"}, After::cut));
  server_.on_list(reply(200, list_of({}, 6)));  // the probe
  server_.on_watch(watch({event("ADDED", node("b", 6))}, After::hang));
  const auto reflector = start(options());
  EXPECT_EQ(recorder_.lines(4), (Lines{"replace", "is synced", "update a", "update b"}));
  EXPECT_TRUE(server_.request(2).has("limit=1"));
  EXPECT_TRUE(server_.request(3).has("resourceVersion=5"));
}

TEST_F(Reflecting, AWatchThatFallsSilentIsTakenUpAgain) {
  server_.on_list(reply(200, list_of({}, 1)));
  server_.on_watch(watch({event("ADDED", node("a", 5))}, After::hang));
  server_.on_list(reply(200, list_of({}, 6)));
  ReflectorOptions impatient = options();
  impatient.connection.read_timeout = base::Milliseconds(150);
  const auto reflector = start(std::move(impatient));
  EXPECT_TRUE(server_.request(3).has("resourceVersion=5"));
}

TEST_F(Reflecting, OneObjectThatCannotBeReadIsReportedAndTheOthersStay) {
  const std::string bad = R"({"metadata":{"name":"bad","resourceVersion":"2"},"spec":{"unschedulable":3}})";
  server_.on_list(reply(200, list_of({node("a", 1), bad, node("c", 1)}, 1)));
  server_.on_watch(watch({event("MODIFIED", bad), event("ADDED", node("d", 3))}, After::hang));
  const auto reflector = start(options());
  const std::string shown = "bad(spec.unschedulable: must be true or false)";
  EXPECT_EQ(recorder_.lines(4), (Lines{"replace a " + shown + " c", "is synced", "update " + shown, "update d"}));
}

TEST_F(Reflecting, ALineThatIsNoEventLeadsToANewList) {
  server_.on_list(reply(200, list_of({}, 1)));
  server_.on_watch(watch({"<html>proxy</html>\n"}, After::hang));
  server_.on_list(reply(200, list_of({node("a", 1)}, 5)));
  const auto reflector = start(options());
  pass(Seconds(60));
  EXPECT_EQ(recorder_.lines(5), (Lines{"replace", "is synced", "is failing", "replace a", "is synced"}));
}

TEST_F(Reflecting, AnUnreachableServerIsAskedAgainWithGrowingPatience) {
  server_.on_list(test::Step{200, list_of({}, 1), {}, {}, false, After::cut});
  server_.on_list(test::Step{200, list_of({}, 1), {}, {}, false, After::cut});
  server_.on_list(reply(200, list_of({node("a", 1)}, 1)));
  const auto reflector = start(options());
  pass(Seconds(60));
  pass(Seconds(60));
  const Lines lines = recorder_.lines(3);
  EXPECT_EQ(lines.front(), "is failing");
  EXPECT_EQ(lines[1], "replace a");
}

TEST_F(Reflecting, RetryAfterIsHonoured) {
  test::Step busy = reply(429, R"({"kind":"Status","message":"too many requests","code":429})");
  busy.headers.emplace_back("Retry-After", "45");
  server_.on_list(busy);
  server_.on_list(reply(200, list_of({}, 1)));
  const auto reflector = start(options());
  clock_.await_waiters(1);
  clock_.advance(Seconds(44));
  EXPECT_EQ(server_.requests(), 1u);
  pass(Seconds(1));
  EXPECT_EQ(recorder_.lines(3), (Lines{"is failing", "replace", "is synced"}));
}

TEST_F(Reflecting, AMissingKindIsAskedForEveryFiveSecondsAndNothingIsTakenAway) {
  server_.on_list(reply(404, kNotFound));
  server_.on_list(reply(404, kNotFound));
  server_.on_list(reply(200, list_of({node("t", 1)}, 1)));
  const auto reflector = start(guarded());
  EXPECT_EQ(recorder_.lines(1), (Lines{"is missing"}));
  pass(Seconds(5));
  pass(Seconds(5));
  EXPECT_EQ(recorder_.lines(3), (Lines{"is missing", "replace t", "is synced"}));
}

TEST_F(Reflecting, DeletingACrdTakesNothingAwayUntilTheKindIsBack) {
  server_.on_list(reply(200, list_of({node("t", 1)}, 1)));
  server_.on_other(reply(200, R"({"resources":[{"name":"powertopologies","verbs":["create","list"]}]})"));
  server_.on_watch(watch({event("DELETED", node("t", 2)) + event("DELETED", node("u", 3))}));
  server_.on_list(reply(200, list_of({}, 4)));  // still served, already empty
  server_.on_other(reply(200, R"({"resources":[{"name":"powertopologies","verbs":["delete","list"]}]})"));
  server_.on_list(reply(404, kNotFound));
  server_.on_list(reply(200, list_of({node("t", 9)}, 9)));
  const auto reflector = start(guarded());
  EXPECT_EQ(recorder_.lines(2), (Lines{"replace t", "is synced"}));
  pass(Seconds(1));  // the quiet after a deletion
  pass(Seconds(5));
  pass(Seconds(5));
  const Lines lines = recorder_.lines(6);
  ASSERT_GE(lines.size(), 5u);
  EXPECT_EQ(lines[2], "is missing");
  for (const std::string& line : lines) EXPECT_NE(line, "replace") << "an empty list of a dying kind was believed";
  EXPECT_EQ(lines.back(), "is synced");
}

TEST_F(Reflecting, AnOrdinaryDeletionOfACustomResourceIsConfirmedByAList) {
  const std::string discovery = R"({"resources":[{"name":"powertopologies","verbs":["create","list"]}]})";
  server_.on_list(reply(200, list_of({node("t", 1), node("u", 1)}, 1)));
  server_.on_other(reply(200, discovery));
  server_.on_watch(watch({event("DELETED", node("t", 2))}, After::hang));
  server_.on_list(reply(200, list_of({node("u", 1)}, 2)));
  server_.on_other(reply(200, discovery));
  const auto reflector = start(guarded());
  pass(Seconds(1));
  EXPECT_EQ(recorder_.lines(3), (Lines{"replace t u", "is synced", "replace u"}));
}

TEST_F(Reflecting, StoppingEndsABlockedWatchAtOnce) {
  server_.on_list(reply(200, list_of({}, 1)));
  auto reflector = start(options());
  static_cast<void>(server_.request(1));
  const auto began = std::chrono::steady_clock::now();
  reflector.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(2));
}

}  // namespace
}  // namespace headroom::kube
