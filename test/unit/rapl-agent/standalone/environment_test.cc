#include "rapl-agent/standalone/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "test/support/table.h"

namespace headroom::rapl_agent::standalone {
namespace {

using testing::HasSubstr;

// The DaemonSet of powercap's README.
Environment daemon_set() {
  return {{"MAX_SOURCE", "140000000"}, {"RAPL_LIMIT", "40"}, {"STABILISATION_TIME", "120"}, {"ALPHA", "4"},
          {"PMAX_FUNC", "min"},        {"NODE_NAME", "n1"}};
}

TEST(Environment, the_daemon_set_of_powercaps_readme_reads_as_it_means) {
  const auto settings = read_environment(daemon_set());
  ASSERT_TRUE(settings.ok()) << settings.error().message;
  EXPECT_EQ(settings->node_name, "n1");
  EXPECT_EQ(settings->max_source, base::watts(140));
  EXPECT_EQ(settings->min_power, base::watts(10));
  EXPECT_EQ(settings->period, base::Seconds(120));
  EXPECT_EQ(settings->alpha, 4);
  EXPECT_EQ(settings->originals_floor, (OriginalsFloor{base::percent(40), Originals::minimum}));
  EXPECT_EQ(settings->scope, CapScope::node);
  EXPECT_EQ(settings->source, SourceKind::sine);
  EXPECT_THAT(settings->remarks, testing::ElementsAre(HasSubstr("only raise the floor")));
}

TEST(Environment, defaults_are_those_of_powercap) {
  const auto settings = read_environment({{"NODE_NAME", "n1"}, {"MAX_SOURCE", ""}, {"ALPHA", ""}});
  ASSERT_TRUE(settings.ok());
  EXPECT_EQ(settings->max_source, base::watts(40));
  EXPECT_EQ(settings->min_power, base::watts(10));
  EXPECT_EQ(settings->period, base::Seconds(300));
  EXPECT_EQ(settings->alpha, 4);
  EXPECT_FALSE(settings->originals_floor);
  EXPECT_TRUE(settings->remarks.empty());
}

struct BadRow {
  std::string name;
  std::string variable;
  std::string value;
};
class BadValue : public testing::TestWithParam<BadRow> {};

TEST_P(BadValue, is_named) {
  auto environment = daemon_set();
  environment[GetParam().variable] = GetParam().value;
  const auto settings = read_environment(environment);
  ASSERT_FALSE(settings.ok());
  EXPECT_THAT(settings.error().message, HasSubstr(GetParam().variable));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadValue,
    testing::Values(
        BadRow{"no node name", "NODE_NAME", ""}, BadRow{"a source of text", "MAX_SOURCE", "lots"},
        BadRow{"a negative source", "MAX_SOURCE", "-1"}, BadRow{"a source that is no number", "MAX_SOURCE", "nan"},
        BadRow{"a floor of zero", "RAPL_MIN_POWER", "0"}, BadRow{"a period of zero", "STABILISATION_TIME", "0"},
        BadRow{"a negative period", "STABILISATION_TIME", "-5"}, BadRow{"an exponent of zero", "ALPHA", "0"},
        BadRow{"a share above all", "RAPL_LIMIT", "140"}, BadRow{"an unknown function", "PMAX_FUNC", "median"},
        BadRow{"an unknown scope", "POWERCAP_SCOPE", "rack"}, BadRow{"an unknown source", "CAP_SOURCE", "epex"},
        BadRow{"a table without a place", "CAP_SOURCE", "table"},
        BadRow{"a query without a server", "CAP_SOURCE", "prometheus"}),
    test::RowName());

TEST(Environment, all_problems_are_told_at_once) {
  const auto settings = read_environment({{"MAX_SOURCE", "x"}, {"ALPHA", "-1"}});
  ASSERT_FALSE(settings.ok());
  for (const auto* name : {"NODE_NAME", "MAX_SOURCE", "ALPHA"}) EXPECT_THAT(settings.error().message, HasSubstr(name));
}

struct PeriodRow {
  std::string name;
  std::string written;
  base::Milliseconds period;
};
class Period : public testing::TestWithParam<PeriodRow> {};

TEST_P(Period, is_read) {
  const auto settings = read_environment({{"NODE_NAME", "n"}, {"STABILISATION_TIME", GetParam().written}});
  ASSERT_TRUE(settings.ok()) << settings.error().message;
  EXPECT_EQ(settings->period, GetParam().period);
}

INSTANTIATE_TEST_SUITE_P(Table, Period,
                         testing::Values(PeriodRow{"a plain number is seconds", "300", base::Seconds(300)},
                                         PeriodRow{"two minutes are two minutes and not two milliseconds", "2m",
                                                   base::Seconds(120)},
                                         PeriodRow{"fractions", "1.5", base::Milliseconds(1'500)},
                                         PeriodRow{"a unit of seconds", "90s", base::Seconds(90)}),
                         test::RowName());

struct SelectedRow {
  std::string name;
  Environment environment;
  std::string program;
  bool selected;
};
class Selected : public testing::TestWithParam<SelectedRow> {};

TEST_P(Selected, tells) {
  EXPECT_EQ(is_selected(GetParam().environment, GetParam().program), GetParam().selected);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Selected,
    testing::Values(SelectedRow{"a node agent is none", {{"NODE_NAME", "n"}}, "/usr/bin/rapl-agent", false},
                    SelectedRow{"a source makes it one", {{"MAX_SOURCE", "1"}}, "rapl-agent", true},
                    SelectedRow{"so does a period", {{"STABILISATION_TIME", ""}}, "rapl-agent", true},
                    SelectedRow{"and the program's name", {}, "/app/powercap", true},
                    SelectedRow{"but no name that only contains it", {}, "/app/powercap/agent", false}),
    test::RowName());

TEST(Environment, entries_of_main_are_taken_apart_at_the_first_equals_sign) {
  const char* const entries[] = {"A=1", "B=x=y", "C=", "nonsense", nullptr};
  EXPECT_EQ(environment_of(entries), (Environment{{"A", "1"}, {"B", "x=y"}, {"C", ""}}));
}

}  // namespace
}  // namespace headroom::rapl_agent::standalone
