#include "base/api_time.h"

#include <gtest/gtest.h>

#include <string>

#include "test/support/table.h"

namespace headroom::base {
namespace {

TEST(ApiTime, MicroTimeHasExactlySixFractionDigits) {
  EXPECT_EQ(format_micro_time(WallTime(Seconds(1'800'000'000))), "2027-01-15T08:00:00.000000Z");
  EXPECT_EQ(format_micro_time(WallTime(Microseconds(1'800'000'000'000'042))), "2027-01-15T08:00:00.000042Z");
}

TEST(ApiTime, TimeHasNoFraction) {
  EXPECT_EQ(format_time(WallTime(Microseconds(1'800'000'000'999'999))), "2027-01-15T08:00:00Z");
}

TEST(ApiTime, WhatIsWrittenReadsBack) {
  const WallTime time(Microseconds(1'700'000'123'456'789));
  const auto read = parse_api_time(format_micro_time(time));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, time);
}

struct Row {
  std::string name;
  std::string text;
  std::int64_t micros;  // negative: refused
};
class ApiTimeForm : public testing::TestWithParam<Row> {};

TEST_P(ApiTimeForm, IsReadOrRefused) {
  const auto read = parse_api_time(GetParam().text);
  ASSERT_EQ(read.ok(), GetParam().micros >= 0);
  if (read.ok()) {
    EXPECT_EQ(read->time_since_epoch().count(), GetParam().micros);
  } else {
    EXPECT_NE(read.error().message.find("RFC 3339"), std::string::npos);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, ApiTimeForm,
    testing::Values(Row{"seconds", "1970-01-01T00:01:00Z", 60'000'000},
                    Row{"nine fraction digits", "1970-01-01T00:00:00.123456789Z", 123'456},
                    Row{"one fraction digit", "1970-01-01T00:00:00.5Z", 500'000},
                    Row{"an offset to the east", "1970-01-01T02:00:00+01:30", 1'800'000'000},
                    Row{"an offset to the west", "1970-01-01T00:00:00-00:30", 1'800'000'000},
                    Row{"a leap day", "2024-02-29T00:00:00Z", 1'709'164'800'000'000},
                    Row{"no leap day", "2023-02-29T00:00:00Z", -1}, Row{"no zone", "1970-01-01T00:00:00", -1},
                    Row{"no time", "1970-01-01", -1}, Row{"month 13", "1970-13-01T00:00:00Z", -1},
                    Row{"hour 24", "1970-01-01T24:00:00Z", -1}, Row{"trailing text", "1970-01-01T00:00:00Zx", -1},
                    Row{"a point without digits", "1970-01-01T00:00:00.Z", -1}, Row{"empty", "", -1}),
    test::RowName());

}  // namespace
}  // namespace headroom::base
