// The helper as a child process, and calls that do not return: row 59 of the fault matrix.
#include <gmock/gmock.h>
#include <sys/wait.h>

#include <csignal>

#include "test/integration/rapl-agent/gpu/helper_fixture.h"

namespace headroom::rapl_agent::gpu {
namespace {

using core::Outcome;

constexpr auto kShort = base::Milliseconds(200);

class HelperProcessTest : public HelperTest {
 protected:
  // A client that starts the helper itself.
  HelperClient& parent() {
    HelperProcessOptions start;
    start.program = HEADROOM_GPU_HELPER;
    start.arguments = {"--socket=" + socket(), "--library=" + stub_->shared_object()};
    start.first_pause = base::Milliseconds(1);
    start.longest_pause = base::Milliseconds(4);
    start.stop_patience = base::Milliseconds(2'000);
    ClientOptions options;
    options.socket = socket();
    options.deadline = deadline_;
    options.start = start;
    client_.emplace(std::move(options), clock_);
    EXPECT_TRUE(eventually([&] {
      inventory_ = client_->discover();
      return inventory_.domains.size() == 1;
    }));
    return *client_;
  }
  [[nodiscard]] static bool alive(pid_t child) { return ::kill(child, 0) == 0; }
  // The status a child that was left behind ends with, as its new parent would see it.
  [[nodiscard]] static int ended_status(pid_t child) {
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return status;
  }
};

class ProcessFaultsN : public HelperProcessTest {};

TEST_F(HelperProcessTest, the_helper_is_started_and_ends_with_the_client) {
  auto& client = parent();
  const pid_t child = client.process()->child();
  ASSERT_GT(child, 0);
  EXPECT_TRUE(client.write(limit_of(0), watts(300)).ok());
  client_.reset();
  EXPECT_FALSE(alive(child));
  EXPECT_EQ(stub_->device(0).limit_mw, 300'000U) << "the limit stays";
  EXPECT_EQ(stub_->calls(StubCall::shutdown), 1U) << "it let the driver go";
}

TEST_F(HelperProcessTest, a_helper_that_died_is_reaped_and_started_again) {
  auto& client = parent();
  const pid_t first = client.process()->child();
  ASSERT_EQ(::kill(first, SIGKILL), 0);
  ASSERT_TRUE(eventually([&] { return client.read(limit_of(0)).ok(); }));
  EXPECT_NE(client.process()->child(), first);
  EXPECT_EQ(client.process()->last_status(), 128 + SIGKILL);
}

TEST_F(HelperProcessTest, a_program_that_does_not_exist_is_a_missing_helper) {
  ClientOptions options;
  options.socket = socket();
  options.start.emplace();
  options.start->program = directory_.path("no-such-program");
  HelperClient client(std::move(options), clock_);
  EXPECT_EQ(client.discover().outcome, Outcome::library_broken);
  EXPECT_EQ(client.state(), HelperState::unreachable);
}

// Row 59: a read that never returns.
TEST_F(ProcessFaultsN, Fault_nvml_hang_forever) {
  deadline_ = kShort;
  auto& client = parent();
  const pid_t child = client.process()->child();
  stub_->hang(StubCall::power_usage);
  const auto before = clock_.mono_now();
  EXPECT_EQ(client.sample(limit_of(0).domain).outcome, Outcome::hung);
  EXPECT_GE(clock_.mono_now() - before, kShort);
  EXPECT_EQ(client.state(), HelperState::hung);
  // Nothing queues up behind it.
  EXPECT_EQ(client.write(limit_of(0), watts(300)).outcome, Outcome::hung);
  EXPECT_TRUE(stub_->sets().empty());
  EXPECT_EQ(client.process()->child(), child) << "no second helper";
  // The agent leaves in time, and so does a helper that was only reading.
  const auto leaving = clock_.mono_now();
  client_.reset();
  EXPECT_LT(clock_.mono_now() - leaving, base::Seconds(5));
}

// Row 59: a set that never returns. Its process is never killed.
TEST_F(ProcessFaultsN, Fault_nvml_hang_forever_in_a_set) {
  deadline_ = kShort;
  auto& client = parent();
  const pid_t child = client.process()->child();
  stub_->hang(StubCall::set_limit_v2);
  EXPECT_EQ(client.write(limit_of(0), watts(300)).outcome, Outcome::hung);
  EXPECT_EQ(client.read(limit_of(0)).outcome, Outcome::hung);
  stub_->await_inside(StubCall::set_limit_v2);
  const auto leaving = clock_.mono_now();
  client_.reset();
  EXPECT_LT(clock_.mono_now() - leaving, base::Seconds(5));
  EXPECT_TRUE(alive(child)) << "left behind, not killed";

  // The next agent meets it, is told that it hangs, and gets no second helper of its own.
  ClientOptions options;
  options.socket = socket();
  options.deadline = kShort;
  options.start.emplace();
  options.start->program = HEADROOM_GPU_HELPER;
  options.start->arguments = {"--socket=" + socket(), "--library=" + stub_->shared_object()};
  HelperClient next(std::move(options), clock_);
  EXPECT_EQ(next.discover().outcome, Outcome::hung);
  EXPECT_EQ(next.process()->child(), 0);

  // Once the call has returned, it ends by itself and in order.
  stub_->mend(StubCall::set_limit_v2);
  EXPECT_EQ(ended_status(child), 0);
  EXPECT_EQ(stub_->device(0).limit_mw, 300'000U);
  ASSERT_TRUE(eventually([&] { return next.read(limit_of(0)).value == watts(300); }));
}

TEST_F(ProcessFaultsN, Fault_nvml_hang_forever_that_ends_after_all) {
  deadline_ = kShort;
  auto& client = parent();
  stub_->hang(StubCall::limit);
  EXPECT_EQ(client.read(limit_of(0)).outcome, Outcome::hung);
  stub_->device(0).limit_mw = 650'000;
  stub_->mend(StubCall::limit);
  ASSERT_TRUE(eventually([&] { return client.read(enforced_of(0)).ok(); }));
  EXPECT_EQ(client.read(limit_of(0)).value, watts(650)) << "the late answer is not taken for this one";
}

TEST_F(ProcessFaultsN, Fault_nvml_hang_forever_of_the_whole_helper) {
  deadline_ = kShort;
  auto& client = parent();
  const pid_t child = client.process()->child();
  ASSERT_EQ(::kill(child, SIGSTOP), 0);
  EXPECT_EQ(client.read(limit_of(0)).outcome, Outcome::hung);
  // At once now, not after another deadline.
  const auto before = clock_.mono_now();
  for (int n = 0; n < 10; ++n) EXPECT_EQ(client.write(limit_of(0), watts(300)).outcome, Outcome::hung);
  EXPECT_LT(clock_.mono_now() - before, base::Seconds(1));
  ASSERT_EQ(::kill(child, SIGCONT), 0);
  ASSERT_TRUE(eventually([&] { return client.read(limit_of(0)).ok(); }));
  EXPECT_TRUE(stub_->sets().empty());
}

}  // namespace
}  // namespace headroom::rapl_agent::gpu
