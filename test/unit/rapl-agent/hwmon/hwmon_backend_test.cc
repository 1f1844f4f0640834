#include "rapl-agent/hwmon/hwmon_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rapl-agent/hwmon/cpufreq_backend.h"
#include "test/support/sysfs_tree.h"
#include "test/support/temporary_directory.h"

namespace headroom::rapl_agent::hwmon {
namespace {

using core::DomainKind;
using core::Field;
using core::Outcome;
using core::Surface;
using testing::ElementsAre;
using testing::IsEmpty;

// An amdgpu, an xe, an ACPI meter and a processor's temperature.
std::vector<test::LayoutLine> machine() {
  return {{"class/hwmon/hwmon0/name", "0444", "coretemp"},
          {"class/hwmon/hwmon0/temp1_input", "0444", "47000"},
          {"devices/gpu/0000:03:00.0/power/runtime_status", "0444", "active"},
          {"devices/gpu/0000:03:00.0/hwmon/hwmon3/name", "0444", "amdgpu"},
          {"devices/gpu/0000:03:00.0/hwmon/hwmon3/device", "link", "../.."},
          {"devices/gpu/0000:03:00.0/hwmon/hwmon3/power1_cap", "0644", "300000000"},
          {"devices/gpu/0000:03:00.0/hwmon/hwmon3/power1_cap_min", "0444", "210000000"},
          {"devices/gpu/0000:03:00.0/hwmon/hwmon3/power1_cap_max", "0444", "300000000"},
          {"devices/gpu/0000:03:00.0/hwmon/hwmon3/power1_average", "0444", "150000000"},
          {"class/hwmon/hwmon3", "link", "../../devices/gpu/0000:03:00.0/hwmon/hwmon3"},
          {"class/hwmon/hwmon5/name", "0444", "xe"},
          {"class/hwmon/hwmon5/power1_max", "0644", "0"},
          {"class/hwmon/hwmon5/energy1_input", "0444", "12345"},
          {"class/hwmon/hwmon7/name", "0444", "power_meter"},
          {"class/hwmon/hwmon7/power1_average", "0444", "400000000"},
          {"class/hwmon/hwmon7/power1_cap", "0644", "500000000"},
          {"class/hwmon/hwmon8/name", "0444", "somebody_else"},
          {"class/hwmon/hwmon8/power1_cap", "0644", "1"}};
}

constexpr const char* kAmd = "hwmon/amdgpu/0000:03:00.0";
const core::ControlKey kLimit{kAmd, Surface::hwmon, Field::long_term_limit};

class HwmonTest : public testing::Test {
 protected:
  HwmonTest() { test::make_tree(machine(), root()); }
  [[nodiscard]] std::string root() const { return directory_.path("sys"); }
  [[nodiscard]] std::string gpu(const std::string& file) const {
    return root() + "/devices/gpu/0000:03:00.0/hwmon/hwmon3/" + file;
  }
  core::Domain domain(HwmonBackend& backend, const std::string& id) {
    for (const auto& domain : backend.discover().domains) {
      if (domain.id == id) return domain;
    }
    ADD_FAILURE() << "no domain " << id;
    return {};
  }

