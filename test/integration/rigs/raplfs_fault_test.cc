// Faults of single accesses, and the hwmon chips' own ways.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <future>

#include "test/rigs/raplfs_fixture.h"

namespace headroom::test {
namespace {

class RaplfsFaults : public testing::Test {
 protected:
  RaplfsFaults() {
    tree.command("node node-a server-2s");
    limit = tree.zone("node-a", "intel-rapl:0") + "/constraint_0_power_limit_uw";
    energy = tree.zone("node-a", "intel-rapl:0") + "/energy_uj";
  }

  Raplfs tree;
  std::string limit;
  std::string energy;
};

TEST_F(RaplfsFaults, an_errno_hits_as_often_as_it_says_and_only_there) {
  tree.command("fault node-a intel-rapl:0 constraint_0_power_limit_uw write errno=EIO count=2");
  EXPECT_EQ(write_attribute(limit, "90000000"), EIO);
  EXPECT_EQ(write_attribute(limit, "90000000"), EIO);
  EXPECT_EQ(write_attribute(limit, "90000000"), 0);
  EXPECT_EQ(write_attribute(tree.zone("node-a", "intel-rapl:1") + "/constraint_0_power_limit_uw", "90000000"), 0);
  EXPECT_EQ(tree.writes().at(0).result, "EIO");
}

TEST_F(RaplfsFaults, a_fault_of_a_zone_spares_its_subzones) {
  tree.command("fault node-a intel-rapl:0 energy_uj read errno=EINVAL");
  EXPECT_FALSE(read_attribute(energy));
  EXPECT_EQ(errno, EINVAL);
  EXPECT_TRUE(read_attribute(tree.zone("node-a", "intel-rapl:0:0") + "/energy_uj"));
}

TEST_F(RaplfsFaults, opening_can_fail) {
  tree.command("fault node-a * * open errno=EACCES");
  EXPECT_EQ(write_attribute(limit, "90000000"), EACCES);
  tree.command("release all");
  EXPECT_EQ(write_attribute(limit, "90000000"), 0);
}

TEST_F(RaplfsFaults, reads_can_give_garbage_nothing_and_without_end) {
  tree.command(R"(fault node-a intel-rapl:0 energy_uj read content="abc\n" count=1)");
  tree.command(R"(fault node-a intel-rapl:0 energy_uj read content="" count=1)");
  tree.command("fault node-a intel-rapl:0 energy_uj read endless=5000000000 count=1");
  EXPECT_EQ(read_attribute(energy), "abc\n");
  EXPECT_EQ(read_attribute(energy), "");
  const int file = ::open(energy.c_str(), O_RDONLY | O_CLOEXEC);
  std::string some(100'000, ' ');
  ssize_t got = 0;
  while (got < 1'000'000) {
    const ssize_t count = ::read(file, some.data(), some.size());
    ASSERT_GT(count, 0);
    got += count;
  }
  EXPECT_EQ(some.front(), '9');
  ::close(file);
}

TEST_F(RaplfsFaults, a_short_read_gives_the_value_in_pieces) {
  tree.command("fault node-a intel-rapl:0 constraint_0_power_limit_uw read short=3 count=1");
  const int file = ::open(limit.c_str(), O_RDONLY | O_CLOEXEC);
  std::string text;
  std::string piece(64, ' ');
  for (ssize_t count = 0; (count = ::read(file, piece.data(), piece.size())) > 0;) {
    EXPECT_LE(count, 3);
    text += piece.substr(0, static_cast<std::size_t>(count));
  }
  ::close(file);
  EXPECT_EQ(text, "125000000\n");
}

TEST_F(RaplfsFaults, a_short_write_stores_what_it_took) {
  tree.command("fault node-a intel-rapl:0 constraint_0_power_limit_uw write short=3 count=1");
  const int file = ::open(limit.c_str(), O_WRONLY | O_CLOEXEC);
  EXPECT_EQ(::write(file, "100000000", 9), 3);
  ::close(file);
  EXPECT_EQ(read_attribute(limit), "0\n");
  EXPECT_EQ(tree.writes().at(0).result, "short=3");
}

TEST_F(RaplfsFaults, a_dropped_write_and_a_changed_one_say_ok) {
  tree.command("fault node-a intel-rapl:0 constraint_0_power_limit_uw write ignore count=1");
  tree.command("fault node-a intel-rapl:0 constraint_0_power_limit_uw write instead=62000000 count=1");
  EXPECT_EQ(write_attribute(limit, "90000000"), 0);
  EXPECT_EQ(read_attribute(limit), "125000000\n");
  EXPECT_EQ(tree.writes().at(0).result, "dropped");
  EXPECT_EQ(write_attribute(limit, "90000000"), 0);
  EXPECT_EQ(read_attribute(limit), "62000000\n");
}

TEST_F(RaplfsFaults, a_hanging_read_waits_until_released_and_hinders_nobody_else) {
  const std::string fault = tree.command("fault node-a intel-rapl:0 energy_uj read hang count=1");
  auto hanging = std::async(std::launch::async, [this] { return read_attribute(energy); });
  ASSERT_TRUE(tree.wait_hanging(1));
  EXPECT_EQ(write_attribute(limit, "90000000"), 0);
  EXPECT_TRUE(read_attribute(energy)) << "the fault is spent: another read of the same file goes through";
  tree.command("release " + fault);
  EXPECT_TRUE(hanging.get());
  EXPECT_EQ(tree.command("hanging"), "0");
}

TEST_F(RaplfsFaults, a_hanging_write_can_end_in_an_error_and_takes_effect_only_at_its_end) {
  const std::string fault = tree.command("fault node-a intel-rapl:0 constraint_0_power_limit_uw write hang count=1");
  auto hanging = std::async(std::launch::async, [this] { return write_attribute(limit, "90000000"); });
  ASSERT_TRUE(tree.wait_hanging(1));
  EXPECT_EQ(read_attribute(limit), "125000000\n");
  tree.command("vanish node-a intel-rapl:0");
  tree.command("release " + fault);
  EXPECT_EQ(hanging.get(), ENODEV);
}

TEST_F(RaplfsFaults, accesses_under_way_fail_when_the_tree_is_taken_down) {
  auto ended = std::make_unique<Raplfs>();
  ended->command("node n server-1s");
  const std::string file = ended->zone("n", "intel-rapl:0") + "/energy_uj";
  ended->command("fault n intel-rapl:0 energy_uj read hang");
  auto hanging = std::async(std::launch::async, [file] {
    const bool read = read_attribute(file).has_value();
    return std::pair(read, errno);
  });
  ASSERT_TRUE(ended->wait_hanging(1));
  ended.reset();
  const auto [read, error] = hanging.get();
  EXPECT_FALSE(read);
  EXPECT_TRUE(error == ECONNABORTED || error == ENOTCONN) << error;
}

TEST_F(RaplfsFaults, reads_are_logged_on_demand) {
  tree.command("log reads on");
  ASSERT_TRUE(read_attribute(limit));
  tree.command("log reads off");
  ASSERT_TRUE(read_attribute(limit));
  const auto log = tree.log();
  EXPECT_EQ(std::count_if(log.begin(), log.end(), [](const Recorded& line) { return line.event == "read"; }), 1);
}

class RaplfsChips : public testing::Test {
 protected:
  RaplfsChips() { tree.command("node n gpus"); }
  [[nodiscard]] std::string chip(int index) const {
    return tree.sys("n") + "/class/hwmon/hwmon" + std::to_string(index);
  }

  Raplfs tree;
};

TEST_F(RaplfsChips, amdgpu_keeps_whole_watts_and_refuses_what_is_out_of_range) {
  const std::string cap = chip(3) + "/power1_cap";
  EXPECT_EQ(write_attribute(cap, "249900000"), 0);
  EXPECT_EQ(read_attribute(cap), "249000000\n");
  EXPECT_EQ(write_attribute(cap, "200000000"), EINVAL);
  EXPECT_EQ(write_attribute(cap, "0"), EINVAL);
  EXPECT_EQ(write_attribute(cap, "5000000000"), ERANGE);
  EXPECT_EQ(tree.command("get n hwmon/0000:03:00.0 cap"), "249000000");
}

TEST_F(RaplfsChips, amdgpu_in_reset_says_eperm_and_a_failing_one_an_empty_line) {
  tree.command("set n 0000:03:00.0 state reset");
  EXPECT_EQ(write_attribute(chip(3) + "/power1_cap", "250000000"), EPERM);
  tree.command("set n 0000:03:00.0 state failing");
  EXPECT_EQ(read_attribute(chip(3) + "/power1_average"), "\n");
}

TEST_F(RaplfsChips, xe_takes_zero_as_no_limit_and_calls_its_burst_cap) {
  EXPECT_EQ(read_attribute(chip(5) + "/power1_cap"), "180000000\n");
  EXPECT_EQ(write_attribute(chip(5) + "/power1_max", "0"), 0);
  EXPECT_EQ(tree.command("get n hwmon/0000:83:00.0 cap"), "150000000") << "its ceiling";
}

TEST_F(RaplfsChips, a_chip_is_found_by_its_address_under_any_number) {
  EXPECT_EQ(std::filesystem::canonical(chip(3) + "/device").filename(), "0000:03:00.0");
  tree.command("vanish n 0000:03:00.0");
  EXPECT_FALSE(std::filesystem::exists(chip(3)));
  tree.command("return n 0000:03:00.0 index=9");
  EXPECT_EQ(read_attribute(chip(9) + "/name"), "amdgpu\n");
  EXPECT_EQ(read_attribute(chip(9) + "/device/uevent"), "DRIVER=amdgpu\nPCI_SLOT_NAME=0000:03:00.0\n");
}

TEST_F(RaplfsChips, faults_reach_chips_by_their_key) {
  tree.command("fault n 0000:43:00.0 power1_cap write errno=EPERM count=1");
  EXPECT_EQ(write_attribute(chip(3) + "/power1_cap", "250000000"), 0);
  EXPECT_EQ(write_attribute(chip(4) + "/power1_cap", "250000000"), EPERM);
}

TEST(RaplfsCpufreq, a_frequency_is_clamped_into_the_hardwares_range) {
  Raplfs tree;
  tree.command("node n server-1s");
  const std::string file = tree.sys("n") + "/devices/system/cpu/cpu0/cpufreq/scaling_max_freq";
  EXPECT_EQ(write_attribute(file, "2000000"), 0);
  EXPECT_EQ(read_attribute(file), "2000000\n");
  EXPECT_EQ(write_attribute(file, "100"), 0);
  EXPECT_EQ(read_attribute(file), "1000000\n");
}

}  // namespace
}  // namespace headroom::test
