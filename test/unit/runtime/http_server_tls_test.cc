#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <filesystem>

#include "runtime/http_client.h"
#include "test/support/certificates.h"
#include "test/support/raw_http.h"
#include "test/support/temporary_directory.h"
#include "test/unit/runtime/echo_server.h"

namespace headroom::runtime {
namespace {

using headroom::test::CertificateAuthority;
using headroom::test::IssuedCertificate;
using headroom::test::RawClient;
using headroom::test::TemporaryDirectory;
using test::EchoServer;
using test::quick_options;
using testing::HasSubstr;

class HttpServerTls : public testing::Test {
 protected:
  HttpServerTls() { install(authority_.issue("server", {"DNS:extender.svc", "IP:127.0.0.1"})); }

  void install(const IssuedCertificate& certificate) const {
    directory_.write("tls.crt", certificate.cert_pem);
    directory_.write("tls.key", certificate.key_pem);
  }

  HttpServerOptions options() const {
    HttpServerOptions options = quick_options();
    options.tls = ServerTls{directory_.path("tls.crt"), directory_.path("tls.key"), "", {}};
    return options;
  }
  HttpServerOptions mutual(std::vector<std::string> allowed = {}) const {
    HttpServerOptions wanted = options();
    wanted.tls->client_ca_file = directory_.write("clients.crt", clients_.cert_pem());
    wanted.tls->allowed_client_sans = std::move(allowed);
    return wanted;
  }

  HttpClientOptions client_options(std::uint16_t port) const {
    HttpClientOptions wanted;
    wanted.host = "127.0.0.1";
    wanted.port = port;
    wanted.https = true;
    wanted.tls.ca_data = authority_.cert_pem();
    return wanted;
  }
  HttpClientOptions with_certificate(std::uint16_t port, const CertificateAuthority& issuer,
                                     const std::vector<std::string>& sans) const {
    HttpClientOptions wanted = client_options(port);
    const IssuedCertificate own = issuer.issue("client", sans);
    wanted.tls.cert_data = own.cert_pem;
    wanted.tls.key_data = own.key_pem;
    return wanted;
  }
  static base::Result<HttpResponse> facts(const HttpClientOptions& wanted) {
    HttpRequest request;
    request.method = "POST";
    request.path = "/facts";
    request.body = "x";
    return HttpClient(wanted).send(request);
  }

  TemporaryDirectory directory_;
  CertificateAuthority authority_;
  CertificateAuthority clients_{"client authority"};
};

// The highest version the client offers; true: the handshake succeeds.
bool handshake_with(std::uint16_t port, int version) {
  const RawClient raw(port);
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_set_security_level(context.get(), 0);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context.get(), version);
  const std::unique_ptr<SSL, decltype(&SSL_free)> tls(SSL_new(context.get()), SSL_free);
  SSL_set_fd(tls.get(), raw.socket());
  return SSL_connect(tls.get()) == 1;
}

TEST_F(HttpServerTls, SpeaksTls12AndLaterOnly) {
  EchoServer server(options());
  EXPECT_FALSE(handshake_with(server.port(), TLS1_1_VERSION));
  EXPECT_TRUE(handshake_with(server.port(), TLS1_2_VERSION));
  EXPECT_TRUE(handshake_with(server.port(), TLS1_3_VERSION));
}

TEST_F(HttpServerTls, AnswersOverTls) {
  EchoServer server(options());
  const auto reply = facts(client_options(server.port()));
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_THAT(reply->body, HasSubstr("from=127.0.0.1 names="));
}

TEST_F(HttpServerTls, PlainRequestsGetNoAnswer) {
  EchoServer server(options());
  RawClient client(server.port());
  client.send(test::get("/header"));
  EXPECT_EQ(client.receive(std::chrono::seconds(5)).status, 0);
}

TEST_F(HttpServerTls, WithAClientCaOnlyVerifiedClientsGetThrough) {
  EchoServer server(mutual());
  const auto none = facts(client_options(server.port()));
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().kind, base::ErrorKind::denied) << none.error().message;