  test::TemporaryDirectory directory_;
  HwmonBackend capping_{{root(), Caps::on, Temperatures::show}, sysfs::WriteTo::any_for_tests, "hint"};
  HwmonBackend metering_{{root(), Caps::off, Temperatures::hide}, sysfs::WriteTo::any_for_tests, "hint"};
};

TEST_F(HwmonTest, knows_chips_by_their_device_and_leaves_strangers_alone) {
  std::vector<std::string> ids;
  for (const auto& domain : capping_.discover().domains) ids.push_back(domain.id);
  EXPECT_THAT(ids, ElementsAre(kAmd, "hwmon/coretemp/hwmon0", "hwmon/power_meter/hwmon7", "hwmon/xe/hwmon5"));
}

TEST_F(HwmonTest, caps_are_offered_only_when_asked_for) {
  EXPECT_THAT(domain(metering_, kAmd).controls, IsEmpty());
  const core::Domain gpu = domain(capping_, kAmd);
  ASSERT_EQ(gpu.controls.size(), 1U);
  EXPECT_EQ(gpu.controls[0].min_hint, base::watts(210));
  EXPECT_EQ(gpu.controls[0].max_hint, base::watts(300));
  EXPECT_EQ(gpu.controls[0].tolerance, base::watts(1));
}

TEST_F(HwmonTest, a_meter_of_the_node_is_never_capped) {
  const core::Domain meter = domain(capping_, "hwmon/power_meter/hwmon7");
  EXPECT_EQ(meter.kind, DomainKind::node_meter);
  EXPECT_THAT(meter.controls, IsEmpty());
  EXPECT_EQ(capping_.sample(meter.id).power, base::watts(400));
}

TEST_F(HwmonTest, a_module_of_grace_is_a_domain_of_its_own) {
  test::put(root() + "/class/hwmon/hwmon7/power1_oem_info", "Module Power Socket 0\n");
  EXPECT_EQ(domain(capping_, "hwmon/power_meter/hwmon7").kind, DomainKind::module);
}

TEST_F(HwmonTest, a_limit_that_is_off_is_left_alone) {
  EXPECT_THAT(domain(capping_, "hwmon/xe/hwmon5").controls, IsEmpty());
}

TEST_F(HwmonTest, the_range_is_read_again_before_each_write) {
  (void)capping_.discover();
  test::put(gpu("power1_cap_max"), "244000000\n");
  EXPECT_EQ(capping_.write(kLimit, 280'000'000).value, 244'000'000U);
  EXPECT_EQ(capping_.write(kLimit, 100'000'000).value, 210'000'000U);
  EXPECT_EQ(test::content_of(gpu("power1_cap")), "210000000\n");
}

TEST_F(HwmonTest, less_than_a_watt_is_never_written) {
  (void)capping_.discover();
  for (const std::uint64_t value : {0U, 1U, 999'999U}) {
    EXPECT_EQ(capping_.write(kLimit, value).outcome, Outcome::invalid);
  }
  EXPECT_EQ(test::content_of(gpu("power1_cap")), "300000000\n");
}

TEST_F(HwmonTest, an_empty_line_is_not_zero_watts) {
  (void)capping_.discover();
  test::put(gpu("power1_cap"), "\n");
  test::put(gpu("power1_average"), "\n");
  EXPECT_EQ(capping_.read(kLimit).outcome, Outcome::busy);
  EXPECT_EQ(capping_.sample(kAmd).power, std::nullopt);
}

TEST_F(HwmonTest, a_sleeping_device_is_not_woken_for_a_sample) {
  (void)capping_.discover();
  test::put(root() + "/devices/gpu/0000:03:00.0/power/runtime_status", "suspended\n");
  const auto reading = capping_.sample(kAmd);
  EXPECT_EQ(reading.outcome, Outcome::ok);
  EXPECT_EQ(reading.power, std::nullopt);
}

TEST_F(HwmonTest, temperatures_are_shown_or_hidden) {
  (void)capping_.discover();
  EXPECT_EQ(capping_.sample("hwmon/coretemp/hwmon0").temperature, base::celsius(47));
  for (const auto& domain : metering_.discover().domains) EXPECT_NE(domain.id, "hwmon/coretemp/hwmon0");
}

TEST(Cpufreq, offers_the_highest_frequency_and_refuses_what_the_hardware_cannot) {
  const test::TemporaryDirectory directory;
  const std::string policy = directory.path("sys/devices/system/cpu/cpufreq/policy0");
  test::put(policy + "/scaling_max_freq", "3700000\n");
  test::put(policy + "/cpuinfo_min_freq", "1000000\n");
  test::put(policy + "/affected_cpus", "0 1\n");
  CpufreqBackend backend(directory.path("sys"), sysfs::WriteTo::any_for_tests, "hint");
  const auto inventory = backend.discover();
  ASSERT_EQ(inventory.domains.size(), 1U);
  EXPECT_EQ(inventory.domains[0].id, "cpufreq/policy0");
  EXPECT_EQ(inventory.domains[0].kind, DomainKind::frequency);
  const core::ControlKey key{"cpufreq/policy0", Surface::cpufreq, Field::max_frequency};
  EXPECT_EQ(backend.read(key).value, 3'700'000U);
  EXPECT_EQ(backend.write(key, 500'000).outcome, Outcome::invalid);
  EXPECT_EQ(backend.write(key, 0).outcome, Outcome::invalid);
  EXPECT_TRUE(backend.write(key, 2'000'000).ok());
  EXPECT_EQ(test::content_of(policy + "/scaling_max_freq"), "2000000\n");
  EXPECT_EQ(backend.read({"cpufreq/policy9", Surface::cpufreq, Field::max_frequency}).outcome, Outcome::unknown_key);
}

}  // namespace
}  // namespace headroom::rapl_agent::hwmon
