// Requests that no honest client sends, and honest ones that are too large or too slow.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "test/support/raw_http.h"
#include "test/support/table.h"
#include "test/unit/runtime/echo_server.h"

namespace headroom::runtime {
namespace {

using headroom::test::RawClient;
using headroom::test::RowName;
using test::EchoServer;
using test::get;
using test::post;
using test::quick_options;
using testing::HasSubstr;
using namespace std::chrono_literals;

struct Row {
  std::string name;
  std::string bytes;
  int status;

  friend void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }
};

class Malformed : public testing::TestWithParam<Row> {};

TEST_P(Malformed, IsRefusedAndTheConnectionCloses) {
  auto options = quick_options();
  options.body_limit = 1'000;
  EchoServer server(options);
  RawClient client(server.port());
  // What follows must not be taken for a request of its own.
  client.send(GetParam().bytes + get("/header"));
  const auto reply = client.receive();
  EXPECT_EQ(reply.status, GetParam().status) << reply.head << reply.body;
  EXPECT_THAT(reply.head, HasSubstr("Connection: close"));
  EXPECT_EQ(client.receive(200ms).status, 0) << "nothing more is answered";
  EXPECT_TRUE(client.closed_within(5s));
}

const std::string kChunked = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

INSTANTIATE_TEST_SUITE_P(
    Table, Malformed,
    testing::Values(
        Row{"garbage", "\x16\x03\x01garbage\r\n\r\n", 400},
        Row{"a method nobody knows", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Row{"no Host", "POST /echo HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 400},
        Row{"two lengths", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 30\r\n\r\nx", 400},
        Row{"length and chunked",
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        Row{"negative length", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400},
        Row{"blank before the colon", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length : 9\r\n\r\n", 400},
        Row{"negative chunk size", kChunked + "-5\r\nhello\r\n0\r\n\r\n", 400},
        Row{"chunk size with prefix", kChunked + "0x5\r\nhello\r\n0\r\n\r\n", 400},
        Row{"chunk longer than its size", kChunked + "2\r\nhello\r\n0\r\n\r\n", 400},
        Row{"chunk size past 64 bits", kChunked + "FFFFFFFFFFFFFFFFF\r\n", 400},
        Row{"endless chunk extension", kChunked + "1;" + std::string(5'000, 'e') + "\r\n", 400},
        Row{"announced body too large", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n", 413},
        Row{"chunks too large together", kChunked + "258\r\n" + std::string(600, 'x') + "\r\n258\r\n", 413},
        Row{"huge chunk announced", kChunked + "FFFFFFFFFFFFFFF\r\n", 413},
        Row{"compressed body",
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd", 415},
        Row{"compressed chunked body",
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            415}),
    RowName());

TEST(HttpServerLimits, AnUnboundedHeaderLineIsCutOff) {
  EchoServer server;
  RawClient client(server.port());
  std::string bytes = "GET /header HTTP/1.1\r\nHost: a\r\nX-Long: " + std::string(200'000, 'h');
  client.send(bytes);
  const auto reply = client.receive();
  EXPECT_TRUE(reply.status == 400 || reply.status == 431) << reply.status;
  EXPECT_TRUE(client.closed_within(5s));
}

TEST(HttpServerLimits, ManyHeadersAreCutOff) {
  EchoServer server;
  RawClient client(server.port());
  std::string bytes = "GET /header HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 20'000; ++i) bytes += "X-" + std::to_string(i) + ": y\r\n";
  client.send(bytes + "\r\n");
  const auto reply = client.receive();
  EXPECT_TRUE(reply.status == 400 || reply.status == 431) << reply.status;
  EXPECT_TRUE(client.closed_within(5s));
}

TEST(HttpServerLimits, ALongRequestLineIsCutOff) {
  EchoServer server;
  RawClient client(server.port());
  client.send("GET /" + std::string(100'000, 'u') + " HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_GE(client.receive().status, 400);
  EXPECT_TRUE(client.closed_within(5s));
}

TEST(HttpServerLimits, ABodyUpToTheLimitIsTaken) {
  auto options = quick_options();
  options.body_limit = 1'000;
  EchoServer server(options);
  RawClient client(server.port());
  ASSERT_TRUE(client.send(post("/echo", std::string(1'000, 'x'))));
  EXPECT_EQ(client.receive().body.size(), 1'000u);
}

TEST(HttpServerLimits, LargeBodiesArriveWhole) {
  EchoServer server;
  RawClient client(server.port());
  std::string body;
  for (int i = 0; body.size() < 8'000'000; ++i) body += std::to_string(i) + ",";
  std::thread sender([&] { client.send(post("/echo", body)); });
  const auto reply = client.receive(30s);
  sender.join();
  EXPECT_TRUE(reply.body == body);
}

// More slow clients than threads, each sending a byte now and then, must not lock others out for longer than a
// deadline.
TEST(HttpServerLimits, SlowClientsCannotStarveOthers) {
  auto options = quick_options();
  options.request_deadline = base::Milliseconds(300);
  EchoServer server(options);
  std::vector<std::unique_ptr<RawClient>> slow;
  for (int i = 0; i < 8; ++i) slow.push_back(std::make_unique<RawClient>(server.port()));
  std::jthread dripper([&](const std::stop_token& stop) {
    constexpr std::string_view kHead = "GET /header HTTP/1.1\r\nHost: a\r\nX-Slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    for (std::size_t i = 0; !stop.stop_requested() && i < kHead.size(); ++i) {
      for (const auto& client : slow) client->send(kHead.substr(i, 1));
      std::this_thread::sleep_for(20ms);  // pace: the attack itself
    }
  });
  std::this_thread::sleep_for(100ms);  // pace: the attack is under way
  RawClient honest(server.port());
  ASSERT_TRUE(honest.send(get("/header")));
  EXPECT_EQ(honest.receive(5s).status, 200);
}

TEST(HttpServerLimits, ASlowBodyEndsWithTheDeadline) {
  auto options = quick_options();
  options.request_deadline = base::Milliseconds(200);
  EchoServer server(options);
  RawClient client(server.port());
  ASSERT_TRUE(client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nsome"));
  const auto reply = client.receive(5s);
  EXPECT_EQ(reply.status, 408);
  EXPECT_TRUE(client.closed_within(5s));
}

TEST(HttpServerLimits, AClientThatNeverReadsDoesNotHoldAThreadForever) {
  auto options = quick_options();
  options.threads = 1;
  options.write_deadline = base::Milliseconds(200);
  EchoServer server(options);
  RawClient deaf(server.port());
  std::string many;
  for (int i = 0; i < 200; ++i) many += get("/large");
  std::jthread sender([&] { deaf.send(many); });  // 40 MB of replies that nobody takes
  RawClient honest(server.port());
  ASSERT_TRUE(honest.send(get("/header")));
  EXPECT_EQ(honest.receive(8s).status, 200);
}

}  // namespace
}  // namespace headroom::runtime
