#include "telemetry/query_reply.h"

#include <gtest/gtest.h>

#include <cmath>

#include "test/support/table.h"

namespace headroom::telemetry {
namespace {

TEST(QueryReply, AVectorGivesARowPerSeries) {
  const auto rows = parse_query_reply(R"({"status":"success","data":{"resultType":"vector","result":[)"
                                      R"({"metric":{"__name__":"a","node":"n\"1"},"value":[1700000000.123,"42.5"]},)"
                                      R"({"metric":{},"value":[1700000000,"NaN"]}]},"warnings":["w"]})");
  ASSERT_TRUE(rows.ok());
  ASSERT_EQ(rows->size(), 2U);
  EXPECT_EQ((*rows)[0].name, "a");
  EXPECT_EQ((*rows)[0].label("node"), "n\"1");
  EXPECT_EQ((*rows)[0].value, 42.5);
  EXPECT_EQ((*rows)[0].time, base::WallTime(base::Milliseconds(1700000000123)));
  EXPECT_TRUE(std::isnan((*rows)[1].value));
}

TEST(QueryReply, AScalarIsOneRow) {
  const auto rows =
      parse_query_reply(R"({"status":"success","data":{"resultType":"scalar","result":[1700000000,"+Inf"]}})");
  ASSERT_TRUE(rows.ok());
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_TRUE(std::isinf((*rows)[0].value));
}

TEST(QueryReply, AnEmptyVectorIsNoError) {
  const auto rows = parse_query_reply(R"({"status":"success","data":{"resultType":"vector","result":[]}})");
  ASSERT_TRUE(rows.ok());
  EXPECT_TRUE(rows->empty());
}

struct Row {
  std::string name;
  std::string body;
  base::ErrorKind kind = base::ErrorKind::invalid_input;
  std::string says;
};
class BadReply : public testing::TestWithParam<Row> {};

TEST_P(BadReply, IsAnErrorThatSaysWhy) {
  const auto rows = parse_query_reply(GetParam().body);
  ASSERT_FALSE(rows.ok());
  EXPECT_EQ(rows.error().kind, GetParam().kind);
  EXPECT_NE(rows.error().message.find(GetParam().says), std::string::npos) << rows.error().message;
}

constexpr auto kInvalid = base::ErrorKind::invalid_input;
constexpr auto kNone = base::ErrorKind::unsupported;
INSTANTIATE_TEST_SUITE_P(
    Table, BadReply,
    testing::Values(
        Row{"a refused query", R"({"status":"error","errorType":"bad_data","error":"parse error at char 3"})", kInvalid,
            "parse error at char 3"},
        Row{"a timeout", R"({"status":"error","errorType":"timeout","error":"query timed out"})",
            base::ErrorKind::unavailable, "query timed out"},
        Row{"a range", R"({"status":"success","data":{"resultType":"matrix","result":[]}})", kInvalid, "matrix"},
        Row{"no JSON", "<html>", kNone, "not a Prometheus query reply"},
        Row{"nothing", "", kNone, "not a Prometheus query reply"}, Row{"a list", "[]", kNone, "no status"},
        Row{"no data", R"({"status":"success"})", kNone, "resultType"},
        Row{"a value that is no number",
            R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"x"]}]}})", kNone,
            "cannot be read"},
        Row{"labels that are no text",
            R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":1},"value":[1,"1"]}]}})",
            kNone, "cannot be read"}),
    test::RowName());

}  // namespace
}  // namespace headroom::telemetry
