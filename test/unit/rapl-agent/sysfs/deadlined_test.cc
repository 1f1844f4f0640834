#include "rapl-agent/sysfs/deadlined.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <map>
#include <mutex>
#include <set>

#include "base/manual_clock.h"
#include "runtime/system_clock.h"

namespace headroom::rapl_agent::sysfs {
namespace {

using core::Outcome;

core::ControlKey limit_of(const std::string& domain) {
  return {domain, core::Surface::msr, core::Field::long_term_limit};
}

// Domains in `stuck` do not answer until let go.
class StuckBackend final : public core::Backend, public core::Meter {
 public:
  core::Inventory discover() override {
    wait_for("");
    return {.notes = {"seen"}};
  }
  core::Access read(const core::ControlKey& key) override {
    wait_for(key.domain);
    return {.value = 7};
  }
  core::Access write(const core::ControlKey& key, std::uint64_t value) override {
    ++writes;
    wait_for(key.domain);
    return {.value = value};
  }
  core::MeterReading sample(const std::string& domain) override {
    wait_for(domain);
    return {.power = base::watts(5)};
  }

  void stick(const std::string& domain) {
    const std::lock_guard lock(mutex_);
    stuck_.insert(domain);
  }
  void let_go() {
    const std::lock_guard lock(mutex_);
    stuck_.clear();
    changed_.notify_all();
  }
  void let_go(const std::string& domain) {
    const std::lock_guard lock(mutex_);
    stuck_.erase(domain);
    changed_.notify_all();
  }
  [[nodiscard]] int calls(const std::string& domain) const {
    const std::lock_guard lock(mutex_);
    const auto counted = calls_.find(domain);
    return counted == calls_.end() ? 0 : counted->second;
  }
  // The domain whose call began last.
  [[nodiscard]] std::string waiting() const {
    const std::lock_guard lock(mutex_);
    return begun_;
  }
  std::atomic<int> writes{0};

 private:
  void wait_for(const std::string& domain) {
    std::unique_lock lock(mutex_);
    begun_ = domain;
    ++calls_[domain];
    changed_.wait(lock, [&] { return !stuck_.contains(domain); });
  }
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::string> stuck_;
  std::string begun_;
  std::map<std::string, int> calls_;
};

class DeadlinedTest : public testing::Test {
 protected:
  ~DeadlinedTest() override { backend_->let_go(); }

  // Makes a call that hangs, passing the deadline while it waits.
  template <class Call>
  auto past_deadline(Call call, base::Milliseconds deadline = base::Seconds(1)) {
    auto result = std::async(std::launch::async, call);
    clock_.await_waiters(1);
    clock_.advance(deadline);
    return result.get();
  }
  // As that, for many reads of which those of `domain` hang: the clock moves once they have come that far.
  std::vector<core::Access> past_deadline_in(const std::string& domain, const std::vector<core::ControlKey>& keys) {
    auto result = std::async(std::launch::async, [&] { return deadlined_.read_all(keys); });
    while (backend_->waiting() != domain) std::this_thread::yield();
    clock_.await_waiters(1);
    clock_.advance(base::Seconds(1));
    return result.get();
  }
  // The late call has come back once a call is no longer refused.
  void await_answer(const std::string& domain) {
    while (deadlined_.read(limit_of(domain)).outcome == Outcome::hung) std::this_thread::yield();
  }

