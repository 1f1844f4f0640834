#include "kube/api_client.h"

#include <algorithm>
#include <utility>

#include "kube/api_status.h"

namespace headroom::kube {
namespace {

// For servers that say "busy" without saying for how long.
constexpr base::Seconds kBusyDelay{1};

bool is_success(int status) {
  return status >= 200 && status < 300;
}

// The server turned the request away unexecuted and asks for patience.
std::optional<base::Seconds> busy_delay(const runtime::HttpResponse& reply) {
  if (reply.status != 429 && reply.status != 503) return std::nullopt;
  const auto asked = status_of(reply).retry_after;
  if (reply.status == 503 && !asked) return std::nullopt;
  return std::max(asked.value_or(kBusyDelay), base::Seconds(1));
}

std::string_view content_type(PatchKind kind) {
  switch (kind) {
    case PatchKind::merge: return "application/merge-patch+json";
    case PatchKind::strategic: return "application/strategic-merge-patch+json";
    case PatchKind::apply: return "application/apply-patch+yaml";
  }
  return "application/json";
}

runtime::HttpRequest make_request(std::string_view method, std::string_view path) {
  runtime::HttpRequest request;
  request.method = method;
  request.path = path;
  return request;
}

runtime::HttpRequest make_json_request(std::string_view method, std::string_view path, std::string body) {
  runtime::HttpRequest request = make_request(method, path);
  if (!body.empty()) request.headers.emplace("Content-Type", "application/json");
  request.body = std::move(body);
  return request;
}

}  // namespace

// A connection taken from the pool for one call, given back at the end.
class ApiClient::Lease {
 public:
  explicit Lease(ApiClient& client) : client_(client) {
    const std::lock_guard lock(client.mutex_);
    if (client.cancelled_) return;
    if (client.idle_.empty()) {
      connection_ = client.open(client.options_.connection);
    } else {
      connection_ = std::move(client.idle_.back());
      client.idle_.pop_back();
    }
    client.busy_.push_back(connection_.get());
  }
  ~Lease() {
    if (!connection_) return;
    const std::lock_guard lock(client_.mutex_);
    std::erase(client_.busy_, connection_.get());
    const auto most = static_cast<std::size_t>(client_.options_.idle_connections);
    if (!client_.cancelled_ && client_.idle_.size() < most) client_.idle_.push_back(std::move(connection_));
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  [[nodiscard]] Connection* get() const { return connection_.get(); }

 private:
  ApiClient& client_;
  std::unique_ptr<Connection> connection_;
};

ApiClient::ApiClient(ClientConfig config, ApiClientOptions options, base::Clock& clock)
    : config_(std::move(config)),
      options_([&] {
        options.connection.total_timeout = std::min(options.connection.total_timeout, options.call_timeout);
        return std::move(options);
      }()),
      clock_(clock),
      token_(std::make_shared<TokenSource>(config_.token_file, config_.token, clock)) {}

ApiClient::~ApiClient() {
  cancel();
}

void ApiClient::cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  for (Connection* connection : busy_) connection->cancel();
  idle_.clear();
  stop_.request_stop();
}

std::unique_ptr<Connection> ApiClient::open(const ConnectionOptions& options) const {
  return std::make_unique<Connection>(config_, options, token_);
}

base::Result<runtime::HttpResponse> ApiClient::send(const runtime::HttpRequest& request) {
  const Lease lease(*this);
  if (lease.get() == nullptr) return base::unavailable("the client is shut down");
  const base::MonoTime deadline = clock_.mono_now() + options_.call_timeout;
  for (;;) {
    auto reply = lease.get()->send(request);
    if (!reply) return reply;
    const auto delay = busy_delay(*reply);
    const base::MonoTime again = clock_.mono_now() + delay.value_or(base::Seconds(0));
    if (!delay || again >= deadline) return reply;
    if (clock_.wait_until(again, stop_.get_token()) == base::WaitResult::stop_requested) return reply;
  }
}

base::Result<std::string> ApiClient::body_of(const runtime::HttpRequest& request) {
  const auto context = [&](base::Error error) {
    return base::with_context(std::move(error), request.method + " " + request.path);
  };
  auto reply = send(request);
  if (!reply) return context(reply.error());
  if (!is_success(reply->status)) return context(to_error(status_of(*reply)));
  return std::move(reply->body);
}

base::Result<std::string> ApiClient::get(std::string_view path, const runtime::QueryParameters& query) {
  runtime::HttpRequest request = make_request("GET", path);
  request.query = query;
  return body_of(request);
}

base::Result<std::string> ApiClient::post(std::string_view path, std::string body) {
  return body_of(make_json_request("POST", path, std::move(body)));
}

base::Result<std::string> ApiClient::put(std::string_view path, std::string body) {
  return body_of(make_json_request("PUT", path, std::move(body)));
}

base::Result<std::string> ApiClient::remove(std::string_view path, std::string body) {
  return body_of(make_json_request("DELETE", path, std::move(body)));
}

base::Result<std::string> ApiClient::patch(const PatchRequest& patch) {
  runtime::HttpRequest request = make_request("PATCH", patch.path);
  request.headers.emplace("Content-Type", std::string(content_type(patch.kind)));
  if (!patch.field_manager.empty()) request.query.emplace("fieldManager", patch.field_manager);
  if (patch.kind == PatchKind::apply && patch.force) request.query.emplace("force", "true");
  request.body = patch.body;
  return body_of(request);
}

}  // namespace headroom::kube
