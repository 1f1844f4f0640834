#include "rapl-agent/standalone/sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "test/support/table.h"
#include "test/support/temporary_directory.h"

namespace headroom::rapl_agent::standalone {
namespace {

using testing::HasSubstr;

constexpr Scale kWatts{SourceUnit::watts, base::watts(140)};

Moment at(int hour, int minute, int day = 0) {
  return {base::WallTime(base::Seconds(1'800'000'000) + std::chrono::hours(24 * day)), hour * 60 + minute};
}

TEST(DayTable, a_row_holds_until_the_next_and_the_last_until_midnight) {
  const auto table = DayTable::parse("time,watts\n# comment\n06:00,100\n\n12:30, 200\r\n23:45,50");
  ASSERT_TRUE(table.ok()) << table.error().message;
  EXPECT_FALSE(table->at(5 * 60 + 59));
  EXPECT_EQ(table->at(6 * 60)->value, 100);
  EXPECT_EQ(table->at(12 * 60 + 29)->value, 100);
  EXPECT_EQ(table->at(12 * 60 + 30)->value, 200);
  EXPECT_EQ(table->at(23 * 60 + 44)->value, 200);
  EXPECT_EQ(table->at(23 * 60 + 45)->value, 50);
  EXPECT_EQ(table->at(23 * 60 + 59)->value, 50);
}

TEST(DayTable, the_last_quarter_of_the_day_has_data_however_its_end_is_written) {
  for (const std::string end : {"24:00", "00:00"}) {
    const auto table = DayTable::parse("23:30-23:45,1\n23:45-" + end + ",2");
    ASSERT_TRUE(table.ok()) << table.error().message;
    EXPECT_EQ(table->at(23 * 60 + 59)->value, 2);
    EXPECT_EQ(table->at(23 * 60 + 44)->value, 1);
  }
}

TEST(DayTable, columns_of_the_market_are_found_by_their_titles) {
  const auto table =
      DayTable::parse("time,share,area,price,volume\n06:00,0.4,DE,-3.5,812.44\n07:00,0.5,DE,,\n08:00,0.6\n");
  ASSERT_TRUE(table.ok()) << table.error().message;
  EXPECT_EQ(table->market_of(*table->at(6 * 60)), (MarketFacts{"812.4", "-3.50"}));
  EXPECT_EQ(table->market_of(*table->at(7 * 60)), (MarketFacts{"", ""}));
  EXPECT_EQ(table->market_of(*table->at(8 * 60)), (MarketFacts{"", ""}));
  const auto plain = DayTable::parse("06:00,0.4\n");
  EXPECT_EQ(plain->market_of(*plain->at(6 * 60)), MarketFacts{});
}

TEST(DayTable, a_row_with_an_end_leaves_a_gap_behind_it) {
  const auto table = DayTable::parse("06:00-07:00,1\n08:00,2");
  ASSERT_TRUE(table.ok());
  EXPECT_TRUE(table->at(6 * 60 + 59));
  EXPECT_FALSE(table->at(7 * 60));
  EXPECT_TRUE(table->at(8 * 60));
}

struct BadTableRow {
  std::string name;
  std::string text;
  std::string says;
};
class BadTable : public testing::TestWithParam<BadTableRow> {};

TEST_P(BadTable, says_where) {
  const auto table = DayTable::parse(GetParam().text);
  ASSERT_FALSE(table.ok());
  EXPECT_THAT(table.error().message, HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadTable,
    testing::Values(BadTableRow{"an empty file", "", "no row"}, BadTableRow{"titles alone", "time,watts\n", "no row"},
                    BadTableRow{"a time that is none", "00:00,1\n25:00,2", "line 2"},
                    BadTableRow{"minutes past the hour", "00:00,1\n10:60,2", "line 2"},
                    BadTableRow{"a value that is none", "00:00,1\n10:00,x", "line 2"},
                    BadTableRow{"an end before its begin", "00:00,1\n10:00-09:00,2", "line 2"},
                    BadTableRow{"the same begin twice", "10:00,1\n10:00,2", "10:00"},
                    BadTableRow{"a price that is none", "time,watts,price\n00:00,1,dear", "line 2"},
                    BadTableRow{"columns that nothing names", "00:00,1\n10:00,2,3", "line 2"},
                    BadTableRow{"rows that overlap", "10:00-12:00,1\n11:00,2", "10:00"}),
    test::RowName());

TEST(Scale, turns_watts_microwatts_and_shares_into_power_and_refuses_what_is_none) {
  EXPECT_EQ(power_of(70, kWatts), base::watts(70));
  EXPECT_EQ(power_of(70e6, {SourceUnit::microwatts, {}}), base::watts(70));
  EXPECT_EQ(power_of(0.5, {SourceUnit::share, base::watts(140)}), base::watts(70));
  EXPECT_FALSE(power_of(-1, kWatts));
  EXPECT_FALSE(power_of(std::nan(""), kWatts));
  EXPECT_FALSE(power_of(1e30, kWatts));
}

TEST(TableSource, answers_with_the_row_of_the_minute_and_reads_the_file_anew) {
  const test::TemporaryDirectory directory;
  const auto path = directory.write("table.csv", "00:00,80\n12:00,120\n");
  TableSource source(path, kWatts);
  const auto noon = source.power_at(at(12, 0));
  ASSERT_TRUE(noon.ok()) << noon.error().message;
  EXPECT_EQ(noon->power, base::watts(120));
  EXPECT_EQ(noon->period, "12:00-24:00");
  directory.write("table.csv", "00:00,60\n");
  EXPECT_EQ(source.power_at(at(12, 1))->power, base::watts(60));
}

TEST(TableSource, a_table_that_vanished_serves_for_another_day_and_no_longer) {
  const test::TemporaryDirectory directory;
  const auto path = directory.write("table.csv", "00:00,80\n");
  TableSource source(path, kWatts);
  ASSERT_TRUE(source.power_at(at(12, 0)).ok());
  std::filesystem::remove(path);
  EXPECT_EQ(source.power_at(at(12, 0, 1))->power, base::watts(80));
  const auto late = source.power_at(at(12, 0, 2));
  ASSERT_FALSE(late.ok());
  EXPECT_THAT(late.error().message, HasSubstr(path));
}

TEST(TableSource, a_minute_without_a_row_has_no_answer) {
  const test::TemporaryDirectory directory;
  TableSource source(directory.write("table.csv", "06:00-07:00,80\n"), kWatts);
  EXPECT_FALSE(source.power_at(at(7, 0)).ok());
}

TEST(Sources, the_settings_choose) {
  Settings settings;
  settings.max_source = base::watts(140);
  EXPECT_EQ(make_source(settings)->power_at(at(12, 0))->power, base::watts(140));
  EXPECT_EQ(make_source(settings)->power_at(at(20, 0))->power, base::Power{});
  settings.source = SourceKind::fixed;
  EXPECT_EQ(make_source(settings)->power_at(at(20, 0))->power, base::watts(140));
}

}  // namespace
}  // namespace headroom::rapl_agent::standalone
