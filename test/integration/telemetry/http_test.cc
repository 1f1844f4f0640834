// Exporters and a Prometheus over real HTTP: what hangs, dies, lies and asks for credentials.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "runtime/http_server.h"
#include "runtime/system_clock.h"
#include "telemetry/collector.h"
#include "telemetry/http_sources.h"
#include "test/support/certificates.h"
#include "test/support/temporary_directory.h"

namespace headroom::telemetry {
namespace {

using runtime::HttpRequest;
using runtime::HttpResponse;

HttpResponse text(std::string body, int status = 200) {
  HttpResponse response;
  response.status = status;
  response.content_type = "text/plain; version=0.0.4";
  response.body = std::move(body);
  return response;
}

std::string header(const HttpRequest& request, const std::string& name) {
  const auto found = request.headers.find(name);
  return found == request.headers.end() ? std::string() : found->second;
}

// One server with a route per behaviour.
class Site {
 public:
  explicit Site(std::optional<runtime::ServerTls> tls = {})
      : https_(tls.has_value()), server_(options(std::move(tls))) {
    server_.route("GET", "/metrics", [](const HttpRequest&) { return text("kepler_node_power_watts 100\nother 1\n"); });
    server_.route("GET", "/login", [](const HttpRequest&) { return text("<html>\nplease log in\n</html>"); });
    server_.route("GET", "/denied", [](const HttpRequest&) { return text("no", 401); });
    server_.route("GET", "/broken", [](const HttpRequest&) { return text("oops", 500); });
    server_.route("GET", "/moved", [](const HttpRequest&) {
      HttpResponse response = text("", 302);
      response.headers.emplace("Location", "https://elsewhere/metrics");
      return response;
    });
    server_.route("GET", "/large", [](const HttpRequest&) { return text(std::string(1 << 20, '\n') + "a 1\n"); });
    server_.route("GET", "/hangs", [this](const HttpRequest&) {
      std::unique_lock lock(mutex_);
      released_.wait(lock, [&] { return open_; });
      return text("kepler_node_power_watts 1\n");
    });
    server_.route("GET", "/who", [](const HttpRequest& request) {
      return text("kepler_node_power_watts{auth=\"" + header(request, "Authorization") + "\"} 1\n");
    });
    server_.route("POST", "/prefix/api/v1/query", [this](const HttpRequest& request) {
      {
        const std::lock_guard lock(mutex_);
        last_query_ = request.body;
      }
      HttpResponse response;
      response.body =
          R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":"b"},"value":[1,"7"]}]}})";
      return response;
    });
    server_.route("POST", "/bad/api/v1/query", [](const HttpRequest&) {
      HttpResponse response;
      response.status = 400;
      response.body = R"({"status":"error","errorType":"bad_data","error":"unexpected end of input"})";
      return response;
    });
    server_.route("POST", "/starting/api/v1/query",
                  [](const HttpRequest&) { return text("Service Unavailable", 503); });
    server_.route("POST", "/page/api/v1/query", [](const HttpRequest&) { return text("<html>log in</html>"); });
    const auto port = server_.start();
    if (!port) throw std::runtime_error(port.error().message);
    port_ = *port;
  }
  ~Site() { release(); }

  [[nodiscard]] std::string url(const std::string& path) const {
    return std::string(https_ ? "https" : "http") + "://127.0.0.1:" + std::to_string(port_) + path;
  }
  void release() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    released_.notify_all();
  }
  [[nodiscard]] std::string last_query() {
    const std::lock_guard lock(mutex_);
    return last_query_;
  }

 private:
  static runtime::HttpServerOptions options(std::optional<runtime::ServerTls> tls) {
    runtime::HttpServerOptions options;
    options.threads = 8;
    options.drain = base::Milliseconds(100);
    options.tls = std::move(tls);
    return options;
  }

  std::mutex mutex_;
  std::condition_variable released_;
  bool open_ = false;
  std::string last_query_;
  bool https_;
  runtime::HttpServer server_;
  std::uint16_t port_ = 0;
};

class HttpSource : public testing::Test {
 protected:
  HttpSource() {
    config_.timeout = base::Milliseconds(500);
    config_.body_limit = 64 << 10;
  }
  [[nodiscard]] base::Result<Poll> poll(const Endpoint& endpoint) {
    HttpSources sources(config_, clock_);
    auto source = sources.exporter(endpoint);
    if (!source) return source.error();
    return (*source)->poll();
  }
  [[nodiscard]] base::Result<Poll> poll(const std::string& url) { return poll(at(url)); }
  static Endpoint at(const std::string& url) {
    Endpoint endpoint;
    endpoint.url = url;
    return endpoint;
  }

