// Rows 48 to 58 of the fault matrix at the layer of the stub library: what each fault looks like to the agent's core.
#include <gmock/gmock.h>

#include "rapl-agent/gpu/nvml_session.h"
#include "test/integration/rapl-agent/gpu/helper_fixture.h"

namespace headroom::rapl_agent::gpu {
namespace {

using core::Outcome;
using testing::Contains;
using testing::HasSubstr;

class FaultsN : public HelperTest {};

std::string uuid_at(std::uint32_t place) {
  return limit_of(place).domain.substr(4);
}

Request asking(Operation operation, std::uint32_t place = 0, std::uint64_t value = 0) {
  Request request;
  request.operation = operation;
  request.uuid = operation == Operation::discover ? "" : uuid_at(place);
  request.value = value;
  return request;
}

base::MonoTime at(std::int64_t milliseconds) {
  return base::MonoTime(base::Milliseconds(milliseconds));
}

// The session alone, on the test's own time.
NvmlSession session_on(const std::string& library) {
  SessionOptions options;
  options.libraries = {library};
  options.first_pause = base::Milliseconds(1'000);
  options.longest_pause = base::Milliseconds(60'000);
  return NvmlSession(std::move(options));
}

// Row 48.
TEST_F(FaultsN, Fault_nvml_missing) {
  helper_.emplace(directory_.path("no-such-library.so"), socket());
  auto& client = connected();
  EXPECT_EQ(inventory_.outcome, Outcome::ok);
  EXPECT_TRUE(inventory_.domains.empty());
  EXPECT_THAT(inventory_.notes, Contains(HasSubstr("libnvidia-ml.so.1")));
  EXPECT_EQ(client.state(), HelperState::no_driver);
  EXPECT_EQ(client.read(limit_of(0)).outcome, Outcome::library_broken);
}

// Row 50.
TEST(FaultsN_Session, Fault_nvml_driver_not_loaded) {
  NvmlStub stub;
  stub.fail(StubCall::init, 9);
  auto session = session_on(stub.shared_object());
  const auto first = session.answer(asking(Operation::discover), at(0));
  EXPECT_EQ(first.access.outcome, Outcome::library_broken);
  EXPECT_EQ(first.access.code, 9);
  // Pauses double: 1 s, 2 s, 4 s, ...; questions meanwhile do not touch the library.
  for (const auto milliseconds : {10, 500, 999}) (void)session.answer(asking(Operation::read), at(milliseconds));
  EXPECT_EQ(stub.calls(StubCall::init), 1U);
  (void)session.answer(asking(Operation::read), at(1'000));
  EXPECT_EQ(stub.calls(StubCall::init), 2U);
  (void)session.answer(asking(Operation::discover), at(2'900));
  EXPECT_EQ(stub.calls(StubCall::init), 2U);
  // The driver comes late.
  stub.mend(StubCall::init);
  const auto late = session.answer(asking(Operation::discover), at(3'000));
  EXPECT_TRUE(late.access.ok());
  EXPECT_EQ(late.devices.size(), 1U);
  EXPECT_EQ(late.generation, 1U);
  EXPECT_FALSE(session.wants_new_process());
}

TEST_F(FaultsN, Fault_nvml_driver_not_loaded_and_then_loaded_under_a_running_helper) {
  stub_->fail(StubCall::init, 9);
  auto& client = started();
  EXPECT_EQ(inventory_.outcome, Outcome::library_broken);
  EXPECT_THAT(inventory_.notes, Contains(HasSubstr("driver is not loaded")));
  stub_->mend(StubCall::init);
  ASSERT_TRUE(eventually([&] { return client.discover().domains.size() == 1; }));
  EXPECT_TRUE(client.write(limit_of(0), watts(300)).ok());
}

// Row 51.
TEST_F(FaultsN, Fault_nvml_no_permission) {
  auto& client = started();
  stub_->fail(StubCall::set_limit_v2, 4);
  const auto refused = client.write(limit_of(0), watts(300));
  EXPECT_EQ(refused.outcome, Outcome::no_permission);
  EXPECT_EQ(refused.code, 4);
  EXPECT_THAT(refused.hint, HasSubstr("SYS_ADMIN"));
  EXPECT_EQ(client.read(limit_of(0)).value, watts(700));
  EXPECT_EQ(client.sample(limit_of(0).domain).outcome, Outcome::ok);
}

// Row 52.
TEST_F(FaultsN, Fault_nvml_not_supported) {
  use(3);
  stub_->fail(0, StubCall::constraints, 3);
  stub_->device(1).virtualization = 2;
  auto& client = started();
  ASSERT_EQ(inventory_.domains.size(), 3U);
  EXPECT_TRUE(domain(limit_of(0).domain)->controls.empty());
  EXPECT_THAT(domain(limit_of(0).domain)->notes, Contains(HasSubstr("no power limit")));
  EXPECT_TRUE(domain(limit_of(1).domain)->controls.empty());
  EXPECT_THAT(domain(limit_of(1).domain)->notes, Contains(HasSubstr("vGPU")));
  EXPECT_FALSE(domain(limit_of(2).domain)->controls.empty());
  EXPECT_EQ(client.write(limit_of(0), watts(300)).outcome, Outcome::unsupported);
  EXPECT_EQ(client.write(limit_of(1), watts(300)).outcome, Outcome::unsupported);
  EXPECT_EQ(client.sample(limit_of(1).domain).outcome, Outcome::ok);
  EXPECT_TRUE(stub_->sets().empty());
}

TEST_F(FaultsN, Fault_nvml_not_supported_a_mig_device_is_capped_through_its_gpu) {
  use(4);
  // Places 2 and 3 are MIG devices of the GPU at place 0; the bus shows them beside the GPU at place 1.
  for (const std::uint32_t mig : {2U, 3U}) {
    stub_->device(mig).is_mig = 1;
    stub_->device(mig).mig_parent = 0;
  }
  stub_->reorder({2, 3, 1});
  auto& client = started();
  ASSERT_EQ(inventory_.domains.size(), 2U);
  ASSERT_TRUE(domain(limit_of(0).domain));
  EXPECT_TRUE(client.write(limit_of(0), watts(300)).ok());
  EXPECT_EQ(stub_->device(0).limit_mw, 300'000U);
  EXPECT_EQ(stub_->device(2).limit_mw, 700'000U);
}

// Row 53.
TEST_F(FaultsN, Fault_nvml_invalid_arg) {
  auto& client = started();
  stub_->device(0).min_mw = 350'000;
  const auto written = client.write(limit_of(0), watts(250));
  EXPECT_TRUE(written.ok());
  EXPECT_EQ(written.value, watts(350)) << "what was written is told, not what was asked";
  const auto sets = stub_->sets();
  ASSERT_EQ(sets.size(), 2U) << "one more try, not a storm";
  EXPECT_EQ(sets[0].code, 2);
  EXPECT_EQ(sets[1].value, 350'000U);
  EXPECT_EQ(client.discover().domains.at(0).controls.at(0).min_hint, base::watts(350));
}

TEST_F(FaultsN, Fault_nvml_invalid_arg_that_has_no_reason_is_not_tried_again) {
  auto& client = started();
  stub_->fail(StubCall::set_limit_v2, 2);
  EXPECT_EQ(client.write(limit_of(0), watts(300)).outcome, Outcome::invalid);
  EXPECT_EQ(stub_->sets().size(), 1U);
}

// Row 54.
TEST_F(FaultsN, Fault_gpu_lost) {
  use(2);
  auto& client = started();
  ASSERT_TRUE(client.write(limit_of(0), watts(400)).ok());
  stub_->lose(0);
  EXPECT_EQ(client.read(limit_of(0)).outcome, Outcome::lost);
  EXPECT_EQ(client.write(limit_of(0), watts(300)).outcome, Outcome::lost);
  EXPECT_EQ(client.sample(limit_of(0).domain).outcome, Outcome::lost);
  EXPECT_TRUE(client.write(limit_of(1), watts(300)).ok()) << "the other one goes on";
  // Still on the bus: it stays in the list, with its ceiling.
  inventory_ = client.discover();
  ASSERT_TRUE(domain(limit_of(0).domain));
  EXPECT_EQ(domain(limit_of(0).domain)->controls.at(0).max_hint, base::watts(700));
  EXPECT_THAT(domain(limit_of(0).domain)->notes, Contains(HasSubstr("lost")));
  // Gone from the bus: so is the domain.
  stub_->reorder({1});
  inventory_ = client.discover();
  EXPECT_EQ(inventory_.outcome, Outcome::ok);
  EXPECT_FALSE(domain(limit_of(0).domain));
  EXPECT_THAT(inventory_.dark, Contains(limit_of(0).domain)) << "without power: it counts nothing any more";
  EXPECT_TRUE(domain(limit_of(1).domain));
}

// Row 55.
TEST_F(FaultsN, Fault_gpu_reattach) {
  use(2);
  auto& client = started();
  ASSERT_TRUE(client.write(limit_of(0), watts(400)).ok());
  const auto before = domain(limit_of(0).domain)->generation;
  const auto others = domain(limit_of(1).domain)->generation;
  stub_->lose(0);
  EXPECT_EQ(client.read(limit_of(0)).outcome, Outcome::lost);
  (void)client.discover();
  // It comes back at its default and at another index.
  stub_->lose(0, 0);
  stub_->device(0).limit_mw = 700'000;
  stub_->reorder({1, 0});
  ASSERT_TRUE(eventually([&] {
    inventory_ = client.discover();
    return domain(limit_of(0).domain)->generation > before;
  }));
  EXPECT_EQ(domain(limit_of(1).domain)->generation, others) << "the other one kept what was set";
  EXPECT_EQ(client.read(limit_of(0)).value, watts(700));
  EXPECT_TRUE(client.write(limit_of(0), watts(400)).ok());
  EXPECT_EQ(stub_->sets().back().device, 0U) << "found by UUID, not by index";
}

// Row 56.
TEST_F(FaultsN, Fault_enforced_below_requested) {
  auto& client = started();
  stub_->device(0).out_of_band_mw = 500'000;
  EXPECT_TRUE(client.write(limit_of(0), watts(600)).ok());
  EXPECT_EQ(client.read(limit_of(0)).value, watts(600));
  EXPECT_EQ(client.read(enforced_of(0)).value, watts(500));
}

// Row 57.
TEST_F(FaultsN, Fault_limit_reset_to_default) {
  stub_->device(0).persistence = 0;
  auto& client = started();
  EXPECT_THAT(domain(limit_of(0).domain)->notes, Contains(HasSubstr("persistence")));
  ASSERT_TRUE(client.write(limit_of(0), watts(400)).ok());
  stub_->device(0).limit_mw = stub_->device(0).default_mw.load();
  EXPECT_EQ(client.read(limit_of(0)).value, watts(700)) << "the read-back tells, nothing is remembered";
  EXPECT_TRUE(client.write(limit_of(0), watts(400)).ok());
  EXPECT_EQ(client.read(limit_of(0)).value, watts(400));
}

TEST(FaultsN_Session, Fault_limit_reset_to_default_by_a_driver_that_was_unloaded_shows_as_a_new_generation) {
  NvmlStub stub;
  auto session = session_on(stub.shared_object());
  const auto before = session.answer(asking(Operation::discover), at(0)).devices.at(0).generation;
  stub.fail(StubCall::limit, 1, 1);
  EXPECT_EQ(session.answer(asking(Operation::read), at(1)).access.outcome, Outcome::library_broken);
  const auto after = session.answer(asking(Operation::discover), at(10'000));
  ASSERT_EQ(after.devices.size(), 1U);
  EXPECT_GT(after.devices[0].generation, before);
}

// Row 58.
TEST(FaultsN_Session, Fault_lib_version_mismatch) {
  NvmlStub stub;
  auto session = session_on(stub.shared_object());
  ASSERT_TRUE(session.answer(asking(Operation::discover), at(0)).access.ok());
  stub.fail(StubCall::limit, 999);
  stub.fail(StubCall::init, 18);
  std::int64_t now = 0;
  for (int attempts = 0; attempts < 3; ++attempts) {
    EXPECT_EQ(session.answer(asking(Operation::read), at(now)).access.outcome, Outcome::library_broken);
    EXPECT_FALSE(session.wants_new_process()) << "after attempt " << attempts;
    now += 10'000;
  }
  (void)session.answer(asking(Operation::read), at(now));
  EXPECT_EQ(stub.calls(StubCall::init), 4U);
  EXPECT_TRUE(session.wants_new_process());
}

TEST(FaultsN_Session, Fault_lib_version_mismatch_failures_far_apart_do_not_add_up) {
  NvmlStub stub;
  auto session = session_on(stub.shared_object());
  for (int round = 0; round < 10; ++round) {
    const auto now = round * 200'000;
    ASSERT_TRUE(session.answer(asking(Operation::discover), at(now)).access.ok()) << round;
    stub.fail(StubCall::limit, 999, 1);
    (void)session.answer(asking(Operation::read), at(now + 100'000));
  }
  EXPECT_FALSE(session.wants_new_process());
}

TEST_F(FaultsN, Fault_lib_version_mismatch_ends_the_helper_once_and_not_again_for_a_while) {
  stub_->fail(StubCall::init, 18);
  auto& client = started();
  ASSERT_TRUE(eventually([&] {
    (void)client.discover();
    return client.state() == HelperState::unreachable;
  }));
  EXPECT_EQ(helper_->ended(), HelperEnd::wants_restart);
  // Its successor meets the same and stays, trying with pauses.
  started();
  const auto tries = stub_->calls(StubCall::init);
  ASSERT_TRUE(eventually([&] {
    (void)client_->discover();
    return stub_->calls(StubCall::init) > tries + 8;
  }));
  EXPECT_NE(client_->state(), HelperState::unreachable);
  stub_->mend(StubCall::init);
  ASSERT_TRUE(eventually([&] { return client_->discover().domains.size() == 1; }));
  EXPECT_EQ(helper_->stopped(), HelperEnd::stopped);
}

}  // namespace
}  // namespace headroom::rapl_agent::gpu
