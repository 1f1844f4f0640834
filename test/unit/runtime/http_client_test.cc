#include "runtime/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <thread>

#include "runtime/tcp_socket.h"
#include "test/support/certificates.h"
#include "test/support/table.h"
#include "test/support/temporary_directory.h"
#include "test/unit/runtime/echo_server.h"
#include "test/unit/runtime/scripted_peer.h"

namespace headroom::runtime {
namespace {

using headroom::test::CertificateAuthority;
using headroom::test::RowName;
using test::EchoServer;
using test::ScriptedPeer;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

HttpClientOptions to(std::uint16_t port) {
  HttpClientOptions options;
  options.host = "127.0.0.1";
  options.port = port;
  return options;
}

HttpRequest get(const std::string& path) {
  HttpRequest request;
  request.path = path;
  return request;
}

HttpRequest post(const std::string& path, const std::string& body) {
  HttpRequest request;
  request.method = "POST";
  request.path = path;
  request.body = body;
  return request;
}

TEST(HttpClient, SendsAndReceives) {
  EchoServer server;
  HttpClient client(to(server.port()));
  const auto reply = client.send(post("/echo", "hello"));
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(reply->body, "hello");
  EXPECT_EQ(reply->content_type, "text/plain");
  const auto missing = client.send(get("/nowhere"));
  ASSERT_TRUE(missing.ok());
  EXPECT_EQ(missing->status, 404);
  EXPECT_EQ(server.server().stats().accepted, 1u) << "one connection for both";
}

TEST(HttpClient, ReplyBodiesHaveSpareCapacityForParsingInPlace) {
  EchoServer server;
  HttpClient client(to(server.port()));
  const auto reply = client.send(get("/large"));
  ASSERT_TRUE(reply.ok());
  EXPECT_GE(reply->body.capacity() - reply->body.size(), 64u);
}

TEST(HttpClient, AsksForNoCompressionAndEncodesTheQuery) {
  ScriptedPeer peer({{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}});
  HttpClient client(to(peer.port()));
  HttpRequest request = get("/api/v1/pods");
  request.query = {{"fieldSelector", "spec.nodeName=a b+c"}, {"limit", "500"}};
  request.headers.emplace("Authorization", "Bearer t");
  ASSERT_TRUE(client.send(request).ok());
  EXPECT_THAT(peer.received(),
              AllOf(HasSubstr("GET /api/v1/pods?fieldSelector=spec.nodeName%3Da%20b%2Bc&limit=500 HTTP/1.1\r\n"),
                    HasSubstr("Accept-Encoding: identity\r\n"), HasSubstr("Authorization: Bearer t\r\n"),
                    HasSubstr("Host: 127.0.0.1:" + std::to_string(peer.port())), Not(HasSubstr("gzip"))));
}

TEST(HttpClient, SendsWholeHeadAndBodyWithoutDelay) {
  EchoServer server;
  HttpClient client(to(server.port()));
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(client.send(post("/echo", "x")).ok());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
}

TEST(HttpClient, ACompressedReplyIsAnErrorNotRubbish) {
  ScriptedPeer peer({{"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"}});
  const auto reply = HttpClient(to(peer.port())).send(get("/"));
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().kind, base::ErrorKind::unsupported);
}

TEST(HttpClient, NobodyListeningIsUnavailableAndNamed) {
  std::uint16_t port = 0;
  {
    ScriptedPeer gone({});
    port = gone.port();
  }
  const auto reply = HttpClient(to(port)).send(get("/"));
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().kind, base::ErrorKind::unavailable);
  EXPECT_THAT(reply.error().message, AllOf(HasSubstr(std::to_string(port)), HasSubstr("refused")));
}

struct BrokenReply {
  std::string name;
  std::string bytes;
  std::string message;
  friend void PrintTo(const BrokenReply& row, std::ostream* out) { *out << row.name; }
};
class Broken : public testing::TestWithParam<BrokenReply> {};

