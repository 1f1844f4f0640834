#include "scoring/decision_record.h"

#include <gtest/gtest.h>

#include "test/support/table.h"

namespace headroom::scoring {
namespace {

using base::watts;

TEST(DecisionRecord, survives_its_own_text) {
  DecisionRecord record;
  record.estimate = base::microwatts(350'500'000);
  record.provenance = "devices";
  record.rack = "rack \"7\"\n";
  record.policies = {"gold", "silver"};
  record.snapshot_age_ms = 12;
  record.telemetry_age_ms = 3'000;
  record.score = 7;
  record.would_refuse = "PowerLimit";
  const auto read = from_json(to_json(record));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(*read, record);
}

TEST(DecisionRecord, what_is_empty_is_left_out) {
  const std::string text = to_json({});
  EXPECT_EQ(text.find("rack"), std::string::npos);
  EXPECT_EQ(text.find("policies"), std::string::npos);
  EXPECT_EQ(text.find("wouldRefuse"), std::string::npos);
}

TEST(DecisionRecord, a_name_that_is_no_utf8_still_gives_json) {
  DecisionRecord record;
  record.rack = "r\xff";
  EXPECT_TRUE(from_json(to_json(record)).ok());
}

TEST(DecisionRecord, keys_of_other_versions_are_ignored) {
  const auto read = from_json(R"({"estimatedWatts": 5, "scenario": {"lost": ["feed-a"]}})");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->estimate, watts(5));
}

struct Broken {
  std::string name;
  std::string text;
};
class BrokenRecord : public testing::TestWithParam<Broken> {};

TEST_P(BrokenRecord, is_refused_with_a_reason) {
  const auto read = from_json(GetParam().text);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().kind, base::ErrorKind::invalid_input);
  EXPECT_FALSE(granted_watts(GetParam().text).has_value());
}

INSTANTIATE_TEST_SUITE_P(
    Table, BrokenRecord,
    testing::Values(Broken{"nothing", ""}, Broken{"no json", "x"}, Broken{"an array", "[]"}, Broken{"a number", "5"},
                    Broken{"no estimate", "{}"}, Broken{"an estimate in words", R"({"estimatedWatts":"5"})"},
                    Broken{"a negative estimate", R"({"estimatedWatts":-5})"},
                    Broken{"an estimate no machine has", R"({"estimatedWatts":1e9})"},
                    Broken{"a rack that is no text", R"({"estimatedWatts":5,"rack":7})"},
                    Broken{"a score that is no integer", R"({"estimatedWatts":5,"score":1.5})"},
                    Broken{"policies that are no list", R"({"estimatedWatts":5,"policies":"gold"})"},
                    Broken{"a policy that is no text", R"({"estimatedWatts":5,"policies":[7]})"},
                    Broken{"cut off", R"({"estimatedWatts":5)"},
                    Broken{"deeper than any of ours", std::string(20'000, '[')}),
    test::RowName());

}  // namespace
}  // namespace headroom::scoring
