#include <gmock/gmock.h>

#include <string>

#include "rapl-agent/gpu/frame_stream.h"
#include "test/integration/rapl-agent/gpu/helper_fixture.h"

namespace headroom::rapl_agent::gpu {
namespace {

using core::Outcome;

TEST_F(HelperTest, lists_each_gpu_with_its_limits_and_meters) {
  use(2);
  stub_->device(1).persistence = 0;
  started();
  ASSERT_EQ(inventory_.outcome, Outcome::ok);
  ASSERT_EQ(inventory_.domains.size(), 2U);
  const auto& first = inventory_.domains[0];
  EXPECT_EQ(first.id, limit_of(0).domain);
  EXPECT_EQ(first.kind, core::DomainKind::gpu);
  EXPECT_EQ(first.label, "Stub GPU at 00000000:10:00.0");
  ASSERT_EQ(first.controls.size(), 1U);
  EXPECT_EQ(first.controls[0].min_hint, base::watts(200));
  EXPECT_EQ(first.controls[0].max_hint, base::watts(700));
  EXPECT_TRUE(first.meter.energy && first.meter.power && first.meter.temperature);
  EXPECT_THAT(inventory_.domains[1].notes, testing::Contains(testing::HasSubstr("persistence mode is off")));
}

TEST_F(HelperTest, a_limit_is_set_and_read_back) {
  auto& client = started();
  const auto written = client.write(limit_of(0), watts(450));
  EXPECT_TRUE(written.ok()) << written.hint;
  EXPECT_EQ(written.value, watts(450));
  EXPECT_EQ(client.read(limit_of(0)).value, watts(450));
  EXPECT_EQ(client.read(enforced_of(0)).value, watts(450));
  EXPECT_EQ(stub_->device(0).limit_mw, 450'000U);
}

TEST_F(HelperTest, a_limit_below_a_milliwatt_is_never_written) {
  auto& client = started();
  EXPECT_EQ(client.write(limit_of(0), 0).outcome, Outcome::invalid);
  EXPECT_EQ(client.write(limit_of(0), 999).outcome, Outcome::invalid);
  EXPECT_TRUE(stub_->sets().empty());
}

TEST_F(HelperTest, a_sample_has_power_energy_and_temperature) {
  auto& client = started();
  const auto reading = client.sample(limit_of(0).domain);
  EXPECT_EQ(reading.outcome, Outcome::ok);
  EXPECT_EQ(reading.power, base::watts(350));
  EXPECT_EQ(reading.energy, base::joules(1'000));
  EXPECT_EQ(reading.temperature, base::celsius(55));
}

TEST_F(HelperTest, a_module_is_capped_as_one) {
  stub_->device(0).has_module = 1;
  auto& client = started();
  const auto module = domain(limit_of(0).domain);
  ASSERT_TRUE(module);
  EXPECT_EQ(module->kind, core::DomainKind::module);
  EXPECT_EQ(module->controls.at(0).max_hint, base::watts(1'000));
  // The counter is the GPU's alone.
  EXPECT_FALSE(module->meter.energy);
  EXPECT_TRUE(client.write(limit_of(0), watts(800)).ok());
  EXPECT_EQ(stub_->device(0).module_limit_mw, 800'000U);
  EXPECT_EQ(stub_->device(0).limit_mw, 700'000U);
  EXPECT_EQ(client.read(limit_of(0)).value, watts(800));
}

TEST_F(HelperTest, locked_clocks_are_listed_only_where_asked_for) {
  auto& client = started();
  const core::ControlKey clock{"gpu-clock/" + limit_of(0).domain.substr(4), core::Surface::nvml,
                               core::Field::locked_clock};
  EXPECT_EQ(inventory_.domains.size(), 1U);
  EXPECT_EQ(client.write(clock, 1'200).outcome, Outcome::unsupported);
  EXPECT_TRUE(stub_->sets().empty());
}

TEST_F(HelperTest, locked_clocks_are_set_and_taken_back) {
  clocks_ = ClockControls::listed;
  auto& client = started();
  const core::ControlKey clock{"gpu-clock/" + limit_of(0).domain.substr(4), core::Surface::nvml,
                               core::Field::locked_clock};
  ASSERT_TRUE(domain(clock.domain));
  EXPECT_EQ(domain(clock.domain)->kind, core::DomainKind::frequency);
  EXPECT_EQ(client.read(clock).value, 0U);
  EXPECT_TRUE(client.write(clock, 1'200).ok());
  EXPECT_EQ(client.read(clock).value, 1'200U);
  EXPECT_EQ(stub_->device(0).clock_max_mhz, 1'200U);
  EXPECT_TRUE(client.write(clock, 0).ok());
  EXPECT_EQ(stub_->device(0).clock_max_mhz, 0U);
}

TEST_F(HelperTest, an_unknown_gpu_is_an_unknown_key) {
  auto& client = started();
  EXPECT_EQ(client.read(limit_of(9)).outcome, Outcome::unknown_key);
  EXPECT_EQ(client.sample("gpu/none").outcome, Outcome::unknown_key);
}

TEST_F(HelperTest, a_helper_that_is_not_there_is_looked_for_at_every_question) {
  client_.emplace(ClientOptions{.socket = socket(), .deadline = deadline_, .clocks = clocks_, .start = {}}, clock_);
  const auto nobody = client_->discover();
  EXPECT_EQ(nobody.outcome, Outcome::library_broken);
  EXPECT_THAT(nobody.notes, testing::ElementsAre(testing::HasSubstr("no GPU helper")));
  started();
  EXPECT_EQ(inventory_.domains.size(), 1U);
}

TEST_F(HelperTest, a_helper_that_was_restarted_is_found_again_and_limits_stand) {
  auto& client = started();
  ASSERT_TRUE(client.write(limit_of(0), watts(400)).ok());
  EXPECT_EQ(helper_->stopped(), HelperEnd::stopped);
  EXPECT_EQ(client.read(limit_of(0)).outcome, Outcome::library_broken);
  helper_.emplace(stub_->shared_object(), socket());
  ASSERT_TRUE(eventually([&] { return client.discover().outcome == Outcome::ok; }));
  EXPECT_EQ(client.read(limit_of(0)).value, watts(400));
}

TEST_F(HelperTest, stopping_lets_the_driver_go) {
  started();
  EXPECT_EQ(helper_->stopped(), HelperEnd::stopped);
  EXPECT_EQ(stub_->calls(StubCall::shutdown), 1U);
}

TEST_F(HelperTest, a_second_helper_on_the_same_socket_is_refused) {
  started();
  const auto second = serve_gpus(HelperThread::options_for(stub_->shared_object(), socket()), clock_, {});
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().kind, base::ErrorKind::conflict);
}

TEST_F(HelperTest, a_client_that_speaks_another_version_is_hung_up_on_and_others_are_served) {
  auto& client = started();
  auto stranger = connect_to(socket());
  ASSERT_TRUE(stranger.ok());
  FrameStream stream(*std::move(stranger));
  ASSERT_TRUE(stream.send(std::string("\x09\x00hello", 7), clock_.mono_now() + base::Seconds(10)).ok());
  const auto reply = stream.receive(clock_.mono_now() + base::Seconds(30));
  EXPECT_FALSE(reply.ok());
  EXPECT_TRUE(client.read(limit_of(0)).ok());
}

TEST_F(HelperTest, a_client_that_announces_a_huge_message_is_hung_up_on) {
  started();
  auto stranger = connect_to(socket());
  ASSERT_TRUE(stranger.ok());
  ASSERT_EQ(::write(stranger->get(), "\xff\xff\xff\x7f", 4), 4);
  FrameStream stream(*std::move(stranger));
  EXPECT_FALSE(stream.receive(clock_.mono_now() + base::Seconds(30)).ok());
}

TEST_F(HelperTest, the_other_end_of_a_socket_is_known_by_its_user) {
  started();
  const auto connection = connect_to(socket());
  ASSERT_TRUE(connection.ok());
  EXPECT_EQ(peer_user(connection->get()), ::geteuid());
  EXPECT_TRUE(is_trusted_peer(connection->get()));
  EXPECT_FALSE(is_trusted_peer(-1));
}

}  // namespace
}  // namespace headroom::rapl_agent::gpu
