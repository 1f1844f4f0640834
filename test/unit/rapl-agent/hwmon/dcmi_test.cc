#include "rapl-agent/hwmon/dcmi.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "rapl-agent/hwmon/run_program.h"
#include "runtime/system_clock.h"
#include "test/support/temporary_directory.h"

namespace headroom::rapl_agent::hwmon {
namespace {

// What ipmitool 1.8 prints.
constexpr const char* kPower = R"(
    Instantaneous power reading:                   220 Watts
    Minimum during sampling period:                 18 Watts
    Maximum during sampling period:                512 Watts
    Average power reading over sample period:      219 Watts
    IPMI timestamp:                           Mon Nov 23 10:00:00 2026
    Sampling period:                          00000001 Seconds.
    Power reading state is:                   activated
)";
constexpr const char* kTemperatures = R"(
	Entity ID			Entity Instance	   Temp. Readings
Inlet air temperature(40h)			1		+23 C
CPU temperature sensors(41h)			1		+50 C
)";

TEST(Dcmi, watts_are_read_from_what_ipmitool_prints) {
  EXPECT_EQ(parse_power_reading(kPower), base::watts(220));
  EXPECT_EQ(parse_power_reading("    Instantaneous power reading:   0 Watts\n"), std::nullopt);
  EXPECT_EQ(parse_power_reading("    Instantaneous power reading:   220 Watts\n Power reading state is: deactivated\n"),
            std::nullopt);
  EXPECT_EQ(parse_power_reading("DCMI request failed because: Invalid command (c1)\n"), std::nullopt);
  EXPECT_EQ(parse_power_reading(""), std::nullopt);
}

TEST(Dcmi, the_inlet_is_told_from_other_sensors) {
  EXPECT_EQ(parse_inlet_reading(kTemperatures), base::celsius(23));
  EXPECT_EQ(parse_inlet_reading("CPU temperature sensors(41h)  1  +50 C\n"), std::nullopt);
  EXPECT_EQ(parse_inlet_reading("Inlet air temperature(40h)  1  +250 C\n"), std::nullopt);
}

TEST(RunProgram, gives_the_output_and_says_what_went_wrong) {
  EXPECT_EQ(*run_program({"/bin/echo", "220", "Watts"}, base::Seconds(30), {}), "220 Watts\n");
  EXPECT_EQ(run_program({"/nowhere/ipmitool"}, base::Seconds(30), {}).error().kind, base::ErrorKind::not_found);
  EXPECT_EQ(run_program({"/bin/false"}, base::Seconds(30), {}).error().kind, base::ErrorKind::unavailable);
}

TEST(RunProgram, a_program_that_does_not_answer_is_ended) {
  EXPECT_THAT(run_program({"/bin/cat", "/dev/zero"}, base::Seconds(30), {}).error().message,
              testing::HasSubstr("no answer"));
  EXPECT_THAT(
      run_program({"/bin/sh", "-c", "read line < /dev/tty || exec tail -f /dev/null"}, base::Milliseconds(50), {})
          .error()
          .message,
      testing::HasSubstr("no answer"));
}

TEST(Dcmi, a_bmc_that_cannot_be_asked_is_a_note_and_no_domain) {
  runtime::SystemClock clock;
  DcmiMeter meter({"/nowhere/ipmitool", base::Seconds(10), base::Seconds(1)}, clock);
  while (meter.discover().notes.empty()) std::this_thread::yield();
  EXPECT_THAT(meter.discover().notes[0], testing::HasSubstr("no such program"));
  EXPECT_THAT(meter.discover().domains, testing::IsEmpty());
  EXPECT_EQ(meter.sample("node/dcmi").outcome, core::Outcome::transient);
}

TEST(Dcmi, what_the_bmc_says_is_a_meter_of_the_node) {
  const test::TemporaryDirectory directory;
  const std::string program =
      directory.write("ipmitool", "#!/bin/sh\necho ' Instantaneous power reading:  345 Watts'\n");
  ASSERT_EQ(::chmod(program.c_str(), 0755), 0);
  runtime::SystemClock clock;
  DcmiMeter meter({program, base::Seconds(10), base::Seconds(30)}, clock);
  while (meter.discover().domains.empty() && meter.discover().notes.empty()) std::this_thread::yield();
  ASSERT_EQ(meter.discover().domains.size(), 1U);
  EXPECT_EQ(meter.discover().domains[0].kind, core::DomainKind::node_meter);
  EXPECT_EQ(meter.sample("node/dcmi").power, base::watts(345));
}

}  // namespace
}  // namespace headroom::rapl_agent::hwmon
