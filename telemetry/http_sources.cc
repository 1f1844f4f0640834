#include "telemetry/http_sources.h"

#include <utility>

#include "runtime/file.h"
#include "runtime/http_client.h"
#include "telemetry/page_parser.h"
#include "telemetry/query_reply.h"

namespace headroom::telemetry {
namespace {

[[nodiscard]] std::string base64(std::string_view text) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    const auto byte = [&](std::size_t k) -> unsigned {
      return i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0U;
    };
    const unsigned group = (byte(0) << 16U) | (byte(1) << 8U) | byte(2);
    out += kAlphabet[(group >> 18U) & 63U];
    out += kAlphabet[(group >> 12U) & 63U];
    out += i + 1 < text.size() ? kAlphabet[(group >> 6U) & 63U] : '=';
    out += i + 2 < text.size() ? kAlphabet[group & 63U] : '=';
  }
  return out;
}

[[nodiscard]] base::Result<std::string> read_secret(const std::string& path) {
  auto text = runtime::read_file(path, 64 << 10);
  if (!text) return text.error();
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
  if (text->find_first_of("\r\n") != std::string::npos) return base::invalid_input(path + ": more than one line");
  return text;
}

// The Authorization header as configured, read anew. Empty: none.
[[nodiscard]] base::Result<std::string> authorization(const EndpointAuth& auth) {
  if (!auth.bearer_token_file.empty()) {
    auto token = read_secret(auth.bearer_token_file);
    if (!token) return base::with_context(token.error(), "bearerTokenFile");
    return "Bearer " + *token;
  }
  if (auth.basic_user.empty()) return std::string();
  auto password = read_secret(auth.basic_password_file);
  if (!password) return base::with_context(password.error(), "basicPasswordFile");
  return "Basic " + base64(auth.basic_user + ":" + *password);
}

[[nodiscard]] base::Error status_error(const runtime::HttpResponse& response) {
  const std::string what = "HTTP status " + std::to_string(response.status);
  if (response.status == 401 || response.status == 403) return base::denied(what);
  if (response.status >= 300 && response.status < 400) {
    const auto location = response.headers.find("Location");
    return base::invalid_input(what + ": redirects are not followed" +
                               (location == response.headers.end() ? "" : ", name this URL: " + location->second));
  }
  return base::unavailable(what);
}

// One connection to one endpoint, kept open.
class Connection {
 public:
  Connection(const Endpoint& endpoint, const runtime::Url& url, runtime::HttpClientOptions options)
      : auth_(endpoint.auth), path_(url.path), client_(std::move(options)) {}

  [[nodiscard]] const std::string& path() const { return path_; }
  // The reply, whatever its status.
  [[nodiscard]] base::Result<runtime::HttpResponse> send(runtime::HttpRequest request) {
    const auto header = authorization(auth_);
    if (!header) return header.error();
    if (!header->empty()) request.headers.emplace("Authorization", *header);
    return client_.send(request);
  }
  void cancel() { client_.cancel(); }

 private:
  EndpointAuth auth_;
  std::string path_;
  runtime::HttpClient client_;
};

[[nodiscard]] base::Result<std::unique_ptr<Connection>> connect(const Endpoint& endpoint, base::Milliseconds timeout,
                                                                std::size_t body_limit) {
  const auto url = runtime::parse_url(endpoint.url);
  if (!url) return base::with_context(url.error(), endpoint.url);
  runtime::HttpClientOptions options;
  options.host = url->host;
  options.port = url->port;
  options.https = url->https;
  options.tls = endpoint.auth.tls;
  options.connect_timeout = timeout;
  options.read_timeout = timeout;
  options.total_timeout = timeout;
  options.body_limit = body_limit;
  return std::make_unique<Connection>(endpoint, *url, std::move(options));
}

class ScrapeSource final : public SampleSource {
 public:
  ScrapeSource(std::unique_ptr<Connection> connection, base::Clock& clock)
      : connection_(std::move(connection)), clock_(clock) {}

  base::Result<Poll> poll() override {
    runtime::HttpRequest request;
    request.path = connection_->path();
    request.headers.emplace("Accept", "text/plain;version=0.0.4;q=1,*/*;q=0.1");
    // The moment of asking, not of the answer: an exporter that takes its time must not make its data look younger.
    const base::WallTime asked = clock_.wall_now();
    const auto reply = connection_->send(std::move(request));
    if (!reply) return reply.error();
    if (reply->status != 200) return status_error(*reply);
    return parse_page(reply->body, asked);
  }
  void cancel() override { connection_->cancel(); }

 private:
  std::unique_ptr<Connection> connection_;
  base::Clock& clock_;
};

class HttpQueryApi final : public QueryApi {
 public:
  HttpQueryApi(std::unique_ptr<Connection> connection, base::Clock& clock)
      : connection_(std::move(connection)), clock_(clock) {}

  base::Result<std::vector<Sample>> query(std::string_view promql) override {
    runtime::HttpRequest request;
    request.method = "POST";
    request.path = (connection_->path() == "/" ? "" : connection_->path()) + "/api/v1/query";
    request.headers.emplace("Content-Type", "application/x-www-form-urlencoded");
    request.body = "query=" + runtime::percent_encoded(promql);
    const base::WallTime asked = clock_.wall_now();
    auto reply = connection_->send(std::move(request));
    if (!reply) return reply.error();
    // 400 and 422 carry Prometheus' own words about the query.
    if (reply->status != 200 && reply->status != 400 && reply->status != 422) return status_error(*reply);
    const int status = reply->status;
    auto rows = parse_query_reply(std::move(reply->body));
    if (!rows) return base::with_context(rows.error(), "HTTP status " + std::to_string(status));
    for (Sample& row : *rows) row.time = std::min(row.time, asked);
    return rows;
  }
  void cancel() override { connection_->cancel(); }

 private:
  std::unique_ptr<Connection> connection_;
  base::Clock& clock_;
};

}  // namespace

HttpSources::HttpSources(const TelemetryConfig& config, base::Clock& clock)
    : timeout_(config.timeout), body_limit_(config.body_limit), clock_(clock) {}

base::Result<std::unique_ptr<SampleSource>> HttpSources::exporter(const Endpoint& endpoint) {
  auto connection = connect(endpoint, timeout_, body_limit_);
  if (!connection) return connection.error();
  return std::unique_ptr<SampleSource>(std::make_unique<ScrapeSource>(std::move(connection).value(), clock_));
}

base::Result<std::unique_ptr<QueryApi>> HttpSources::prometheus(const Endpoint& endpoint) {
  auto connection = connect(endpoint, timeout_, body_limit_);
  if (!connection) return connection.error();
  return std::unique_ptr<QueryApi>(std::make_unique<HttpQueryApi>(std::move(connection).value(), clock_));
}

}  // namespace headroom::telemetry