  runtime::SystemClock clock_;
  TelemetryConfig config_;
};

TEST_F(HttpSource, APageGivesItsSamplesAtTheTimeOfAsking) {
  const Site site;
  const auto before = clock_.wall_now();
  const auto page = poll(site.url("/metrics"));
  ASSERT_TRUE(page.ok()) << page.error().message;
  ASSERT_EQ(page->samples.size(), 1U);
  EXPECT_GE(page->samples[0].time, before);
  EXPECT_LE(page->samples[0].time, clock_.wall_now());
}

TEST_F(HttpSource, WhatIsNoMetricsPageIsAnErrorOfItsKind) {
  const Site site;
  const auto kind = [&](const std::string& path) {
    const auto page = poll(site.url(path));
    return page.ok() ? base::ErrorKind::internal : page.error().kind;
  };
  EXPECT_EQ(kind("/login"), base::ErrorKind::invalid_input);
  EXPECT_EQ(kind("/denied"), base::ErrorKind::denied);
  EXPECT_EQ(kind("/broken"), base::ErrorKind::unavailable);
  EXPECT_EQ(kind("/absent"), base::ErrorKind::unavailable);
  EXPECT_EQ(kind("/large"), base::ErrorKind::unavailable);
  EXPECT_NE(poll(site.url("/moved")).error().message.find("https://elsewhere/metrics"), std::string::npos);
}

TEST_F(HttpSource, AnExporterThatHangsEndsAtTheDeadline) {
  Site site;
  const auto started = clock_.mono_now();
  const auto page = poll(site.url("/hangs"));
  ASSERT_FALSE(page.ok());
  EXPECT_EQ(page.error().kind, base::ErrorKind::unavailable);
  EXPECT_LT(clock_.mono_now() - started, base::Seconds(20));
}

TEST_F(HttpSource, AClosedPortIsUnavailable) {
  std::string url;
  {
    const Site site;
    url = site.url("/metrics");
  }
  EXPECT_EQ(poll(url).error().kind, base::ErrorKind::unavailable);
}

class HttpsSource : public HttpSource {
 protected:
  HttpsSource() {
    const auto issued = authority_.issue("exporter", {"DNS:exporter.svc"});
    tls_.cert_file = directory_.write("tls.crt", issued.cert_pem);
    tls_.key_file = directory_.write("tls.key", issued.key_pem);
    ca_file_ = directory_.write("ca.crt", authority_.cert_pem());
  }
  [[nodiscard]] Endpoint secured(const Site& site, const std::string& path) const {
    Endpoint endpoint = at(site.url(path));
    endpoint.auth.tls.ca_file = ca_file_;
    endpoint.auth.tls.server_name = "exporter.svc";
    return endpoint;
  }

