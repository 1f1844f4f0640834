// The mounted tree shows what a 6.12 kernel showed for the same registers.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include <algorithm>
#include "test/rigs/raplfs_fixture.h"
#include "test/support/table.h"

namespace headroom::test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::Optional;

std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

mode_t mode_of(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 0777U;
}

std::uint64_t number_in(const std::string& path) {
  const auto text = read_attribute(path);
  return text ? std::stoull(*text) : 0;
}

class RaplfsTree : public testing::Test {
 protected:
  RaplfsTree() { tree.command("node node-a server-2s"); }

  // The errno of a write to a file of `id`, and what the file reads as afterwards.
  int write(const std::string& id, const std::string& file, const std::string& text) {
    return write_attribute(tree.zone("node-a", id) + "/" + file, text);
  }
  std::optional<std::string> read(const std::string& id, const std::string& file) {
    return read_attribute(tree.zone("node-a", id) + "/" + file);
  }

  Raplfs tree;
};

TEST_F(RaplfsTree, the_class_directory_is_flat_and_of_links) {
  const std::string by_class = tree.sys("node-a") + "/class/powercap";
  EXPECT_THAT(names_in(by_class),
              ElementsAre("intel-rapl", "intel-rapl:0", "intel-rapl:0:0", "intel-rapl:1", "intel-rapl:1:0"));
  EXPECT_EQ(fs::read_symlink(by_class + "/intel-rapl:0:0"),
            "../../devices/virtual/powercap/intel-rapl/intel-rapl:0/intel-rapl:0:0");
  EXPECT_THAT(read_attribute(by_class + "/intel-rapl:1/name"), Optional(std::string("package-1\n")));
  EXPECT_EQ(fs::canonical(tree.zone("node-a", "intel-rapl:0:0") + "/device"), tree.zone("node-a", "intel-rapl:0"));
  EXPECT_EQ(fs::canonical(tree.zone("node-a", "intel-rapl:0") + "/device"), tree.powercap("node-a") + "/intel-rapl");
}

TEST_F(RaplfsTree, a_control_type_has_enabled_and_no_name) {
  const std::string type = tree.powercap("node-a") + "/intel-rapl";
  EXPECT_FALSE(fs::exists(type + "/name"));
  EXPECT_THAT(read_attribute(type + "/enabled"), Optional(std::string("1\n")));
  EXPECT_EQ(write_attribute(type + "/enabled", "0"), ENOSYS);
}

TEST_F(RaplfsTree, modes_are_the_kernels) {
  const std::string zone = tree.zone("node-a", "intel-rapl:0");
  EXPECT_EQ(mode_of(zone + "/energy_uj"), 0400U);
  EXPECT_EQ(mode_of(zone + "/name"), 0444U);
  EXPECT_EQ(mode_of(zone + "/enabled"), 0644U);
  EXPECT_EQ(mode_of(zone + "/constraint_0_power_limit_uw"), 0644U);
  EXPECT_EQ(mode_of(zone + "/constraint_0_max_power_uw"), 0444U);
  EXPECT_EQ(write_attribute(zone + "/energy_uj", "0"), EACCES) << "also for root";
}

TEST_F(RaplfsTree, registers_read_as_on_the_captured_server) {
  EXPECT_EQ(read("intel-rapl:0", "constraint_0_power_limit_uw"), "125000000\n");
  EXPECT_EQ(read("intel-rapl:0", "constraint_0_time_window_us"), "249856\n");
  EXPECT_EQ(read("intel-rapl:0", "constraint_1_max_power_uw"), "258000000\n");
  EXPECT_EQ(read("intel-rapl:0", "max_energy_range_uj"), "262143328850\n");
  EXPECT_EQ(read("intel-rapl:0:0", "max_energy_range_uj"), "65712999613\n");
}

TEST_F(RaplfsTree, limits_are_cut_to_the_unit_and_wrap_without_an_error) {
  EXPECT_EQ(write("intel-rapl:0", "constraint_0_power_limit_uw", "100060000\n"), 0);
  EXPECT_EQ(read("intel-rapl:0", "constraint_0_power_limit_uw"), "100000000\n");
  EXPECT_EQ(write("intel-rapl:0", "constraint_0_power_limit_uw", "4096000000"), 0);
  EXPECT_EQ(read("intel-rapl:0", "constraint_0_power_limit_uw"), "0\n");
  EXPECT_EQ(write("intel-rapl:0", "constraint_0_power_limit_uw", "1e8"), EINVAL);
}

TEST_F(RaplfsTree, a_locked_zone_says_enodata_and_enosys_and_reads_disabled) {
  tree.command("set node-a intel-rapl:1 locked 1");
  EXPECT_EQ(write("intel-rapl:1", "constraint_0_power_limit_uw", "90000000"), ENODATA);
  EXPECT_EQ(write("intel-rapl:1", "constraint_0_time_window_us", "1000000"), ENODATA);
  EXPECT_EQ(write("intel-rapl:1", "enabled", "1"), ENOSYS);
  EXPECT_EQ(read("intel-rapl:1", "enabled"), "0\n");
  EXPECT_EQ(read("intel-rapl:1", "constraint_0_power_limit_uw"), "125000000\n");
}

