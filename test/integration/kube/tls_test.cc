// The whole way from a kubeconfig's text to a verified request.
#include <gtest/gtest.h>

#include <string>

#include "base/manual_clock.h"
#include "kube/api_client.h"
#include "kube/base64.h"
#include "kube/config.h"
#include "runtime/http_server.h"
#include "test/support/certificates.h"
#include "test/support/temporary_directory.h"

namespace headroom::kube {
namespace {

class Verified : public testing::Test {
 protected:
  Verified() {
    const auto server = authority_.issue("kube-apiserver", {"DNS:kubernetes.default.svc"});
    runtime::HttpServerOptions options;
    options.tls = runtime::ServerTls{folder_.write("tls.crt", server.cert_pem),
                                     folder_.write("tls.key", server.key_pem),
                                     folder_.write("ca.crt", authority_.cert_pem()),
                                     {}};
    server_ = std::make_unique<runtime::HttpServer>(options);
    server_->route("GET", "/version", [](const runtime::HttpRequest&) {
      runtime::HttpResponse response;
      response.body = "{}";
      return response;
    });
    const auto port = server_->start();
    EXPECT_TRUE(port.ok());
    port_ = port.ok() ? *port : 0;
  }

  // A kubeconfig whose certificate authority is `ca` and whose server is expected to be called `name`.
  base::Result<std::string> ask(const std::string& ca, const std::string& name) {
    const auto person = authority_.issue("headroom", {"DNS:headroom"});
    const std::string text =
        "current-context: x\nclusters: [{name: c, cluster: {server: 'https://127.0.0.1:" + std::to_string(port_) +
        "', tls-server-name: '" + name + "', certificate-authority-data: " + base64_encode(ca) +
        "}}]\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n"
        "users: [{name: u, user: {client-certificate-data: " +
        base64_encode(person.cert_pem) + ", client-key-data: " + base64_encode(person.key_pem) + "}}]\n";
    const auto config = parse_kubeconfig(text, "/");
    if (!config) return config.error();
    ApiClient client(*config, {}, clock_);
    return client.get("/version");
  }

  test::CertificateAuthority authority_;
  test::TemporaryDirectory folder_;
  base::ManualClock clock_;
  std::unique_ptr<runtime::HttpServer> server_;
  std::uint16_t port_ = 0;
};

TEST_F(Verified, AClientCertificateAndTheServersNameAreEnough) {
  const auto body = ask(authority_.cert_pem(), "kubernetes.default.svc");
  EXPECT_TRUE(body.ok()) << body.error().message;
}

TEST_F(Verified, AServerOfAnotherAuthorityIsDenied) {
  const test::CertificateAuthority other("another authority");
  const auto body = ask(other.cert_pem(), "kubernetes.default.svc");
  ASSERT_FALSE(body.ok());
  EXPECT_EQ(body.error().kind, base::ErrorKind::denied) << body.error().message;
}

TEST_F(Verified, AServerOfAnotherNameIsDenied) {
  const auto body = ask(authority_.cert_pem(), "elsewhere");
  ASSERT_FALSE(body.ok());
  EXPECT_EQ(body.error().kind, base::ErrorKind::denied) << body.error().message;
}

}  // namespace
}  // namespace headroom::kube
