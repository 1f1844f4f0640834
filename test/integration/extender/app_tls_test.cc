// Mutual TLS from the configuration file to the wire: the verb port answers the scheduler's certificate and nobody
// else, while health stays plain.
#include <gtest/gtest.h>

#include <memory>

#include "extender/app.h"
#include "runtime/http_client.h"
#include "runtime/system_clock.h"
#include "test/support/certificates.h"
#include "test/support/temporary_directory.h"
#include "test/unit/extender/extender_fakes.h"

namespace headroom {
namespace {

class ExtenderTls : public testing::Test {
 protected:
  void SetUp() override {
    const auto server = authority_.issue("extender", {"IP:127.0.0.1"});
    const std::string yaml =
        "listen: {verbs: '127.0.0.1:0', bind: '127.0.0.1:0', health: '127.0.0.1:0'}\n"
        "tls: {verbs: {certFile: " +
        directory_.write("tls.crt", server.cert_pem) + ", keyFile: " + directory_.write("tls.key", server.key_pem) +
        ", clientCAFile: " + directory_.write("ca.crt", authority_.cert_pem()) +
        ", allowedClientSANs: [kube-scheduler]}}\n";
    const auto tree = runtime::parse_yaml(yaml, "test");
    ASSERT_TRUE(tree.ok());
    const auto config = extender::read_config(*tree, "test");
    ASSERT_TRUE(config.ok()) << config.error().message;
    app_ = std::make_unique<extender::App>(
        *config, extender::Edges{clock_, snapshots_, binder_, conditions_, lease_, metrics_, "host", {}});
    auto ports = app_->start();
    ASSERT_TRUE(ports.ok()) << ports.error().message;
    ports_ = *ports;
  }
  void TearDown() override { app_.reset(); }

  base::Result<runtime::HttpResponse> filter_as(const std::string& san) {
    runtime::HttpClientOptions options;
    options.host = "127.0.0.1";
    options.port = ports_.verbs;
    options.https = true;
    options.tls.ca_data = authority_.cert_pem();
    if (!san.empty()) {
      const auto own = authority_.issue("client", {"DNS:" + san});
      options.tls.cert_data = own.cert_pem;
      options.tls.key_data = own.key_pem;
    }
    runtime::HttpClient client(options);
    runtime::HttpRequest request;
    request.method = "POST";
    request.path = "/filter";
    request.headers.emplace("Content-Type", "application/json");
    request.body = "{}";
    return client.send(request);
  }

  test::CertificateAuthority authority_;
  test::TemporaryDirectory directory_;
  runtime::SystemClock clock_;
  base::Published<model::ClusterSnapshot> snapshots_;
  test::FakeBinder binder_;
  test::FakeConditions conditions_;
  test::FakeLease lease_;
  runtime::MetricsRegistry metrics_;
  extender::Ports ports_;
  std::unique_ptr<extender::App> app_;
};

TEST_F(ExtenderTls, AnswersTheSchedulersCertificateOnly) {
  const auto scheduler = filter_as("kube-scheduler");
  ASSERT_TRUE(scheduler.ok()) << scheduler.error().message;
  EXPECT_EQ(scheduler->status, 200);
  const auto other = filter_as("somebody-else");
  EXPECT_TRUE(!other.ok() || other->status == 403) << "a certificate of another name";
  const auto nobody = filter_as("");
  EXPECT_TRUE(!nobody.ok() || nobody->status >= 400) << "no certificate at all";
}

TEST_F(ExtenderTls, HealthStaysPlain) {
  runtime::HttpClientOptions options;
  options.host = "127.0.0.1";
  options.port = ports_.health;
  runtime::HttpClient client(options);
  runtime::HttpRequest request;
  request.path = "/livez";
  const auto reply = client.send(request);
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(reply->status, 200);
}

}  // namespace
}  // namespace headroom
