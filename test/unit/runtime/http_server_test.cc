// What a well-behaved client relies on. Hostile ones: http_server_limits_test.cc. TLS: http_server_tls_test.cc.
#include "runtime/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "runtime/tcp_socket.h"
#include "test/support/raw_http.h"
#include "test/unit/runtime/echo_server.h"

namespace headroom::runtime {
namespace {

using headroom::test::RawClient;
using test::EchoServer;
using test::get;
using test::post;
using test::quick_options;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

TEST(HttpServer, AcceptedSocketsHaveNoDelay) {
  const auto listening = listen_on("127.0.0.1", 0, 10);
  ASSERT_TRUE(listening.ok());
  const RawClient client(listening->port);
  const UniqueFd accepted(accept_from(listening->socket.get()));
  int on = 0;
  socklen_t size = sizeof on;
  ASSERT_EQ(::getsockopt(accepted.get(), IPPROTO_TCP, TCP_NODELAY, &on, &size), 0);
  EXPECT_NE(on, 0);
}

// With two segments and Nagle's algorithm each exchange would take 40 ms: 100 of them 4 s.
TEST(HttpServer, RepliesAreNotHeldBackByDelayedAcknowledgements) {
  EchoServer server;
  RawClient client(server.port());
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(client.send(post("/echo", "x")));
    ASSERT_EQ(client.receive().body, "x");
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
}

TEST(HttpServer, KeepsAConnectionForManyRequests) {
  EchoServer server;
  RawClient client(server.port());
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(client.send(get("/header")));
    const auto reply = client.receive();
    ASSERT_EQ(reply.status, 200) << "request " << i;
    ASSERT_THAT(reply.head, Not(HasSubstr("Connection: close")));
  }
}

TEST(HttpServer, KeepsIdleConnectionsLongerThanGoClientsByDefault) {
  EXPECT_GT(HttpServerOptions{}.keep_alive, base::Milliseconds(90'000));
}

TEST(HttpServer, ClosesIdleConnectionsAfterTheConfiguredTime) {
  auto options = quick_options();
  options.keep_alive = base::Milliseconds(100);
  EchoServer server(options);
  RawClient client(server.port());
  ASSERT_TRUE(client.send(get("/header")));
  ASSERT_EQ(client.receive().status, 200);
  EXPECT_TRUE(client.closed_within(5s));
}

// The stock backlog of 5 makes most of these wait a second for their SYN to be repeated.
TEST(HttpServer, TakesABurstOfConnectionsIntoItsBacklog) {
  EchoServer server;
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 300; ++i) clients.push_back(std::make_unique<RawClient>(server.port()));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 900ms);
}

TEST(HttpServer, RefusesToShareItsPort) {
  EchoServer first;
  auto options = quick_options();
  options.port = first.port();
  HttpServer second(options);
  const auto started = second.start();
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().kind, base::ErrorKind::unavailable);
  EXPECT_THAT(started.error().message, HasSubstr("in use"));
}

TEST(HttpServer, IdleConnectionsDoNotKeepANewOneWaiting) {
  EchoServer server;  // four threads
  std::vector<std::unique_ptr<RawClient>> idle;
  for (int i = 0; i < 4; ++i) {
    idle.push_back(std::make_unique<RawClient>(server.port()));
    ASSERT_TRUE(idle.back()->send(get("/header")));
    ASSERT_EQ(idle.back()->receive().status, 200);
  }
  RawClient late(server.port());
  ASSERT_TRUE(late.send(get("/header")));
  EXPECT_EQ(late.receive(5s).status, 200);
  EXPECT_EQ(server.server().stats().evicted, 1u);
}

TEST(HttpServer, AConnectionThatBecomesIdleMakesRoomForOneThatWaits) {
  auto options = quick_options();
  options.threads = 1;
  EchoServer server(options);
  RawClient busy(server.port());
  ASSERT_TRUE(busy.send(get("/gate")));
  server.gate.await_waiter();
  RawClient waiting(server.port());
  ASSERT_TRUE(waiting.send(get("/header")));
  EXPECT_EQ(waiting.receive(50ms).status, 0);
  server.gate.open();
  EXPECT_EQ(busy.receive().status, 200);
  EXPECT_EQ(waiting.receive(5s).status, 200);
}

