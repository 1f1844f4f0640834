#include "rapl-agent/standalone/source_inbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/manual_clock.h"

namespace headroom::rapl_agent::standalone {
namespace {

using Presence = core::CapView::Presence;

// Says what the test wrote into it.
struct Scripted final : CapSource {
  base::Result<SourcePower> answer = SourcePower{base::watts(140)};
  base::Result<SourcePower> power_at(const Moment&) override { return answer; }
};
struct Cluster final : core::CapInbox {
  core::CapView view;
  [[nodiscard]] core::CapView latest() const override { return view; }
};

class SourceInboxTest : public testing::Test {
 protected:
  SourceInboxTest() {
    settings_.period = base::Seconds(120);
    hardware_.maxima = {base::watts(125), base::watts(125)};
    hardware_.originals = {base::watts(125), base::watts(125)};
  }
  SourceInbox& made() {
    auto source = std::make_unique<Scripted>();
    source_ = source.get();
    inbox_ = std::make_unique<SourceInbox>(
        settings_,
        SourceInbox::Parts{
            .source = std::move(source), .clock = &clock_, .cluster = &cluster_, .changed = [this] { ++changes_; }});
    return *inbox_;
  }
  [[nodiscard]] std::optional<base::Power> budget() const {
    const auto view = inbox_->latest();
    return view.order ? view.order->spec.budget : std::nullopt;
  }

  base::ManualClock clock_;
  Settings settings_;
  Hardware hardware_;
  Cluster cluster_;
  Scripted* source_ = nullptr;
  std::unique_ptr<SourceInbox> inbox_;
  int changes_ = 0;
};

TEST_F(SourceInboxTest, the_answer_becomes_the_nodes_budget) {
  auto& inbox = made();
  inbox.learn(hardware_);
  inbox.look();
  const auto view = inbox.latest();
  EXPECT_EQ(view.presence, Presence::present);
  ASSERT_TRUE(view.order);
  EXPECT_EQ(view.order->spec.budget, base::watts(140));
  EXPECT_EQ(view.order->spec.reserve, base::Power{});
  EXPECT_FALSE(view.order->spec.cpu_package);
  EXPECT_EQ(view.order->spec.stamp, (model::CapStamp{1, 1}));
  EXPECT_EQ(view.heartbeat, clock_.wall_now());
  EXPECT_EQ(changes_, 2);
}

TEST_F(SourceInboxTest, by_the_old_reading_it_becomes_each_packages_cap) {
  settings_.scope = CapScope::domain;
  auto& inbox = made();
  inbox.learn(hardware_);
  inbox.look();
  EXPECT_EQ(inbox.latest().order->spec.cpu_package, base::watts(125));
  EXPECT_FALSE(inbox.latest().order->spec.budget);
}

TEST_F(SourceInboxTest, nothing_is_ordered_before_the_hardware_is_known) {
  auto& inbox = made();
  inbox.look();
  EXPECT_EQ(inbox.latest().presence, Presence::unknown);
  inbox.learn(hardware_);
  EXPECT_EQ(budget(), base::watts(140));
}

TEST_F(SourceInboxTest, a_changed_answer_is_a_later_order_and_the_same_answer_is_the_same_order) {
  auto& inbox = made();
  inbox.learn(hardware_);
  inbox.look();
  const auto first = inbox.latest().order;
  inbox.look();
  EXPECT_EQ(inbox.latest().order, first);
  source_->answer = SourcePower{base::watts(90)};
  inbox.look();
  EXPECT_EQ(inbox.latest().order->uid, first->uid);
  EXPECT_EQ(inbox.latest().order->spec.stamp, (model::CapStamp{1, 2}));
  EXPECT_EQ(budget(), base::watts(90));
}

TEST_F(SourceInboxTest, a_cap_that_fell_rises_again_with_the_source) {
  auto& inbox = made();
  inbox.learn(hardware_);
  for (const std::int64_t watts : {60, 400, 10, 200}) {
    source_->answer = SourcePower{base::watts(watts)};
    inbox.look();
    EXPECT_EQ(budget(), std::min(base::watts(watts), base::watts(250)));
  }
}

TEST_F(SourceInboxTest, a_source_without_answers_is_believed_two_periods_longer_and_then_the_floor_holds) {
  auto& inbox = made();
  inbox.learn(hardware_);
  inbox.look();
  source_->answer = base::unavailable("no route");
  clock_.advance(base::Seconds(240));
  inbox.look();
  EXPECT_EQ(budget(), base::watts(140));
  EXPECT_EQ(inbox.spoken().problem, "no route");
  clock_.advance(base::Seconds(1));
  inbox.look();
  EXPECT_EQ(budget(), base::watts(10));
  EXPECT_FALSE(inbox.spoken().power);
  source_->answer = SourcePower{base::watts(80)};
  inbox.look();
  EXPECT_EQ(budget(), base::watts(80));
}

TEST_F(SourceInboxTest, a_source_that_never_answered_gives_the_floor) {
  auto& inbox = made();
  source_->answer = base::unavailable("no route");
  inbox.learn(hardware_);
  inbox.look();
  EXPECT_EQ(budget(), base::watts(10));
}

TEST_F(SourceInboxTest, the_heartbeat_goes_on_between_two_questions) {
  auto& inbox = made();
  inbox.learn(hardware_);
  inbox.look();
  const auto before = inbox.latest().heartbeat;
  clock_.advance(base::Seconds(30));
  EXPECT_GT(inbox.latest().heartbeat, before);
}

TEST_F(SourceInboxTest, a_restarted_process_gives_orders_of_its_own) {
  auto& first = made();
  first.learn(hardware_);
  first.look();
  const auto uid = first.latest().order->uid;
  clock_.advance(base::Seconds(1));
  auto& second = made();
  second.learn(hardware_);
  second.look();
  EXPECT_NE(second.latest().order->uid, uid);
}

TEST_F(SourceInboxTest, missing_custom_resources_are_normal) {
  auto& inbox = made();
  inbox.learn(hardware_);
  inbox.look();
  for (const auto presence : {Presence::unknown, Presence::absent}) {
    cluster_.view.presence = presence;
    EXPECT_EQ(budget(), base::watts(140));
  }
}

TEST_F(SourceInboxTest, a_controller_that_once_gave_an_order_governs_from_then_on) {
  auto& inbox = made();
  inbox.learn(hardware_);
  inbox.look();
  cluster_.view.presence = Presence::present;
  cluster_.view.order = core::CapOrder{.uid = "u", .spec = {}};
  cluster_.view.order->spec.budget = base::watts(99);
  EXPECT_EQ(budget(), base::watts(99));
  // Its silence is silence, not a return to the source.
  cluster_.view = {};
  EXPECT_EQ(inbox.latest().presence, Presence::unknown);
}

TEST_F(SourceInboxTest, the_thread_asks_at_once_and_then_every_period) {
  auto& inbox = made();
  inbox.learn(hardware_);
  inbox.start();
  clock_.await_waiters(1);
  EXPECT_EQ(budget(), base::watts(140));
  source_->answer = SourcePower{base::watts(50)};
  clock_.advance(base::Seconds(120));
  while (budget() != base::watts(50)) clock_.await_waiters(1);
  inbox.stop();
}

}  // namespace
}  // namespace headroom::rapl_agent::standalone