  const auto wrong = facts(with_certificate(server.port(), authority_, {"DNS:scheduler"}));
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().kind, base::ErrorKind::denied) << wrong.error().message;

  const auto right =
      facts(with_certificate(server.port(), clients_, {"DNS:scheduler", "URI:spiffe://a/b", "IP:10.0.0.1"}));
  ASSERT_TRUE(right.ok()) << right.error().message;
  EXPECT_THAT(right->body, HasSubstr("names=scheduler;spiffe://a/b;10.0.0.1;"));
}

TEST_F(HttpServerTls, AnAllowListOfNamesAnswersOthersWith403) {
  EchoServer server(mutual({"kube-scheduler"}));
  const auto other = facts(with_certificate(server.port(), clients_, {"DNS:tenant"}));
  ASSERT_TRUE(other.ok()) << other.error().message;
  EXPECT_EQ(other->status, 403);
  const auto nameless = facts(with_certificate(server.port(), clients_, {}));
  ASSERT_TRUE(nameless.ok());
  EXPECT_EQ(nameless->status, 403);
  const auto listed = facts(with_certificate(server.port(), clients_, {"DNS:tenant", "DNS:kube-scheduler"}));
  ASSERT_TRUE(listed.ok());
  EXPECT_EQ(listed->status, 200);
}

TEST_F(HttpServerTls, TakesNewCertificatesWithoutARestart) {
  EchoServer server(options());
  HttpClientOptions named = client_options(server.port());
  named.tls.server_name = "renewed.svc";
  EXPECT_FALSE(facts(named).ok());
  install(authority_.issue("server", {"DNS:renewed.svc"}));
  const auto reply = facts(named);
  EXPECT_TRUE(reply.ok()) << reply.error().message;
}

TEST_F(HttpServerTls, AHalfDoneRotationKeepsTheOldCertificate) {
  EchoServer server(options());
  const IssuedCertificate next = authority_.issue("server", {"DNS:renewed.svc"});
  directory_.write("tls.crt", next.cert_pem);  // the key still belongs to the old one
  EXPECT_TRUE(facts(client_options(server.port())).ok());
  std::filesystem::remove(directory_.path("tls.key"));
  EXPECT_TRUE(facts(client_options(server.port())).ok());
  directory_.write("tls.key", next.key_pem);
  HttpClientOptions named = client_options(server.port());
  named.tls.server_name = "renewed.svc";
  EXPECT_TRUE(facts(named).ok());
}

TEST_F(HttpServerTls, ANewClientAuthorityIsTakenToo) {
  EchoServer server(mutual());
  const CertificateAuthority next("next client authority");
  EXPECT_FALSE(facts(with_certificate(server.port(), next, {"DNS:a"})).ok());
  directory_.write("clients.crt", next.cert_pem());
  EXPECT_TRUE(facts(with_certificate(server.port(), next, {"DNS:a"})).ok());
  EXPECT_FALSE(facts(with_certificate(server.port(), clients_, {"DNS:a"})).ok());
}

TEST_F(HttpServerTls, StartNamesTheFileThatCannotBeUsed) {
  HttpServerOptions wanted = options();
  wanted.tls->key_file = directory_.path("missing.key");
  const auto missing = HttpServer(wanted).start();
  ASSERT_FALSE(missing.ok());
  EXPECT_THAT(missing.error().message, HasSubstr("missing.key"));

  wanted.tls->key_file = directory_.write("broken.key", "not a key");
  const auto broken = HttpServer(wanted).start();
  ASSERT_FALSE(broken.ok());
  EXPECT_EQ(broken.error().kind, base::ErrorKind::invalid_input);
  EXPECT_THAT(broken.error().message, HasSubstr("broken.key"));

  wanted.tls->key_file = directory_.write("other.key", authority_.issue("other", {}).key_pem);
  const auto foreign = HttpServer(wanted).start();
  ASSERT_FALSE(foreign.ok());
  EXPECT_THAT(foreign.error().message, HasSubstr("other.key"));
}

}  // namespace
}  // namespace headroom::runtime
