// The arithmetic of the simulated registers against the values that a 6.12 kernel gave.
#include <gtest/gtest.h>

#include <limits>

#include "test/rigs/raplfs/registers.h"
#include "test/rigs/raplfs/silicon.h"
#include "test/rigs/raplfs/words.h"
#include "test/support/table.h"

namespace headroom::raplfs {
namespace {

struct PowerRow {
  std::string name;
  std::uint64_t written;
  std::uint64_t read;
};

class PowerRegister : public testing::TestWithParam<PowerRow> {};

TEST_P(PowerRegister, reads_back_as_the_kernel_does) {
  EXPECT_EQ(power_microwatts(power_register(GetParam().written)), GetParam().read);
}

INSTANTIATE_TEST_SUITE_P(Measured, PowerRegister,
                         testing::Values(PowerRow{"whole units stay", 100'000'000, 100'000'000},
                                         PowerRow{"parts of a unit are cut off", 100'060'000, 100'000'000},
                                         PowerRow{"less than a unit is nothing", 1, 0}, PowerRow{"zero is taken", 0, 0},
                                         PowerRow{"the highest value of the field", 4'095'875'000, 4'095'875'000},
                                         PowerRow{"one unit above it wraps to zero", 4'096'000'000, 0},
                                         PowerRow{"above it the rest remains", 4'200'000'000, 104'000'000},
                                         PowerRow{"the largest number", std::numeric_limits<std::uint64_t>::max(),
                                                  1'517'500'000}),
                         test::RowName());

struct WindowRow {
  std::string name;
  std::uint64_t written;
  std::uint64_t read;
};

class WindowRegister : public testing::TestWithParam<WindowRow> {};

TEST_P(WindowRegister, reads_back_as_the_kernel_does) {
  EXPECT_EQ(window_microseconds(window_register(GetParam().written)), GetParam().read);
}

INSTANTIATE_TEST_SUITE_P(
    Measured, WindowRegister,
    testing::Values(WindowRow{"a second is rounded down", 1'000'000, 999'424},
                    WindowRow{"what was read can be written", 999'424, 999'424},
                    WindowRow{"28 seconds", 28'000'000, 27'983'872}, WindowRow{"its own value", 27'983'872, 27'983'872},
                    WindowRow{"too short is one unit", 1, 976},
                    WindowRow{"too long saturates and overflows", 99'999'999'999'999, 4'611'682'350'525'317'120}),
    test::RowName());

TEST(RaplfsNumbers, only_what_kstrtou64_takes) {
  EXPECT_EQ(parse_number("+80000000"), 80'000'000U);
  EXPECT_EQ(parse_number("100000000\n"), 100'000'000U);
  EXPECT_EQ(parse_number("18446744073709551615"), std::numeric_limits<std::uint64_t>::max());
  for (const char* refused : {"18446744073709551616", "-1", "1e8", " 90000000", "90000000 ", "0x5f5e100",
                              "91000000\n92000000", "", "\n", "+"}) {
    EXPECT_FALSE(parse_number(refused)) << '"' << refused << '"';
  }
}

TEST(RaplfsNumbers, only_what_kstrtobool_takes) {
  for (const char* on : {"1", "y", "on", "1\n"}) EXPECT_EQ(parse_switch(on), true) << on;
  for (const char* off : {"0", "n", "off"}) EXPECT_EQ(parse_switch(off), false) << off;
  for (const char* refused : {"2", "", "o", "-1"}) EXPECT_FALSE(parse_switch(refused)) << refused;
}

TEST(RaplfsNumbers, energy_ranges_of_real_machines) {
  EXPECT_EQ(energy_range_microjoules(61'035), 262'143'328'850U);
  EXPECT_EQ(energy_range_microjoules(15'300), 65'712'999'613U);
  EXPECT_EQ(energy_range_microjoules(1'000'000'000), 4'294'967'295'000'000U);
}

TEST(RaplfsNumbers, an_energy_counter_wraps_past_its_range) {
  const double range = static_cast<double>(energy_range_microjoules(61'035));
  EXPECT_LT(energy_microjoules(range + 5e6, 61'035), 6'000'000U);
  EXPECT_GT(energy_microjoules(range - 5e6, 61'035), 262'138'000'000U);
}

TEST(RaplfsSilicon, draws_what_it_wants_within_the_lowest_enforced_cap_and_counts_it) {
  Silicon silicon;
  silicon.demand = 200e6;
  silicon.ceiling = 258e6;
  silicon.advance(0);
  silicon.set_cap("msr", {true, 150e6});
  silicon.set_cap("mmio", {true, 100e6});
  silicon.advance(2'000'000);
  EXPECT_DOUBLE_EQ(silicon.consumed_microjoules(), 200e6);
  silicon.set_cap("mmio", {false, 0});
  EXPECT_DOUBLE_EQ(silicon.effective_cap(), 150e6);
  silicon.set_cap("msr", {false, 0});
  EXPECT_DOUBLE_EQ(silicon.effective_cap(), 258e6);
  EXPECT_DOUBLE_EQ(silicon.power(), 200e6);
}

TEST(RaplfsSilicon, does_not_go_below_its_floor) {
  Silicon silicon;
  silicon.demand = 200e6;
  silicon.floor = 60e6;
  silicon.ceiling = 258e6;
  silicon.set_cap("msr", {true, 10e6});
  EXPECT_DOUBLE_EQ(silicon.power(), 60e6);
}

TEST(RaplfsWords, quotes_hold_blanks_and_newlines_and_options_stand_apart) {
  const Words words(R"(fault node-a intel-rapl:0 energy_uj read content="a b\n" count=2)");
  EXPECT_EQ(words.count(), 5U);
  EXPECT_EQ(words.option("content", ""), "a b\n");
  EXPECT_EQ(words.option("count", ""), "2");
}

}  // namespace
}  // namespace headroom::raplfs