TEST_F(RaplfsTree, enabled_switches_the_cap_and_keeps_the_number) {
  EXPECT_EQ(write("intel-rapl:0", "enabled", "0"), 0);
  EXPECT_EQ(read("intel-rapl:0", "enabled"), "0\n");
  EXPECT_EQ(write("intel-rapl:0", "constraint_0_power_limit_uw", "90000000"), 0);
  EXPECT_EQ(tree.command("get node-a rapl/package-0 cap"), "258000000");
  EXPECT_EQ(write("intel-rapl:0", "enabled", "2"), EINVAL);
  EXPECT_EQ(write("intel-rapl:0", "enabled", "y"), 0);
  EXPECT_EQ(tree.command("get node-a rapl/package-0 cap"), "90000000");
}

TEST_F(RaplfsTree, energy_follows_the_lower_of_demand_and_cap) {
  tree.command("time stop");
  tree.command("set node-a rapl/package-0 demand 150W");
  EXPECT_EQ(write("intel-rapl:0", "constraint_0_power_limit_uw", "100000000"), 0);
  const std::string energy = tree.zone("node-a", "intel-rapl:0") + "/energy_uj";
  const std::uint64_t before = number_in(energy);
  tree.command("time advance 10s");
  EXPECT_NEAR(static_cast<double>(number_in(energy) - before), 1000e6, 100);
  tree.command("set node-a rapl/package-0 demand 40W");
  const std::uint64_t idle = number_in(energy);
  tree.command("time advance 10s");
  EXPECT_NEAR(static_cast<double>(number_in(energy) - idle), 400e6, 100);
}

TEST_F(RaplfsTree, energy_wraps_at_its_range_freezes_and_jumps) {
  tree.command("time stop");
  tree.command("set node-a rapl/package-0 energy 262143uJ");
  tree.command("set node-a rapl/package-0 energy 262143J");
  tree.command("time advance 10s");
  const std::string energy = tree.zone("node-a", "intel-rapl:0") + "/energy_uj";
  EXPECT_LT(number_in(energy), 1000e6);
  tree.command("set node-a rapl/package-0 frozen 1");
  const std::uint64_t frozen = number_in(energy);
  tree.command("time advance 10s");
  EXPECT_EQ(number_in(energy), frozen);
}