TEST_P(Broken, IsUnavailableWithItsReason) {
  ScriptedPeer peer({{GetParam().bytes}});
  const auto reply = HttpClient(to(peer.port())).send(post("/", "x"));
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().kind, base::ErrorKind::unavailable);
  EXPECT_THAT(reply.error().message, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Table, Broken,
    testing::Values(
        BrokenReply{"closed without a word", "", "before a reply"},
        BrokenReply{"closed inside the head", "HTTP/1.1 200 OK\r\nContent-", "before a reply"},
        BrokenReply{"body shorter than announced", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "in the middle"},
        BrokenReply{"chunks without an end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
                    "in the middle"},
        BrokenReply{"endless header", "HTTP/1.1 200 OK\r\nX: " + std::string(600'000, 'x') + "\r\n\r\n", ""},
        BrokenReply{"not HTTP", "SSH-2.0-OpenSSH_9.2\r\n\r\n\r\n", ""}),
    RowName());

TEST(HttpClient, AReplyPastTheLimitIsCutOff) {
  EchoServer server;
  auto options = to(server.port());
  options.body_limit = 1'000;
  const auto reply = HttpClient(options).send(get("/large"));
  ASSERT_FALSE(reply.ok());
  EXPECT_THAT(reply.error().message, HasSubstr("larger than 1000 bytes"));
}

TEST(HttpClient, ReplacesAConnectionThatTheServerClosedMeanwhile) {
  const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  ScriptedPeer peer({{ok}, {ok}});  // each connection closes after its reply
  HttpClient client(to(peer.port()));
  ASSERT_TRUE(client.send(post("/a", "1")).ok());
  peer.await_closed(1);
  const auto reply = client.send(post("/b", "2"));
  EXPECT_TRUE(reply.ok()) << reply.error().message;
}

TEST(HttpClient, RepeatsAGetThatCrossedWithTheCloseButNeverAPost) {
  const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  for (const bool repeatable : {true, false}) {
    ScriptedPeer peer({{ok, ""}, {ok}});  // the second request of the first connection is read and not answered
    HttpClient client(to(peer.port()));
    ASSERT_TRUE(client.send(get("/a")).ok());
    const auto reply = client.send(repeatable ? get("/b") : post("/b", "2"));
    EXPECT_EQ(reply.ok(), repeatable);
  }
}

TEST(HttpClient, ASilentServerTimesOut) {
  ScriptedPeer peer({{ScriptedPeer::kHang}});
  auto options = to(peer.port());
  options.read_timeout = base::Milliseconds(100);
  const auto reply = HttpClient(options).send(get("/"));
  ASSERT_FALSE(reply.ok());
  EXPECT_THAT(reply.error().message, HasSubstr("timed out"));
}

TEST(HttpClient, ADrippingServerEndsWithTheTotalTimeout) {
  ScriptedPeer peer({{ScriptedPeer::kDrip}});
  auto options = to(peer.port());
  options.read_timeout = base::Milliseconds(5'000);
  options.total_timeout = base::Milliseconds(300);
  const auto begin = std::chrono::steady_clock::now();
  const auto reply = HttpClient(options).send(get("/"));
  ASSERT_FALSE(reply.ok());
  EXPECT_THAT(reply.error().message, HasSubstr("timed out"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
}

TEST(HttpClient, CancelEndsABlockedRequestAndLaterOnes) {
  EchoServer server;
  HttpClient client(to(server.port()));
  std::thread canceller([&] {
    server.gate.await_waiter();
    client.cancel();
  });
  const auto begin = std::chrono::steady_clock::now();
  const auto reply = client.send(get("/gate"));
  canceller.join();
  server.gate.open();
  ASSERT_FALSE(reply.ok());
  EXPECT_THAT(reply.error().message, HasSubstr("cancelled"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
  EXPECT_FALSE(client.send(get("/header")).ok());
}

TEST(HttpClient, StreamsPiecesUntilTheServerEnds) {
  HttpServer server(test::quick_options());
  test::Gate gate;
  server.route_prefix(
      "/", [](const HttpRequest&) { return HttpResponse{}; },
      [&](const HttpRequest&) -> std::optional<HttpStream> {
        return HttpStream{{}, [&](const ChunkWriter& write) {
                            write("one\n");
                            gate.wait();
                            write("two\n");
                          }};
      });
  const auto port = server.start();
  ASSERT_TRUE(port.ok());
  HttpClient client(to(*port));
  std::string seen;
  const auto reply = client.stream(get("/watch"), [&](std::string_view piece) {
    seen += piece;
    if (seen == "one\n") gate.open();  // the first piece is here before the second is written
    return true;
  });
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(seen, "one\ntwo\n");
  EXPECT_TRUE(reply->body.empty());
  EXPECT_TRUE(client.send(get("/again")).ok());
}

TEST(HttpClient, StreamsEndWhereTheCallerSaysSo) {
  ScriptedPeer peer({{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", ScriptedPeer::kHang}});
  const auto reply = HttpClient(to(peer.port())).stream(get("/"), [](std::string_view) { return false; });
  EXPECT_TRUE(reply.ok());
}

TEST(HttpClient, AStreamThatIsCutOrFallsSilentIsUnavailable) {
  const std::string begin = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";
  const auto everything = [](std::string_view) { return true; };
  ScriptedPeer cut({{begin}});
  EXPECT_FALSE(HttpClient(to(cut.port())).stream(get("/"), everything).ok());
  ScriptedPeer silent({{begin, ScriptedPeer::kHang}});
  auto options = to(silent.port());
  options.read_timeout = base::Milliseconds(100);
  const auto reply = HttpClient(options).stream(get("/"), everything);
  ASSERT_FALSE(reply.ok());
  EXPECT_THAT(reply.error().message, HasSubstr("timed out"));
}

TEST(HttpClient, AStreamOutlivesTheTotalTimeout) {
  HttpServer server(test::quick_options());
  server.route_prefix(
      "/", [](const HttpRequest&) { return HttpResponse{}; },
      [](const HttpRequest&) -> std::optional<HttpStream> {
        return HttpStream{{}, [](const ChunkWriter& write) {
                            for (int i = 0; i < 10; ++i) {
                              write("tick\n");
                              std::this_thread::sleep_for(20ms);  // pace: of the stream
                            }
                          }};
      });
  const auto port = server.start();
  ASSERT_TRUE(port.ok());
  auto options = to(*port);
  options.total_timeout = base::Milliseconds(50);
  EXPECT_TRUE(HttpClient(options).stream(get("/"), [](std::string_view) { return true; }).ok());
}

TEST(HttpClient, AStreamRefusedByTheServerGivesItsBody) {
  EchoServer server;
  bool called = false;
  const auto reply =
      HttpClient(to(server.port())).stream(get("/nowhere"), [&](std::string_view) { return called = true; });
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->status, 404);
  EXPECT_EQ(reply->body, "not found\n");
  EXPECT_FALSE(called);
}

TEST(HttpClient, ConnectionsNoticeADeadPeer) {
  ScriptedPeer peer({{ScriptedPeer::kHang}});
  ConnectTarget target{"127.0.0.1", peer.port(), base::Milliseconds(1'000), base::Milliseconds(9'000), -1};
  const auto socket = connect_to(target);
  ASSERT_TRUE(socket.ok());
  const auto option = [&](int level, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    ::getsockopt(socket->get(), level, name, &value, &size);
    return value;
  };
  EXPECT_EQ(option(IPPROTO_TCP, TCP_USER_TIMEOUT), 9'000);
  EXPECT_EQ(option(SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPIDLE), 3);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPINTVL), 3);
  EXPECT_NE(option(IPPROTO_TCP, TCP_NODELAY), 0);
}

TEST(HttpClient, AConnectThatNobodyAcceptsTimesOut) {
  // A listener whose queue is full and never emptied drops further SYNs.
  const auto full = listen_on("127.0.0.1", 0, 0);
  ASSERT_TRUE(full.ok());
  std::vector<UniqueFd> fillers;
  auto options = to(full->port);
  options.connect_timeout = base::Milliseconds(100);
  base::Result<HttpResponse> reply = HttpResponse{};
  for (int i = 0; i < 4; ++i) {
    auto filler = connect_to({"127.0.0.1", full->port, base::Milliseconds(100), base::Milliseconds(9'000), -1});
    if (filler) fillers.push_back(*std::move(filler));
  }
  const auto begin = std::chrono::steady_clock::now();
  reply = HttpClient(options).send(get("/"));
  ASSERT_FALSE(reply.ok());
  EXPECT_THAT(reply.error().message, HasSubstr("timed out"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
}

struct Unsendable {
  std::string name;
  std::string path;
  std::string header;
  friend void PrintTo(const Unsendable& row, std::ostream* out) { *out << row.name; }
};
class CannotBeSent : public testing::TestWithParam<Unsendable> {};

TEST_P(CannotBeSent, IsInvalidInput) {
  HttpRequest request = get(GetParam().path);
  request.headers.emplace("X-Value", GetParam().header);
  const auto reply = HttpClient(to(9)).send(request);
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().kind, base::ErrorKind::invalid_input);
}

INSTANTIATE_TEST_SUITE_P(Table, CannotBeSent,
                         testing::Values(Unsendable{"path with a blank", "/a b", ""},
                                         Unsendable{"path with a line end", "/a\r\nX: y", ""},
                                         Unsendable{"path without a slash", "a", ""},
                                         Unsendable{"header with a line end", "/", "a\r\nX: y"}),
                         RowName());

class HttpClientTls : public testing::Test {
 protected:
  HttpServerOptions server_options(const std::vector<std::string>& sans) {
    const auto issued = authority_.issue("server", sans);
    HttpServerOptions options = test::quick_options();
    options.tls = ServerTls{directory_.write("crt", issued.cert_pem), directory_.write("key", issued.key_pem), "", {}};
    return options;
  }
  HttpClientOptions trusting(std::uint16_t port) const {
    auto options = to(port);
    options.https = true;
    options.tls.ca_data = authority_.cert_pem();
    return options;
  }
  headroom::test::TemporaryDirectory directory_;
  CertificateAuthority authority_;
};

TEST_F(HttpClientTls, VerifiesTheAddressItConnectsTo) {
  EchoServer right(server_options({"IP:127.0.0.1"}));
  EXPECT_TRUE(HttpClient(trusting(right.port())).send(get("/header")).ok());
  EchoServer other(server_options({"DNS:localhost"}));
  const auto reply = HttpClient(trusting(other.port())).send(get("/header"));
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().kind, base::ErrorKind::denied);
  EXPECT_THAT(reply.error().message, HasSubstr("mismatch"));
}

TEST_F(HttpClientTls, AServerNameReplacesTheAddress) {
  EchoServer server(server_options({"DNS:kubernetes.default.svc"}));
  auto options = trusting(server.port());
  options.tls.server_name = "kubernetes.default.svc";
  EXPECT_TRUE(HttpClient(options).send(get("/header")).ok());
  options.tls.server_name = "other.default.svc";
  const auto reply = HttpClient(options).send(get("/header"));
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().kind, base::ErrorKind::denied);
}

TEST_F(HttpClientTls, AWrongAuthorityIsDenied) {
  EchoServer server(server_options({"IP:127.0.0.1"}));
  auto options = trusting(server.port());
  const CertificateAuthority stranger("stranger");
  options.tls.ca_data = stranger.cert_pem();
  const auto reply = HttpClient(options).send(get("/header"));
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().kind, base::ErrorKind::denied);
  EXPECT_THAT(reply.error().message, HasSubstr("certificate"));
}

TEST_F(HttpClientTls, InsecureAsksForNothing) {
  EchoServer server(server_options({"DNS:whatever"}));
  auto options = to(server.port());
  options.https = true;
  options.tls.insecure = true;
  EXPECT_TRUE(HttpClient(options).send(get("/header")).ok());
}

TEST_F(HttpClientTls, AnUnusableAuthorityFileIsNamed) {
  auto options = to(9);
  EchoServer server(server_options({"IP:127.0.0.1"}));
  options.port = server.port();
  options.https = true;
  options.tls.ca_file = directory_.write("empty.crt", "nothing");
  const auto reply = HttpClient(options).send(get("/header"));
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().kind, base::ErrorKind::invalid_input);
  EXPECT_THAT(reply.error().message, HasSubstr("empty.crt"));
}

}  // namespace
}  // namespace headroom::runtime
