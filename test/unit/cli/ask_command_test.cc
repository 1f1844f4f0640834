#include "cli/ask_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "runtime/http_server.h"

namespace headroom::cli {
namespace {

using testing::HasSubstr;

runtime::HttpResponse answer(int status, std::string body) {
  runtime::HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

runtime::HttpServerOptions two_threads() {
  runtime::HttpServerOptions options;
  options.threads = 2;
  return options;
}

// A server that answers like an extender with one rack and one pod.
class AskCommandTest : public testing::Test {
 protected:
  void SetUp() override {
    server_.route("GET", "/debug/snapshot", [](const runtime::HttpRequest&) {
      return answer(200, R"({"ready": true, "racks": [{"name": "r1"}], "elements": []})");
    });
    server_.route("GET", "/explain", [](const runtime::HttpRequest& request) {
      const auto pod = request.query.find("pod");
      if (pod == request.query.end() || pod->second != "a b/c&d") {
        return answer(404, R"({"error": "no such pod"})");
      }
      const auto node = request.query.find("node");
      const std::string name = node == request.query.end() ? "every-node" : node->second;
      return answer(200, R"({"pod": "a b/c&d", "nodes": [{"node": ")" + name + "\"}]}");
    });
    const auto port = server_.start();
    ASSERT_TRUE(port) << port.error().message;
    url_ = "http://127.0.0.1:" + std::to_string(*port);
  }

  runtime::HttpServer server_{two_threads()};
  std::string url_;
};

TEST_F(AskCommandTest, RacksArePrinted) {
  const Outcome outcome = run_ask({.question = Question::racks, .url = url_});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("RACK"));
  EXPECT_THAT(outcome.out, HasSubstr("r1"));
}

TEST_F(AskCommandTest, ATrailingSlashInTheUrlIsFine) {
  EXPECT_EQ(run_ask({.question = Question::topology, .url = url_ + "/"}).status, 0);
}

TEST_F(AskCommandTest, RawAnswersPassUnchanged) {
  const Outcome outcome = run_ask({.question = Question::racks, .url = url_, .raw_json = true});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, HasSubstr(R"("racks": [{"name": "r1"}])"));
}

TEST_F(AskCommandTest, PodAndNodeTravelEncoded) {
  const Outcome outcome = run_ask({.question = Question::explain, .url = url_, .pod = "a b/c&d", .node = "n/1?"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("n/1?"));
}

TEST_F(AskCommandTest, AnUnknownPodIsANegativeAnswer) {
  const Outcome outcome = run_ask({.question = Question::explain, .url = url_, .pod = "x/y"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("answered 404: no such pod"));
}

TEST_F(AskCommandTest, NoAnswerNamesTheUrlAndTheWayIn) {
  server_.stop();
  const Outcome outcome = run_ask({.question = Question::racks, .url = url_});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr(url_));
  EXPECT_THAT(outcome.err, HasSubstr("port-forward"));
}

TEST(AskCommand, AWrongUrlIsNamed) {
  const Outcome outcome = run_ask({.question = Question::racks, .url = "extender:9876"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("--url extender:9876"));
}

}  // namespace
}  // namespace headroom::cli
