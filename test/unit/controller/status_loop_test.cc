#include "controller/status_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "base/manual_clock.h"
#include "test/unit/controller/world.h"

namespace headroom::controller::test {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

struct FakeStatuses final : StatusStore {
  std::vector<ExistingStatus> found;
  std::optional<base::Error> read_error;
  std::optional<base::Error> write_error;
  std::vector<StatusWrite> writes;

  base::Result<std::vector<ExistingStatus>> existing() override {
    if (read_error) return *read_error;
    return found;
  }
  base::Status write(const StatusWrite& write) override {
    if (write_error) return *write_error;
    writes.push_back(write);
    return base::ok_status();
  }
  std::vector<std::string> take_names() {
    std::vector<std::string> names;
    for (const auto& write : writes) names.push_back(write.status.key.name);
    writes.clear();
    return names;
  }
};

struct FakeSpecs final : SpecStore {
  StoredSpecs stored;
  int stores = 0;
  base::Result<StoredSpecs> load() override { return stored; }
  base::Status store(const StoredSpecs& specs) override {
    stored = specs;
    ++stores;
    return base::ok_status();
  }
};

struct FakeLeadership final : Leadership {
  bool leading = true;
  bool leads() const override { return leading; }
};

struct FakeEvents final : EventSink {
  std::vector<std::string> told;
  void status_changed(const DesiredStatus& status, const StatusCondition& condition) override {
    told.push_back(status.key.name + " " + condition.reason);
  }
  void let_pass(const model::Pod& pod, const std::string& reason) override { told.push_back(pod.name + " " + reason); }
};

class StatusLoopTest : public testing::Test {
 protected:
  void step() {
    snapshots.publish(world.snapshot());
    loop.step();
  }

  World world;
  base::ManualClock clock{headroom::test::kStart - std::chrono::hours(1)};  // shows the world's now
  base::Published<model::ClusterSnapshot> snapshots;
  FakeStatuses statuses;
  FakeSpecs specs;
  FakeLeadership leadership;
  FakeEvents events;
  StatusLoop loop{{clock, snapshots, statuses, specs, leadership, events},
                  std::make_shared<const scoring::Settings>(),
                  base::Milliseconds(1000)};
};

TEST_F(StatusLoopTest, NothingIsWrittenBeforeEverythingHasBeenListed) {
  world.raw().sync.pods = false;
  step();
  EXPECT_THAT(statuses.take_names(), IsEmpty());
  EXPECT_EQ(loop.report()->books, nullptr);
}

TEST_F(StatusLoopTest, ALeaderWritesStatusesAndSpecsOnce) {
  world.policy(policy("p"));
  step();
  EXPECT_THAT(statuses.take_names(), ElementsAre("p", "hall"));
  EXPECT_EQ(specs.stored.count("hall"), 1U);
  step();
  EXPECT_THAT(statuses.take_names(), IsEmpty());
  EXPECT_EQ(specs.stores, 1);
  EXPECT_TRUE(loop.report()->leads);
}

TEST_F(StatusLoopTest, AFollowerKeepsBooksAndWritesNothing) {
  leadership.leading = false;
  step();
  EXPECT_THAT(statuses.take_names(), IsEmpty());
  EXPECT_EQ(specs.stores, 0);
  EXPECT_NE(loop.report()->books, nullptr);
  leadership.leading = true;
  step();
  EXPECT_THAT(statuses.take_names(), ElementsAre("hall"));
}

TEST_F(StatusLoopTest, ANewLeaderReadsBeforeItWrites) {
  statuses.read_error = base::unavailable("down");
  step();
  EXPECT_THAT(statuses.take_names(), IsEmpty());
  EXPECT_FALSE(loop.report()->leads);
  statuses.read_error.reset();
  step();
  EXPECT_THAT(statuses.take_names(), ElementsAre("hall"));
}

TEST_F(StatusLoopTest, AFailedWriteIsCountedAndTriedAgain) {
  statuses.write_error = base::unavailable("down");
  step();
  EXPECT_EQ(loop.report()->write_failures, 1U);
  statuses.write_error.reset();
  clock.advance(seconds(6));
  step();
  EXPECT_THAT(statuses.take_names(), ElementsAre("hall"));
}

TEST_F(StatusLoopTest, TroubleIsToldInAnEventAfterItIsWritten) {
  world.policy(policy("p"));
  step();
  EXPECT_THAT(events.told, ElementsAre("p NoMembers"));
}

TEST_F(StatusLoopTest, APodThatModeRecommendLetPassIsTold) {
  step();
  world.let_pass("a", "n1", "ElementPower");
  step();
  step();
  EXPECT_THAT(events.told, ElementsAre("a ElementPower"));
}

TEST_F(StatusLoopTest, SpecsAreNotForgottenWhileAKindIsMissing) {
  step();
  world.raw().topologies.clear();
  world.raw().sync.crds_missing = true;
  step();
  EXPECT_EQ(specs.stored.count("hall"), 1U);
}

TEST_F(StatusLoopTest, TheThreadStopsPromptly) {
  snapshots.publish(world.snapshot());
  loop.start();
  loop.stop();
  EXPECT_NE(loop.report()->books, nullptr);
}

}  // namespace
}  // namespace headroom::controller::test
