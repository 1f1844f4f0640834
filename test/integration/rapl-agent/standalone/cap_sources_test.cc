// Cap sources that reach over the network, against a server of this test: tables by HTTP and Prometheus' query API.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <string>
#include <vector>

#include "rapl-agent/standalone/sources.h"
#include "runtime/http_server.h"

namespace headroom::rapl_agent::standalone {
namespace {

using testing::HasSubstr;

constexpr Scale kWatts{SourceUnit::watts, base::watts(140)};

Moment at(int hour, int day = 0) {
  return {base::WallTime(base::Seconds(1'800'000'000) + std::chrono::hours(24 * day)), hour * 60};
}

// Answers every request with what the test has put there, and keeps what was asked.
class CapSources : public testing::Test {
 protected:
  CapSources() {
    server_.route_prefix("/", [this](const runtime::HttpRequest& request) {
      const std::lock_guard lock(mutex_);
      asked_.push_back(request);
      return reply_;
    });
    const auto port = server_.start();
    EXPECT_TRUE(port.ok());
    url_ = "http://127.0.0.1:" + std::to_string(port.ok() ? *port : 0);
  }
  ~CapSources() override { server_.stop(); }

  void answer(std::string body, int status = 200) {
    const std::lock_guard lock(mutex_);
    reply_.status = status;
    reply_.body = std::move(body);
  }
  // A vector of one sample.
  void sample(const std::string& value) {
    answer(
        R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{"zone":"DE"},"value":[1800000000,")" +
        value + R"("]}]}})");
  }
  [[nodiscard]] runtime::HttpRequest last_asked() {
    const std::lock_guard lock(mutex_);
    return asked_.empty() ? runtime::HttpRequest{} : asked_.back();
  }
  [[nodiscard]] QuerySource query(const std::string& text = "watts", const Scale& scale = kWatts) const {
    return {url_, text, scale};
  }

  std::mutex mutex_;
  runtime::HttpResponse reply_;              // guarded by mutex_
  std::vector<runtime::HttpRequest> asked_;  // likewise
  std::string url_;
  runtime::HttpServer server_{{}};
};

TEST_F(CapSources, a_table_is_fetched_anew_at_every_look) {
  answer("time,watts,volume,price\n00:00,80,1200,61.054\n12:00-24:00,120,,\n");
  TableSource source(url_ + "/day.csv?zone=DE", kWatts);
  const auto morning = source.power_at(at(6));
  ASSERT_TRUE(morning.ok()) << morning.error().message;
  EXPECT_EQ(morning->power, base::watts(80));
  EXPECT_EQ(morning->period, "00:00-12:00");
  EXPECT_EQ(morning->market, (MarketFacts{"1200.0", "61.05"}));
  EXPECT_EQ(last_asked().method, "GET");
  EXPECT_EQ(last_asked().path, "/day.csv");
  EXPECT_EQ(last_asked().query.count("zone"), 1U);
  EXPECT_EQ(source.power_at(at(13))->market, (MarketFacts{"", ""})) << "not the morning's price";
  answer("00:00,60\n");
  EXPECT_EQ(source.power_at(at(6))->power, base::watts(60));
  EXPECT_EQ(source.power_at(at(6))->market, MarketFacts{});
}

TEST_F(CapSources, a_server_that_fails_or_sends_something_else_leaves_the_last_table_for_a_day) {
  answer("00:00,80\n");
  TableSource source(url_ + "/day.csv", kWatts);
  ASSERT_TRUE(source.power_at(at(6)).ok());
  answer("gone", 503);
  EXPECT_EQ(source.power_at(at(6, 1))->power, base::watts(80));
  answer("<html>login</html>");
  EXPECT_EQ(source.power_at(at(6, 1))->power, base::watts(80));
  answer("gone", 503);
  const auto late = source.power_at(at(6, 2));
  ASSERT_FALSE(late.ok());
  EXPECT_THAT(late.error().message, HasSubstr("/day.csv"));
  EXPECT_THAT(late.error().message, HasSubstr("503"));
}

TEST_F(CapSources, nobody_listening_is_an_error_and_no_cap) {
  server_.stop();
  EXPECT_FALSE(TableSource(url_ + "/day.csv", kWatts).power_at(at(6)).ok());
  EXPECT_FALSE(query().power_at(at(6)).ok());
}

TEST_F(CapSources, a_query_reaches_prometheus_as_it_was_written) {
  sample("90.5");
  const std::string text = R"(clamp(1 - grid_carbon_intensity{zone="DE & FR"} / 600, 0.3, 1) + 1%)";
  const auto power = query(text).power_at(at(6));
  ASSERT_TRUE(power.ok()) << power.error().message;
  EXPECT_EQ(power->power, base::microwatts(90'500'000));
  EXPECT_EQ(last_asked().path, "/api/v1/query");
  const auto asked = last_asked();
  const auto found = asked.query.find("query");
  ASSERT_NE(found, asked.query.end());
  EXPECT_EQ(found->second, text);
}

TEST_F(CapSources, a_share_is_of_the_whole_and_a_scalar_is_an_answer_too) {
  sample("0.5");
  EXPECT_EQ(query("share", {SourceUnit::share, base::watts(140)}).power_at(at(6))->power, base::watts(70));
  answer(R"({"status":"success","data":{"resultType":"scalar","result":[1800000000,"75"]}})");
  EXPECT_EQ(query().power_at(at(6))->power, base::watts(75));
}

TEST_F(CapSources, what_is_no_power_has_no_answer) {
  for (const char* const value : {"NaN", "+Inf", "-1"}) {
    sample(value);
    EXPECT_FALSE(query().power_at(at(6)).ok()) << value;
  }
  answer(R"({"status":"success","data":{"resultType":"vector","result":[]}})");
  EXPECT_THAT(query().power_at(at(6)).error().message, HasSubstr("no sample"));
  answer(R"({"status":"error","errorType":"bad_data","error":"parse error at char 3"})", 400);
  EXPECT_THAT(query().power_at(at(6)).error().message, HasSubstr("parse error at char 3"));
  answer("<html>login</html>");
  EXPECT_FALSE(query().power_at(at(6)).ok());
}

}  // namespace
}  // namespace headroom::rapl_agent::standalone