TEST(HttpServer, AnswersPipelinedRequestsInOrder) {
  EchoServer server;
  RawClient client(server.port());
  ASSERT_TRUE(client.send(post("/echo", "one") + post("/echo", "two") + get("/header")));
  EXPECT_EQ(client.receive().body, "one");
  EXPECT_EQ(client.receive().body, "two");
  EXPECT_EQ(client.receive().status, 200);
}

TEST(HttpServer, StopIsPromptWithIdleConnections) {
  EchoServer server;
  RawClient used(server.port());
  ASSERT_TRUE(used.send(get("/header")));
  ASSERT_EQ(used.receive().status, 200);
  RawClient silent(server.port());
  const auto begin = std::chrono::steady_clock::now();
  server.server().stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
  EXPECT_TRUE(used.closed_within(1s));
}

TEST(HttpServer, StopAnswersWhatIsInFlightAndSaysClose) {
  EchoServer server;
  RawClient client(server.port());
  ASSERT_TRUE(client.send(get("/gate")));
  server.gate.await_waiter();
  std::thread stopper([&] { server.server().stop(); });
  while (!server.server().stopping()) std::this_thread::yield();
  server.gate.open();
  const auto reply = client.receive();
  stopper.join();
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "through");
  EXPECT_THAT(reply.head, HasSubstr("Connection: close"));
  EXPECT_THROW(RawClient{server.port()}, std::runtime_error);
}

