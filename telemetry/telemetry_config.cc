#include "telemetry/telemetry_config.h"

#include <set>

#include "runtime/http_client.h"

namespace headroom::telemetry {
namespace {

class Problems {
 public:
  void check(bool good, const std::string& field, const std::string& what) {
    if (!good) list_.push_back(field + ": " + what);
  }

  void auth(const EndpointAuth& auth, const std::string& field, bool https) {
    const bool secret = !auth.bearer_token_file.empty() || !auth.basic_user.empty();
    const bool has_ca = !auth.tls.ca_file.empty() || !auth.tls.ca_data.empty();
    check(!secret || (https && has_ca && !auth.tls.insecure), field,
          "a token or password is sent over https with a caFile only");
    check(auth.bearer_token_file.empty() || auth.basic_user.empty(), field,
          "bearerTokenFile and basicUser exclude each other");
    check(auth.basic_user.empty() == auth.basic_password_file.empty(), field,
          "basicUser and basicPasswordFile belong together");
    check(auth.tls.cert_file.empty() == auth.tls.key_file.empty(), field, "certFile and keyFile belong together");
    check(auth.bearer_token_file.find("serviceaccount/token") == std::string::npos ||
              auth.bearer_token_file.find("/var/run/secrets/kubernetes.io/") != 0,
          field + ".bearerTokenFile", "is this pod's token for the Kubernetes API; give it one of its own");
  }

  void url(const std::string& text, const std::string& field, const EndpointAuth& with) {
    const auto parsed = runtime::parse_url(text);
    if (!parsed) return check(false, field + ".url", parsed.error().message);
    auth(with, field, parsed->https);
  }

  void name(const std::string& text, const std::string& field) {
    check(!text.empty(), field + ".name", "is required");
    check(text.empty() || names_.insert(text).second, field + ".name", "is used twice: " + text);
  }

  [[nodiscard]] std::vector<std::string> take() { return std::move(list_); }

 private:
  std::vector<std::string> list_;
  std::set<std::string> names_;
};

[[nodiscard]] std::string at(const std::string& list, std::size_t index) {
  return list + "[" + std::to_string(index) + "]";
}

}  // namespace

std::vector<std::string> validate(const TelemetryConfig& config) {
  Problems problems;
  for (std::size_t i = 0; i < config.exporters.size(); ++i) {
    problems.name(config.exporters[i].name, at("exporters", i));
    problems.url(config.exporters[i].url, at("exporters", i), config.exporters[i].auth);
  }
  for (std::size_t i = 0; i < config.prometheus.size(); ++i) {
    problems.name(config.prometheus[i].name, at("prometheus", i));
    problems.url(config.prometheus[i].url, at("prometheus", i), config.prometheus[i].auth);
  }
  problems.auth(config.discovery.auth, "discovery", true);
  for (const auto& [address, node] : config.bmc_nodes) {
    problems.check(!address.empty() && !node.empty(), "bmcNodes", "address and node must not be empty");
  }
  using std::chrono::milliseconds;
  problems.check(config.scrape_interval >= milliseconds(100), "scrapeInterval", "must be at least 100 ms");
  problems.check(config.prometheus_interval >= milliseconds(100), "prometheusInterval", "must be at least 100 ms");
  problems.check(config.timeout >= milliseconds(50), "timeout", "must be at least 50 ms");
  problems.check(config.publish_interval >= milliseconds(10), "publishInterval", "must be at least 10 ms");
  problems.check(config.concurrency >= 2 && config.concurrency <= 1024, "concurrency", "must be 2 to 1024");
  problems.check(config.body_limit >= 4096, "bodyLimit", "must be at least 4096 bytes");
  return problems.take();
}

}  // namespace headroom::telemetry