TEST_F(RaplfsTree, a_zone_that_goes_leaves_enodev_behind_and_returns_disabled_with_its_number) {
  EXPECT_EQ(write("intel-rapl:1", "constraint_0_power_limit_uw", "77000000"), 0);
  const int held = ::open((tree.zone("node-a", "intel-rapl:1") + "/energy_uj").c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_GE(held, 0);
  tree.command("vanish node-a intel-rapl:1");
  char byte = 0;
  EXPECT_EQ(::pread(held, &byte, 1, 0), -1);
  EXPECT_EQ(errno, ENODEV);
  ::close(held);
  EXPECT_EQ(write("intel-rapl:1", "enabled", "1"), ENOENT);
  EXPECT_THAT(names_in(tree.powercap("node-a") + "/intel-rapl"),
              ElementsAre("enabled", "intel-rapl:0", "power", "subsystem", "uevent"));

  tree.command("return node-a intel-rapl:1 as=intel-rapl:3");
  EXPECT_EQ(read("intel-rapl:3", "name"), "package-1\n");
  EXPECT_EQ(read("intel-rapl:3", "constraint_0_power_limit_uw"), "77000000\n");
  EXPECT_EQ(read("intel-rapl:3", "enabled"), "0\n");
  EXPECT_EQ(read("intel-rapl:3:0", "name"), "dram\n");
}

TEST_F(RaplfsTree, a_driver_that_is_unloaded_takes_all_its_zones) {
  tree.command("unload node-a intel-rapl");
  EXPECT_TRUE(names_in(tree.sys("node-a") + "/class/powercap").empty());
  tree.command("load node-a intel-rapl");
  EXPECT_EQ(read("intel-rapl:0", "enabled"), "0\n");
  EXPECT_EQ(read("intel-rapl:0", "constraint_0_power_limit_uw"), "125000000\n");
}

TEST_F(RaplfsTree, firmware_that_ignores_or_clamps_answers_with_success) {
  tree.command("set node-a intel-rapl:0 ignores-limits 1");
  EXPECT_EQ(write("intel-rapl:0", "constraint_0_power_limit_uw", "70000000"), 0);
  EXPECT_EQ(read("intel-rapl:0", "constraint_0_power_limit_uw"), "125000000\n");
  tree.command("set node-a intel-rapl:0 ignores-limits 0");
  tree.command("set node-a intel-rapl:0 clamp-min 80W");
  EXPECT_EQ(write("intel-rapl:0", "constraint_0_power_limit_uw", "70000000"), 0);
  EXPECT_EQ(read("intel-rapl:0", "constraint_0_power_limit_uw"), "80000000\n");
  tree.command("set node-a intel-rapl:0 ignores-enable 1");
  EXPECT_EQ(write("intel-rapl:0", "enabled", "0"), 0);
  EXPECT_EQ(read("intel-rapl:0", "enabled"), "1\n");
}

TEST_F(RaplfsTree, nothing_can_be_created_and_truncation_is_logged) {
  const std::string missing = tree.zone("node-a", "intel-rapl:0") + "/constraint_7_power_limit_uw";
  EXPECT_EQ(::open(missing.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644), -1);
  EXPECT_EQ(errno, EACCES);
  const std::string limit = tree.zone("node-a", "intel-rapl:0") + "/constraint_0_power_limit_uw";
  const int truncated = ::open(limit.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
  ASSERT_GE(truncated, 0);
  ::close(truncated);
  EXPECT_EQ(read("intel-rapl:0", "constraint_0_power_limit_uw"), "125000000\n");
  const auto log = tree.log();
  const auto logged = [&](std::string_view event) {
    return std::any_of(log.begin(), log.end(), [&](const Recorded& line) { return line.event == event; });
  };
  EXPECT_TRUE(logged("create"));
  EXPECT_TRUE(logged("truncate") || logged("open-truncate"));
}

TEST_F(RaplfsTree, the_recorder_sums_the_effective_caps_of_all_nodes) {
  tree.command("node node-b server-1s");
  EXPECT_EQ(tree.command("sum"), "375000000");
  ASSERT_EQ(write("intel-rapl:0", "constraint_0_power_limit_uw", "100000000"), 0);
  ASSERT_EQ(write_attribute(tree.zone("node-b", "intel-rapl:0") + "/enabled", "0"), 0);
  const auto writes = tree.writes();
  ASSERT_EQ(writes.size(), 2U);
  EXPECT_EQ(writes[0].file(), "intel-rapl:0/constraint_0_power_limit_uw");
  EXPECT_EQ(writes[0].value, "100000000");
  EXPECT_EQ(writes[0].result, "ok");
  EXPECT_EQ(writes[0].node_uw, 225'000'000U);
  EXPECT_EQ(writes[0].sum_uw, 350'000'000U);
  EXPECT_EQ(writes[1].sum_uw, 483'000'000U) << "without a limit the package may draw its ceiling";
  EXPECT_EQ(tree.writes("node-b").size(), 1U);
}

struct LayoutRow {
  std::string name;
  std::size_t zones;
  std::string first_name;
};

class RaplfsLayout : public testing::TestWithParam<LayoutRow> {};

TEST_P(RaplfsLayout, loads) {
  Raplfs tree;
  tree.command("node n " + GetParam().name);
  std::size_t zones = 0;
  for (const std::string& name : names_in(tree.sys("n") + "/class/powercap"))
    zones += name.find(':') != name.npos ? 1 : 0;
  EXPECT_EQ(zones, GetParam().zones);
  if (zones > 0) {
    EXPECT_EQ(read_attribute(tree.zone("n", "intel-rapl:0") + "/name"), GetParam().first_name + "\n");
  }
}

INSTANTIATE_TEST_SUITE_P(All, RaplfsLayout,
                         testing::Values(LayoutRow{"server-2s", 4, "package-0"}, LayoutRow{"server-1s", 2, "package-0"},
                                         LayoutRow{"server-2s-psys", 4, "package-0"},
                                         LayoutRow{"server-spr", 4, "package-0"}, LayoutRow{"client", 5, "package-0"},
                                         LayoutRow{"client-ux3402", 4, "package-0"},
                                         LayoutRow{"client-9900k", 3, "package-0"}, LayoutRow{"amd", 4, "package-0"},
                                         LayoutRow{"mirrored-dies", 2, "package-0-die-0"},
                                         LayoutRow{"dies", 3, "package-0-die-0"}, LayoutRow{"gpus", 1, "package-0"},
                                         LayoutRow{"none", 0, ""}, LayoutRow{"zones-64", 64, "package-0"}),
                         RowName());

TEST(RaplfsTrees, a_refused_command_says_why) {
  Raplfs tree;
  EXPECT_THROW(tree.command("node n no-such-layout"), std::runtime_error);
  EXPECT_THROW(tree.command("set n x y z"), std::runtime_error);
  EXPECT_THROW(tree.command("dance"), std::runtime_error);
  tree.command("node n amd");
  EXPECT_THROW(tree.command("set n intel-rapl:0 colour red"), std::runtime_error);
}

}  // namespace
}  // namespace headroom::test