TEST(HttpServer, StopCutsRequestsThatOutlastTheDrain) {
  auto options = quick_options();
  options.drain = base::Milliseconds(50);
  EchoServer server(options);
  RawClient sender(server.port());
  ASSERT_TRUE(sender.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf"));
  while (server.server().stats().connections == 0) std::this_thread::yield();
  const auto begin = std::chrono::steady_clock::now();
  server.server().stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
}

TEST(HttpServer, ExceptionTextNeverLeaks) {
  EchoServer server;
  RawClient client(server.port());
  ASSERT_TRUE(client.send(get("/throw")));
  const auto reply = client.receive();
  EXPECT_EQ(reply.status, 500);
  EXPECT_THAT(reply.head + reply.body, Not(HasSubstr("secret")));
  EXPECT_THAT(reply.head, Not(HasSubstr("EXCEPTION")));
  EXPECT_EQ(server.server().stats().handler_failures, 1u);
  ASSERT_TRUE(client.send(get("/header")));
  EXPECT_EQ(client.receive().status, 200) << "the connection lives on";
}

TEST(HttpServer, NeverCompressesReplies) {
  EchoServer server;
  RawClient client(server.port());
  ASSERT_TRUE(client.send(get("/large", "Accept-Encoding: gzip, deflate, br\r\n")));
  const auto reply = client.receive();
  EXPECT_EQ(reply.body.size(), 200'002u);
  EXPECT_THAT(reply.head, Not(HasSubstr("Content-Encoding")));
  ASSERT_TRUE(client.send(post("/echo", std::string(5'000, 'a'), "Accept-Encoding: br\r\n")));
  EXPECT_EQ(client.receive().body.size(), 5'000u);
}

TEST(HttpServer, IgnoresRanges) {
  EchoServer server;
  RawClient client(server.port());
  ASSERT_TRUE(client.send(get("/large", "Range: bytes=0-9\r\n")));
  const auto reply = client.receive();
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body.size(), 200'002u);
}

TEST(HttpServer, DoesNotBelieveAnAddressInAHeader) {
  EchoServer server;
  RawClient client(server.port());
  ASSERT_TRUE(client.send(get("/header", "REMOTE_ADDR: 203.0.113.9\r\nX-Test: seen\r\n")));
  EXPECT_EQ(client.receive().body, "seen 127.0.0.1");
}

TEST(HttpServer, TakesBodiesWithoutOrWithAnyContentType) {
  EchoServer server;
  RawClient client(server.port());
  const std::string body(100'000, 'b');
  for (const std::string type : {"", "Content-Type: application/x-www-form-urlencoded\r\n",
                                 "Content-Type: multipart/form-data; boundary=x\r\n"}) {
    ASSERT_TRUE(client.send(post("/echo", body, type)));
    const auto reply = client.receive();
    EXPECT_EQ(reply.status, 200) << type;
    EXPECT_EQ(reply.body, body) << type;
  }
}

TEST(HttpServer, BodiesHaveSpareCapacityForParsingInPlace) {
  EchoServer server;
  RawClient client(server.port());
  for (const std::size_t size : {0u, 1u, 64u, 4'096u, 300'000u}) {
    ASSERT_TRUE(client.send(post("/facts", std::string(size, 'x'))));
    const std::string facts = client.receive().body;
    ASSERT_THAT(facts, HasSubstr("size=" + std::to_string(size)));
    EXPECT_GE(std::stoul(facts.substr(facts.find("spare=") + 6)), 64u) << facts;
  }
  ASSERT_TRUE(
      client.send("POST /facts HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"));
  const std::string facts = client.receive().body;
  EXPECT_GE(std::stoul(facts.substr(facts.find("spare=") + 6)), 64u) << facts;
}

TEST(HttpServer, ReadsChunkedBodiesWithExtensionsAndTrailers) {
  EchoServer server;
  RawClient client(server.port());
  ASSERT_TRUE(
      client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "3;note=1\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-Trailer: t\r\n\r\n"));
  EXPECT_EQ(client.receive().body, "abc0123456789");
  ASSERT_TRUE(client.send(get("/header")));
  EXPECT_EQ(client.receive().status, 200);
}

TEST(HttpServer, TakesABodyAfterSayingContinue) {
  EchoServer server;
  RawClient client(server.port());
  ASSERT_TRUE(client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"));
  ASSERT_EQ(client.receive(5s).status, 100) << "the client waits for this before it sends";
  ASSERT_TRUE(client.send("body"));
  EXPECT_EQ(client.receive().body, "body");
}

TEST(HttpServer, DeletesWithAndWithoutABody) {
  EchoServer server;
  RawClient client(server.port());
  ASSERT_TRUE(client.send("DELETE /echo HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_EQ(client.receive(5s).body, "deleted ");
  ASSERT_TRUE(client.send("DELETE /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nnow"));
  EXPECT_EQ(client.receive(5s).body, "deleted now");
}

TEST(HttpServer, UnknownPathsAndMethodsAreNamedAsSuch) {
  EchoServer server;
  RawClient client(server.port());
  ASSERT_TRUE(client.send(get("/nowhere")));
  EXPECT_EQ(client.receive().status, 404);
  ASSERT_TRUE(client.send(get("/echo")));
  const auto reply = client.receive();
  EXPECT_EQ(reply.status, 405);
  EXPECT_THAT(reply.head, HasSubstr("Allow: DELETE, POST"));
}

TEST(HttpServer, ClosesWhenTheClientAsks) {
  EchoServer server;
  RawClient client(server.port());
  ASSERT_TRUE(client.send(get("/header", "Connection: close\r\n")));
  EXPECT_EQ(client.receive().status, 200);
  EXPECT_TRUE(client.closed_within(5s));
}

TEST(HttpServer, AnswersHeadWithTheLengthAndNoBody) {
  EchoServer server;
  RawClient client(server.port());
  ASSERT_TRUE(client.send("HEAD /large HTTP/1.1\r\nHost: a\r\n\r\n" + get("/header")));
  EXPECT_THAT(client.receive(200ms).head, HasSubstr("Content-Length: 200002\r\n"));
}

// Regression: that the request before was a HEAD took the body from the refusal of the next.
TEST(HttpServer, TellsWhyItRefusesAlsoAfterAHead) {
  EchoServer server;
  RawClient client(server.port());
  ASSERT_TRUE(client.send("HEAD /header HTTP/1.1\r\nHost: a\r\n\r\nBREW / HTTP/1.1\r\n\r\n"));
  std::string all;
  std::array<char, 4'096> piece{};
  for (ssize_t got = 1; got > 0; all.append(piece.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)))) {
    got = ::recv(client.socket(), piece.data(), piece.size(), 0);
  }
  EXPECT_THAT(all, EndsWith("malformed request line\n"));
}

TEST(HttpServer, ClosesAfterHttp10UnlessItIsToldOtherwise) {
  EchoServer server;
  RawClient old(server.port());
  ASSERT_TRUE(old.send("GET /header HTTP/1.0\r\n\r\n"));
  EXPECT_EQ(old.receive().status, 200);
  EXPECT_TRUE(old.closed_within(5s));
  RawClient kept(server.port());
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(kept.send("GET /header HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    EXPECT_THAT(kept.receive().head, HasSubstr("Connection: keep-alive"));
  }
}

TEST(HttpServer, ReadsAHeadInAnyPiecesAndBeyondItsBuffer) {
  EchoServer server;
  RawClient client(server.port());
  const std::string pieces = get("/header", "X-Test: dripped\r\n");
  for (const char c : pieces) ASSERT_TRUE(client.send({&c, 1}));
  EXPECT_EQ(client.receive().body, "dripped 127.0.0.1");
  std::string many = "X-Test: last\r\n";
  while (many.size() < 40'000) many += "X-Other: " + std::string(100, 'o') + "\r\n";
  ASSERT_TRUE(client.send(post("/echo", "body", many) + get("/header", many)));
  EXPECT_EQ(client.receive().body, "body");
  EXPECT_EQ(client.receive().body, "last 127.0.0.1");
}

TEST(HttpServer, LeavesOutHeadersThatWouldBeginAnother) {
  HttpServer server(quick_options());
  server.route("GET", "/", [](const HttpRequest&) {
    HttpResponse response;
    response.headers = {{"X-Good", "stays"}, {"X-Bad", "a\r\nSet-Cookie: b"}};
    return response;
  });
  const auto port = server.start();
  ASSERT_TRUE(port.ok());
  RawClient client(*port);
  ASSERT_TRUE(client.send(get("/")));
  const auto reply = client.receive();
  EXPECT_THAT(reply.head, HasSubstr("X-Good: stays"));
  EXPECT_THAT(reply.head, Not(HasSubstr("Cookie")));
}

TEST(HttpServer, StreamsPiecesAsTheyAreWrittenAndNoticesThatTheClientHasGone) {
  HttpServer server(quick_options());
  test::Gate second;
  std::atomic<bool> noticed{false};
  server.route_prefix(
      "/watch", [](const HttpRequest&) { return HttpResponse{}; },
      [&](const HttpRequest&) -> std::optional<HttpStream> {
        return HttpStream{{}, [&](const ChunkWriter& write) {
                            write("first\n");
                            second.wait();
                            write("second\n");
                            while (write("")) std::this_thread::sleep_for(1ms);  // pace: of the stream
                            noticed = true;
                          }};
      });
  const auto port = server.start();
  ASSERT_TRUE(port.ok());
  {
    RawClient client(*port);
    ASSERT_TRUE(client.send(get("/watch/x")));
    second.await_waiter();
    EXPECT_THAT(client.receive(200ms).body, HasSubstr("6\r\nfirst\n\r\n")) << "sent before the stream goes on";
    second.open();
  }
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (!noticed && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_TRUE(noticed);
}

TEST(HttpServer, StopEndsStreams) {
  HttpServer server(quick_options());
  test::Gate started;
  started.open();
  server.route_prefix(
      "/watch", [](const HttpRequest&) { return HttpResponse{}; },
      [&](const HttpRequest&) -> std::optional<HttpStream> {
        return HttpStream{{}, [&](const ChunkWriter& write) {
                            started.wait();
                            while (write("tick\n")) std::this_thread::sleep_for(1ms);  // pace: of the stream
                          }};
      });
  const auto port = server.start();
  ASSERT_TRUE(port.ok());
  RawClient client(*port);
  ASSERT_TRUE(client.send(get("/watch")));
  started.await_waiter();
  const auto begin = std::chrono::steady_clock::now();
  server.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
}

}  // namespace
}  // namespace headroom::runtime