  test::TemporaryDirectory directory_;
  test::CertificateAuthority authority_;
  runtime::ServerTls tls_;
  std::string ca_file_;
};

TEST_F(HttpsSource, AServerIsVerifiedByItsCaAndName) {
  const Site site(tls_);
  EXPECT_TRUE(poll(secured(site, "/metrics")).ok());
  Endpoint wrong_name = secured(site, "/metrics");
  wrong_name.auth.tls.server_name = "other.svc";
  EXPECT_EQ(poll(wrong_name).error().kind, base::ErrorKind::denied);
  const test::CertificateAuthority other("other");
  Endpoint wrong_ca = secured(site, "/metrics");
  wrong_ca.auth.tls.ca_file = directory_.write("other.crt", other.cert_pem());
  EXPECT_EQ(poll(wrong_ca).error().kind, base::ErrorKind::denied);
}

TEST_F(HttpsSource, AClientCertificateIsShownWhereOneIsAsked) {
  tls_.client_ca_file = ca_file_;
  const Site site(tls_);
  EXPECT_FALSE(poll(secured(site, "/metrics")).ok());
  const auto client = authority_.issue("headroom", {"DNS:headroom"});
  Endpoint endpoint = secured(site, "/metrics");
  endpoint.auth.tls.cert_file = directory_.write("client.crt", client.cert_pem);
  endpoint.auth.tls.key_file = directory_.write("client.key", client.key_pem);
  const auto page = poll(endpoint);
  EXPECT_TRUE(page.ok()) << page.error().message;
}

TEST_F(HttpsSource, TokenAndPasswordAreReadAnewAtEveryRequest) {
  const Site site(tls_);
  Endpoint endpoint = secured(site, "/who");
  endpoint.auth.bearer_token_file = directory_.write("token", "first\n");
  HttpSources sources(config_, clock_);
  auto source = sources.exporter(endpoint);
  ASSERT_TRUE(source.ok());
  EXPECT_EQ((*source)->poll()->samples[0].label("auth"), "Bearer first");
  directory_.write("token", "second");
  EXPECT_EQ((*source)->poll()->samples[0].label("auth"), "Bearer second");

  endpoint.auth.bearer_token_file.clear();
  endpoint.auth.basic_user = "Aladdin";
  endpoint.auth.basic_password_file = directory_.write("password", "open sesame\n");
  EXPECT_EQ(poll(endpoint)->samples[0].label("auth"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  endpoint.auth.basic_password_file = directory_.path("absent");
  EXPECT_NE(poll(endpoint).error().message.find("basicPasswordFile"), std::string::npos);
}

TEST_F(HttpSource, AQueryIsPostedAsAFormAndAnsweredInRows) {
  Site site;
  HttpSources sources(config_, clock_);
  auto api = sources.prometheus(at(site.url("/prefix")));
  ASSERT_TRUE(api.ok());
  const auto rows = (*api)->query("sum(a{x=\"1+1&2\"})");
  ASSERT_TRUE(rows.ok()) << rows.error().message;
  EXPECT_EQ((*rows)[0].value, 7);
  EXPECT_EQ(site.last_query(), "query=sum%28a%7Bx%3D%221%2B1%262%22%7D%29");
}

TEST_F(HttpSource, APrometheusThatRefusesAQueryIsQuoted) {
  const Site site;
  HttpSources sources(config_, clock_);
  auto api = sources.prometheus(at(site.url("/bad")));
  ASSERT_TRUE(api.ok());
  const auto rows = (*api)->query("sum(");
  ASSERT_FALSE(rows.ok());
  EXPECT_EQ(rows.error().kind, base::ErrorKind::invalid_input);
  EXPECT_NE(rows.error().message.find("unexpected end of input"), std::string::npos);
}

TEST_F(HttpSource, APrometheusThatIsNotReadyOrIsNoneIsNotBlamedOnTheQuery) {
  const Site site;
  HttpSources sources(config_, clock_);
  const auto kind = [&](const std::string& prefix) {
    auto api = sources.prometheus(at(site.url(prefix)));
    const auto rows = (*api)->query("a");
    return rows.ok() ? base::ErrorKind::internal : rows.error().kind;
  };
  EXPECT_EQ(kind("/starting"), base::ErrorKind::unavailable);
  EXPECT_EQ(kind("/page"), base::ErrorKind::unsupported);
}

TEST_F(HttpSource, TheCollectorKeepsHealthyExportersFreshWhileOthersHang) {
  const Site site;
  const Site hanging;  // its own: handlers that hang keep all its threads
  config_.scrape_interval = base::Milliseconds(100);
  config_.publish_interval = base::Milliseconds(20);
  config_.timeout = base::Milliseconds(300);
  config_.concurrency = 6;
  config_.exporters = {{"good", site.url("/metrics"), "n", {}}};
  for (int i = 0; i < 5; ++i) {
    config_.exporters.push_back({"bad" + std::to_string(i), hanging.url("/hangs?" + std::to_string(i)), "n", {}});
  }
  HttpSources sources(config_, clock_);
  std::mutex mutex;
  std::condition_variable changed;
  Collector collector(config_, clock_, sources, [&] {
    const std::lock_guard lock(mutex);
    changed.notify_all();
  });
  collector.set_nodes({{"n", "", {}}});
  collector.start();
  std::unique_lock lock(mutex);
  const bool fresh = changed.wait_for(lock, std::chrono::seconds(60), [&] {
    const auto snapshot = collector.snapshot();
    for (const auto& source : snapshot->sources) {
      if (source.name == "good" && source.up && source.polls >= 10) return true;
    }
    return false;
  });
  EXPECT_TRUE(fresh);
  lock.unlock();
  collector.stop();
  EXPECT_EQ(collector.snapshot()->nodes.at("n").of(model::PowerScope::psys)->power, base::watts(100));
}

TEST(TelemetryConfigCheck, NamesTheFieldOfEveryProblem) {
  EXPECT_TRUE(validate({}).empty());
  TelemetryConfig config;
  config.exporters = {{"", "http://h", "", {}}, {"a", "not a url", "", {}}, {"a", "http://h", "", {}}};
  config.prometheus = {{"p", "http://h", {}, true}};
  config.prometheus[0].auth.basic_user = "u";
  config.discovery.auth.bearer_token_file = "/var/run/secrets/kubernetes.io/serviceaccount/token";
  config.concurrency = 1;
  std::string all;
  for (const std::string& problem : validate(config)) all += problem + "\n";
  for (const char* field : {"exporters[0].name", "exporters[1].url", "exporters[2].name: is used twice",
                            "prometheus[0]", "discovery: a token", "discovery.bearerTokenFile", "concurrency"}) {
    EXPECT_NE(all.find(field), std::string::npos) << field << " in\n" << all;
  }
}

}  // namespace
}  // namespace headroom::telemetry
