#include "rapl-agent/status_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "base/manual_clock.h"
#include "test/unit/rapl-agent/reports.h"

namespace headroom::rapl_agent {
namespace {

using test::report;
using testing::HasSubstr;

// A NodePowerCap that takes statuses, or refuses them.
class StatusWriterTest : public testing::Test {
 protected:
  StatusWriterTest() {
    object_.name = "node-a";
    object_.uid = "uid-1";
    publish(report());
  }
  ~StatusWriterTest() override { writer_.stop(); }

  void publish(const core::AgentReport& next) {
    {
      const std::lock_guard lock(mutex_);
      report_ = std::make_shared<const core::AgentReport>(next);
    }
    writer_.notify();
  }
  void set_object(std::optional<std::string> uid) {
    {
      const std::lock_guard lock(mutex_);
      present_ = uid.has_value();
      object_.uid = uid.value_or("");
    }
    writer_.notify();
  }
  // Until so many writes have been tried, and the writer waits for the clock again.
  std::vector<model::NodePowerCap> await_writes(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return writes_.size() >= count; });
    return writes_;
  }
  std::size_t writes_when_idle() {
    clock_.await_waiters(1);
    const std::lock_guard lock(mutex_);
    return writes_.size();
  }

  base::ManualClock clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool present_ = true;
  base::Status answer_ = base::ok_status();
  model::NodePowerCap object_;
  std::shared_ptr<const core::AgentReport> report_;
  std::vector<model::NodePowerCap> writes_;

  StatusWriter writer_{{clock_,
                        [this]() -> std::optional<model::NodePowerCap> {
                          const std::lock_guard lock(mutex_);
                          return present_ ? std::optional(object_) : std::nullopt;
                        },
                        [this] {
                          const std::lock_guard lock(mutex_);
                          return report_;
                        },
                        [this](const model::NodePowerCap& cap) {
                          const std::lock_guard lock(mutex_);
                          writes_.push_back(cap);
                          changed_.notify_all();
                          return answer_;
                        }}};
};

TEST_F(StatusWriterTest, an_acknowledgement_is_written_at_once) {
  writer_.start();
  await_writes(1);
  core::AgentReport next = report();
  next.observed->stamp.sequence = 6;
  publish(next);
  const auto writes = await_writes(2);
  EXPECT_EQ(writes[1].status.observed->stamp.sequence, 6);
  EXPECT_EQ(writes[1].name, "node-a");
}

TEST_F(StatusWriterTest, measured_watts_wait_for_ten_seconds) {
  writer_.start();
  await_writes(1);
  core::AgentReport next = report();
  next.node_power = base::watts(250);
  publish(next);
  EXPECT_EQ(writes_when_idle(), 1U);
  clock_.advance(base::Seconds(11));
  EXPECT_EQ(await_writes(2)[1].status.measured, base::watts(250));
}

TEST_F(StatusWriterTest, nothing_is_written_while_there_is_no_object) {
  set_object(std::nullopt);
  writer_.start();
  EXPECT_EQ(writes_when_idle(), 0U);
  set_object("uid-2");
  EXPECT_EQ(await_writes(1)[0].uid, "uid-2");
}

TEST_F(StatusWriterTest, an_object_that_was_made_anew_is_told_everything) {
  writer_.start();
  await_writes(1);
  set_object("uid-2");
  EXPECT_EQ(await_writes(2)[1].uid, "uid-2");
}

TEST_F(StatusWriterTest, a_failed_write_is_tried_again_with_the_newest_report) {
  answer_ = base::unavailable("down");
  writer_.start();
  await_writes(1);
  {
    const std::lock_guard lock(mutex_);
    answer_ = base::ok_status();
  }
  core::AgentReport next = report();
  next.state = core::AgentState::safe;
  publish(next);
  EXPECT_EQ(writes_when_idle(), 1U);
  clock_.advance(base::Seconds(1));
  EXPECT_EQ(await_writes(2)[1].status.state, model::CapState::safe);
  writer_.stop();
  EXPECT_EQ(writer_.counts().failed, 1U);
}

TEST_F(StatusWriterTest, what_is_still_to_be_said_is_written_at_the_end) {
  writer_.start();
  await_writes(1);
  {
    const std::lock_guard lock(mutex_);
    core::AgentReport last = report();
    last.state = core::AgentState::stopping;
    report_ = std::make_shared<const core::AgentReport>(last);
  }
  writer_.stop();
  EXPECT_EQ(writes_.back().status.state, model::CapState::stopping);
}

TEST(StatusApply, names_the_very_object_it_speaks_about) {
  model::NodePowerCap cap;
  cap.name = "node-a";
  cap.uid = "uid-1";
  cap.status.state = model::CapState::holding;
  const std::string body = status_apply_body(cap);
  EXPECT_THAT(body, HasSubstr(R"("kind":"NodePowerCap","metadata":{"name":"node-a","uid":"uid-1"})"));
  EXPECT_THAT(body, HasSubstr(R"("state":"Holding")"));
}

}  // namespace
}  // namespace headroom::rapl_agent
