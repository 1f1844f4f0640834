// Rows of the fault matrix about GPUs that hwmon caps.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/integration/rapl-agent/fault_rig.h"

namespace headroom::rapl_agent {
namespace {

using core::Health;
using test::FaultRig;

constexpr const char* kAmd = "hwmon/amdgpu/0000:03:00.0";
constexpr const char* kXe = "hwmon/xe/0000:83:00.0";

class GpuFaults : public testing::Test {
 protected:
  GpuFaults() { rig.hwmon = true; }
  void cap_gpus(std::int64_t watts) {
    rig.spec.gpu = base::watts(watts);
    rig.send();
  }
  [[nodiscard]] std::int64_t amd_cap(int index = 3) const {
    return rig.chip_value("0000:03:00.0", index, "power1_cap");
  }

  FaultRig rig{"gpus"};
};

TEST_F(GpuFaults, a_cap_reads_back_in_whole_watts) {
  rig.start();
  rig.spec.gpu = base::microwatts(250'900'000);
  rig.send();
  ASSERT_TRUE(rig.until([&] { return amd_cap() == 250'000'000; })) << rig.told();
  EXPECT_TRUE(rig.until([&] { return rig.health(kAmd) == Health::ok; })) << rig.told();
}

TEST_F(GpuFaults, Fault_amdgpu_empty_line) {
  rig.start();
  cap_gpus(260);
  ASSERT_TRUE(rig.until([&] { return amd_cap() == 260'000'000; })) << rig.told();
  rig.set("0000:03:00.0 state failing");
  rig.pass(2 * rig.settings.timing.verify);
  const auto enforced = rig.domain(kAmd).enforced;
  EXPECT_TRUE(!enforced || *enforced > base::watts(0)) << rig.told();
  rig.set("0000:03:00.0 state reset");
  cap_gpus(240);
  rig.turns(20);
  rig.set("0000:03:00.0 state ok");
  EXPECT_TRUE(rig.until([&] { return amd_cap() == 240'000'000 && rig.health(kAmd) == Health::ok; })) << rig.told();
}

TEST_F(GpuFaults, Fault_amdgpu_range_changed) {
  rig.start();
  cap_gpus(280);
  ASSERT_TRUE(rig.until([&] { return amd_cap() == 280'000'000; })) << rig.told();
  rig.set("0000:03:00.0 max 244W");
  cap_gpus(270);
  EXPECT_TRUE(rig.until([&] { return amd_cap() == 244'000'000; })) << rig.told();
  EXPECT_TRUE(rig.until([&] { return rig.health(kAmd) == Health::ok; })) << rig.told();
}

TEST_F(GpuFaults, Fault_xe_write_zero) {
  rig.start();
  cap_gpus(100);
  ASSERT_TRUE(rig.until([&] { return rig.chip_value("0000:83:00.0", 5, "power1_max") == 100'000'000; })) << rig.told();
  // power1_cap is the burst limit there: it never stands below the other.
  EXPECT_GE(rig.chip_value("0000:83:00.0", 5, "power1_cap"), 100'000'000);
  cap_gpus(0);
  rig.turns(20);
  for (const auto& line : rig.tree.writes("node-a")) EXPECT_NE(line.value, "0\\n") << line.path;
  EXPECT_GT(rig.chip_value("0000:83:00.0", 5, "power1_max"), 0);
  EXPECT_EQ(rig.health(kXe), Health::ok);
}

TEST_F(GpuFaults, Fault_hwmon_renumbered) {
  rig.start();
  cap_gpus(250);
  ASSERT_TRUE(rig.until([&] { return amd_cap() == 250'000'000; })) << rig.told();
  rig.command("vanish node-a 0000:03:00.0");
  ASSERT_TRUE(rig.until([&] { return rig.health(kAmd) == Health::lost; })) << rig.told();
  rig.command("return node-a 0000:03:00.0 index=9");
  EXPECT_TRUE(rig.until([&] { return rig.health(kAmd) == Health::ok && amd_cap(9) == 250'000'000; })) << rig.told();
}

TEST_F(GpuFaults, temperatures_are_shown) {
  rig.start();
  rig.turns(3);
  EXPECT_EQ(rig.domain("hwmon/coretemp/hwmon0").temperature, base::celsius(47)) << rig.told();
}

}  // namespace
}  // namespace headroom::rapl_agent
