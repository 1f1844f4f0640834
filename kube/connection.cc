#include "kube/connection.h"

#include <utility>

#include "kube/base64.h"

namespace headroom::kube {
namespace {

runtime::HttpClientOptions client_options(const ClientConfig& config, const ConnectionOptions& options) {
  runtime::HttpClientOptions made;
  made.host = config.host;
  made.port = config.port;
  made.https = config.https;
  made.tls = config.tls;
  made.connect_timeout = options.connect_timeout;
  made.read_timeout = options.read_timeout;
  made.total_timeout = options.total_timeout;
  return made;
}

}  // namespace

Connection::Connection(const ClientConfig& config, const ConnectionOptions& options, std::shared_ptr<TokenSource> token)
    : base_path_(config.base_path),
      basic_(config.basic.empty() ? std::string() : "Basic " + base64_encode(config.basic)),
      user_agent_(options.user_agent),
      token_(std::move(token)),
      client_(client_options(config, options)) {}

base::Result<runtime::HttpResponse> Connection::send(runtime::HttpRequest request) {
  request.path.insert(0, base_path_);
  const std::string sent = authorize(request);
  auto reply = client_.send(request);
  if (!reply || reply->status != 401 || !token_->refresh(sent)) return reply;
  authorize(request);
  return client_.send(request);
}

base::Result<runtime::HttpResponse> Connection::stream(runtime::HttpRequest request,
                                                       const runtime::HttpClient::OnChunk& on_chunk) {
  request.path.insert(0, base_path_);
  const std::string sent = authorize(request);
  auto reply = client_.stream(request, on_chunk);
  if (!reply || reply->status != 401 || !token_->refresh(sent)) return reply;
  authorize(request);
  return client_.stream(request, on_chunk);
}

// Returns the token used; empty: none. A header per request, not a setting of the client: the token rotates.
std::string Connection::authorize(runtime::HttpRequest& request) {
  request.headers.erase("Authorization");
  request.headers.erase("User-Agent");
  request.headers.emplace("User-Agent", user_agent_);
  if (request.headers.find("Accept") == request.headers.end()) request.headers.emplace("Accept", "application/json");
  std::string token = token_->current();
  if (!token.empty()) {
    request.headers.emplace("Authorization", "Bearer " + token);
  } else if (!basic_.empty()) {
    request.headers.emplace("Authorization", basic_);
  }
  return token;
}

}  // namespace headroom::kube
