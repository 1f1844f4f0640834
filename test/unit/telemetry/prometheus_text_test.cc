#include "telemetry/prometheus_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "telemetry/page_parser.h"
#include "test/support/table.h"
#include "test/unit/telemetry/pages.h"

namespace headroom::telemetry {
namespace {

using testing::ElementsAre;
using testing::Pair;

struct Parsed {
  std::vector<Sample> samples;
  std::vector<std::optional<base::Milliseconds>> stamps;
  TextSummary summary;
};

Parsed parse(std::string_view text, const TextLimits& limits = {}) {
  Parsed parsed;
  const TextVisitor visitor{[](std::string_view name) { return name != "other"; },
                            [&](const TextSample& sample) {
                              Sample copy;
                              copy.name = std::string(sample.name);
                              copy.value = sample.value;
                              for (const TextLabel& label : sample.labels) {
                                copy.labels.emplace_back(label.name, label.value);
                              }
                              parsed.samples.push_back(std::move(copy));
                              parsed.stamps.push_back(sample.timestamp);
                            }};
  parsed.summary = parse_prometheus_text(text, visitor, limits);
  return parsed;
}

struct Row {
  std::string name;
  std::string line;
  std::string expected;  // as to_string() shows it
  double value = 0;
};

class WellFormedLine : public testing::TestWithParam<Row> {};

TEST_P(WellFormedLine, GivesItsSample) {
  const Parsed parsed = parse(GetParam().line);
  ASSERT_EQ(parsed.samples.size(), 1U);
  EXPECT_EQ(to_string(parsed.samples[0]), GetParam().expected);
  EXPECT_EQ(parsed.samples[0].value, GetParam().value);
  EXPECT_EQ(parsed.summary.junk_lines, 0U);
}

INSTANTIATE_TEST_SUITE_P(
    Table, WellFormedLine,
    testing::Values(Row{"without labels", "up 1", "up{}", 1}, Row{"with empty braces", "up{} 1", "up{}", 1},
                    Row{"with two labels", R"(a{x="1",y="2"} 3.5)", R"(a{x="1",y="2"})", 3.5},
                    Row{"with a trailing comma", R"(a{x="1",} 3)", R"(a{x="1"})", 3},
                    Row{"with blanks everywhere", "  a { x = \"1\" , y = \"2\" }\t 3 ", R"(a{x="1",y="2"})", 3},
                    Row{"with braces inside a value", R"(a{x="}{,="} 3)", R"(a{x="}{,="})", 3},
                    Row{"with escapes", R"(a{x="q\"b\\n\nz",y="\t"} 3)", "a{x=\"q\"b\\n\nz\",y=\"\\t\"}", 3},
                    Row{"with a carriage return", "a 3\r", "a{}", 3}, Row{"with a plus sign", "a +3e2", "a{}", 300},
                    Row{"with infinity", "a +Inf", "a{}", HUGE_VAL},
                    Row{"with a colon in its name", "a:b 3", "a:b{}", 3},
                    Row{"with an exemplar", "a 3 # {trace=\"x\"} 1", "a{}", 3}),
    test::RowName());

struct JunkRow {
  std::string name;
  std::string line;
};

class JunkLine : public testing::TestWithParam<JunkRow> {};

TEST_P(JunkLine, IsCountedAndTheNextLineIsRead) {
  const Parsed parsed = parse(GetParam().line + "\nnext 7\n");
  EXPECT_EQ(parsed.summary.junk_lines, 1U);
  ASSERT_EQ(parsed.samples.size(), 1U);
  EXPECT_EQ(parsed.samples[0].name, "next");
}

INSTANTIATE_TEST_SUITE_P(
    Table, JunkLine,
    testing::Values(JunkRow{"a name alone", "a"}, JunkRow{"a number alone", "12"}, JunkRow{"text for a value", "a b"},
                    JunkRow{"an open brace", "a{x=\"1\" 3"}, JunkRow{"an open quote", "a{x=\"1} 3"},
                    JunkRow{"an escape at the end", "a{x=\"1\\"}, JunkRow{"a label without quotes", "a{x=1} 3"},
                    JunkRow{"a label without name", "a{=\"1\"} 3"},
                    JunkRow{"labels without comma", R"(a{x="1"y="2"} 3)"}, JunkRow{"a value with a tail", "a 3x"},
                    JunkRow{"a timestamp that is none", "a 3 now"}, JunkRow{"too many words", "a 3 4 5"},
                    JunkRow{"HTML", "<html><body>login</body>"}, JunkRow{"a number beyond double", "a 1e400"},
                    JunkRow{"a digit first", "1a 3"}),
    test::RowName());

TEST(PrometheusText, CommentsAndEmptyLinesAreNeitherSamplesNorJunk) {
  const Parsed parsed = parse("# HELP a text\n# TYPE a gauge\n\n   \n# anything\na 1");
  EXPECT_EQ(parsed.summary, (TextSummary{1, 0, 0}));
}

TEST(PrometheusText, UnwantedSeriesAreSkippedWithoutLookingAtThem) {
  EXPECT_EQ(parse("other{broken 1\na 2\n").summary, (TextSummary{1, 1, 0}));
}

TEST(PrometheusText, NaNIsASampleBecauseDialectsJudgeValues) {
  const Parsed parsed = parse("a NaN");
  ASSERT_EQ(parsed.samples.size(), 1U);
  EXPECT_TRUE(std::isnan(parsed.samples[0].value));
}

TEST(PrometheusText, TimestampsAreMilliseconds) {
  EXPECT_THAT(parse("a 1 1700000000123\nb 1 -5\nc 1").stamps,
              ElementsAre(base::Milliseconds(1700000000123), base::Milliseconds(-5), std::nullopt));
}

TEST(PrometheusText, LimitsOnLinesAndLabelsMakeJunk) {
  EXPECT_EQ(parse("a{x=\"0123456789\"} 1", {.line_bytes = 10}).summary.junk_lines, 1U);
  EXPECT_EQ(parse(R"(a{x="1",y="2"} 1)", {.labels = 1}).summary.junk_lines, 1U);
}

TEST(PrometheusText, EscapedValuesDoNotOverwriteEachOther) {
  const Parsed parsed = parse(R"(a{x="1\\",y="2\\",z="3\\"} 1)");
  ASSERT_EQ(parsed.samples.size(), 1U);
  EXPECT_THAT(parsed.samples[0].labels, ElementsAre(Pair("x", "1\\"), Pair("y", "2\\"), Pair("z", "3\\")));
}

TEST(PageParser, RecordedKeplerPageIsReadWithoutJunkAndWithoutProcesses) {
  const auto poll = parse_page(test::file("kepler/kepler-0.11-with-pods.prom"), test::kNoon);
  ASSERT_TRUE(poll.ok());
  EXPECT_EQ(poll->junk_lines, 0U);
  EXPECT_FALSE(poll->samples.empty());
  for (const Sample& sample : poll->samples) {
    EXPECT_FALSE(sample.name.starts_with("kepler_process")) << to_string(sample);
    EXPECT_EQ(sample.time, test::kNoon);
  }
}

TEST(PageParser, OwnTimestampsCountUnlessTheyLieInTheFuture) {
  const auto poll =
      parse_page("kepler_node_power_watts 1 1799999990000\nkepler_node_power_watts 2 99999999999999999\n", test::kNoon);
  ASSERT_TRUE(poll.ok());
  EXPECT_EQ(poll->samples[0].time, test::at(-10));
  EXPECT_EQ(poll->samples[1].time, test::kNoon);
}

TEST(PageParser, APageWithoutAnySampleIsAnError) {
  const auto poll = parse_page("<html>\nlogin\nPlease log in\n</html>", test::kNoon);
  ASSERT_FALSE(poll.ok());
  EXPECT_EQ(poll.error().kind, base::ErrorKind::invalid_input);
}

}  // namespace
}  // namespace headroom::telemetry