  std::shared_ptr<StuckBackend> backend_ = std::make_shared<StuckBackend>();
  base::ManualClock clock_;
  Deadlined deadlined_{{backend_, backend_}, base::Seconds(1), clock_};
};

TEST_F(DeadlinedTest, calls_pass_through) {
  EXPECT_EQ(deadlined_.read(limit_of("a")).value, 7U);
  EXPECT_EQ(deadlined_.write(limit_of("a"), 42).value, 42U);
  EXPECT_EQ(deadlined_.sample("a").power, base::watts(5));
  EXPECT_EQ(deadlined_.discover().notes, std::vector<std::string>{"seen"});
  EXPECT_EQ(deadlined_.hung_calls(), 0U);
}

TEST_F(DeadlinedTest, a_hung_read_stops_its_own_domain_only) {
  backend_->stick("a");
  EXPECT_EQ(past_deadline([&] { return deadlined_.read(limit_of("a")); }).outcome, Outcome::hung);
  EXPECT_EQ(deadlined_.sample("a").outcome, Outcome::hung);
  EXPECT_EQ(deadlined_.read(limit_of("b")).value, 7U);
  EXPECT_EQ(deadlined_.discover().outcome, Outcome::ok);
}

TEST_F(DeadlinedTest, of_many_reads_only_those_of_the_hung_domain_are_lost) {
  backend_->stick("b");
  const std::vector keys = {limit_of("a"), limit_of("b"), limit_of("b"), limit_of("c")};
  const auto answers = past_deadline_in("b", keys);
  ASSERT_EQ(answers.size(), 4U);
  EXPECT_EQ(answers[0].value, 7U);
  EXPECT_EQ(answers[1].outcome, Outcome::hung);
  EXPECT_EQ(answers[2].outcome, Outcome::hung);
  EXPECT_EQ(answers[3].value, 7U);
  EXPECT_EQ(deadlined_.hung_calls(), 1U);

  const auto readings = deadlined_.sample_all({"a", "b", "c"});
  ASSERT_EQ(readings.size(), 3U);
  EXPECT_EQ(readings[0].power, base::watts(5));
  EXPECT_EQ(readings[1].outcome, Outcome::hung);
  EXPECT_EQ(readings[2].power, base::watts(5));
  backend_->let_go();
  await_answer("b");
  EXPECT_EQ(deadlined_.read_all(keys)[1].value, 7U);
}

// One deadline is all that the clock here ever moves: whoever waited for a second one would never end.
TEST_F(DeadlinedTest, a_domain_that_hangs_amid_many_reads_costs_one_deadline_and_is_not_called_again) {
  backend_->stick("b");
  const std::vector keys = {limit_of("a"), limit_of("b"), limit_of("b"), limit_of("c"), limit_of("b"), limit_of("d")};
  const auto answers = past_deadline_in("b", keys);
  EXPECT_EQ(answers[3].value, 7U);
  EXPECT_EQ(answers[4].outcome, Outcome::hung);
  EXPECT_EQ(answers[5].value, 7U);
  for (int again = 0; again < 3; ++again) {
    EXPECT_EQ(deadlined_.read_all(keys)[1].outcome, Outcome::hung);
    EXPECT_EQ(deadlined_.sample_all({"b", "d"})[1].power, base::watts(5));
  }
  EXPECT_EQ(deadlined_.write(limit_of("b"), 1).outcome, Outcome::hung);
  EXPECT_EQ(backend_->calls("b"), 1);
  EXPECT_EQ(backend_->calls("a"), 4);
  EXPECT_EQ(backend_->calls("d"), 7);
  EXPECT_EQ(deadlined_.hung_calls(), 1U);
}

TEST_F(DeadlinedTest, each_of_two_domains_that_hang_amid_many_reads_costs_one_deadline) {
  backend_->stick("b");
  backend_->stick("d");
  auto answers = std::async(std::launch::async, [&] {
    return deadlined_.read_all({limit_of("a"), limit_of("b"), limit_of("c"), limit_of("d"), limit_of("e")});
  });
  for (const char* hangs : {"b", "d"}) {
    while (backend_->waiting() != hangs) std::this_thread::yield();
    clock_.await_waiters(1);
    clock_.advance(base::Seconds(1));
  }
  const auto all = answers.get();
  EXPECT_EQ(all[0].value, 7U);
  EXPECT_EQ(all[1].outcome, Outcome::hung);
  EXPECT_EQ(all[2].value, 7U);
  EXPECT_EQ(all[3].outcome, Outcome::hung);
  EXPECT_EQ(all[4].value, 7U);
}

TEST_F(DeadlinedTest, each_of_many_reads_has_the_whole_deadline) {
  backend_->stick("a");
  backend_->stick("b");
  auto answers = std::async(std::launch::async, [&] { return deadlined_.read_all({limit_of("a"), limit_of("b")}); });
  clock_.await_waiters(1);
  clock_.advance(base::Milliseconds(900));
  backend_->let_go("a");
  while (backend_->waiting() != "b") std::this_thread::yield();
  clock_.advance(base::Milliseconds(900));
  backend_->let_go("b");
  const auto all = answers.get();
  EXPECT_EQ(all[0].value, 7U);
  EXPECT_EQ(all[1].value, 7U);
}

TEST_F(DeadlinedTest, nothing_asked_is_nothing_answered) {
  EXPECT_TRUE(deadlined_.read_all({}).empty());
  EXPECT_TRUE(deadlined_.sample_all({}).empty());
}

TEST_F(DeadlinedTest, no_second_write_is_queued_behind_a_hung_one) {
  backend_->stick("a");
  EXPECT_EQ(past_deadline([&] { return deadlined_.write(limit_of("a"), 1); }).outcome, Outcome::hung);
  EXPECT_EQ(deadlined_.write(limit_of("a"), 2).outcome, Outcome::hung);
  EXPECT_EQ(deadlined_.write(limit_of("a"), 3).outcome, Outcome::hung);
  backend_->let_go();
  await_answer("a");
  EXPECT_EQ(backend_->writes, 1);
}

TEST_F(DeadlinedTest, what_a_late_call_brings_is_dropped_and_the_next_one_is_answered) {
  backend_->stick("a");
  EXPECT_EQ(past_deadline([&] { return deadlined_.read(limit_of("a")); }).outcome, Outcome::hung);
  backend_->let_go();
  await_answer("a");
  EXPECT_EQ(deadlined_.write(limit_of("a"), 9).value, 9U);
  EXPECT_EQ(deadlined_.hung_calls(), 0U);
}

TEST_F(DeadlinedTest, a_hung_discovery_leaves_reads_alone) {
  backend_->stick("");
  EXPECT_EQ(past_deadline([&] { return deadlined_.discover(); }).outcome, Outcome::hung);
  EXPECT_EQ(deadlined_.read(limit_of("a")).value, 7U);
}

TEST_F(DeadlinedTest, a_driver_that_is_stuck_as_a_whole_does_not_cost_a_deadline_for_each_domain) {
  for (const char* domain : {"a", "b", "c"}) {
    backend_->stick(domain);
    EXPECT_EQ(past_deadline([&] { return deadlined_.read(limit_of(domain)); }).outcome, Outcome::hung);
  }
  backend_->stick("d");
  const auto fourth = past_deadline([&] { return deadlined_.read(limit_of("d")); }, base::Milliseconds(50));
  EXPECT_EQ(fourth.outcome, Outcome::hung);
}

TEST(Deadlined, ends_while_a_call_hangs) {
  auto backend = std::make_shared<StuckBackend>();
  runtime::SystemClock clock;
  backend->stick("a");
  {
    Deadlined deadlined({backend, backend}, base::Milliseconds(20), clock);
    EXPECT_EQ(deadlined.read(limit_of("a")).outcome, Outcome::hung);
  }
  backend->let_go();
}

TEST(Deadlined, a_backend_without_a_meter_measures_nothing) {
  runtime::SystemClock clock;
  Deadlined deadlined({std::make_shared<StuckBackend>(), nullptr}, base::Seconds(1), clock);
  EXPECT_EQ(deadlined.sample("a").outcome, Outcome::unsupported);
}

}  // namespace
}  // namespace headroom::rapl_agent::sysfs
