// The calls that any thread may make: a small pool of connections behind one thread-safe object.
//
// Replies outside 2xx become errors by api_status.h, with "PATCH /api/...: " in front. 429 and 503 with Retry-After are
// asked again while the call's time allows (the server did not execute them); nothing else is repeated here.
#pragma once

#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "kube/config.h"
#include "kube/connection.h"
#include "kube/token.h"
#include "runtime/http_message.h"

namespace headroom::kube {

// Merge replaces lists whole; strategic merges those of built-in kinds by their key (conditions by type) and does not
// exist for custom resources; apply owns fields under a field manager's name.
enum class PatchKind { merge, strategic, apply };

struct PatchRequest {
  std::string path;
  PatchKind kind = PatchKind::merge;
  std::string body;             // JSON
  std::string field_manager{};  // apply needs one
  bool force = false;           // apply: take fields from other managers instead of a conflict
};

struct ApiClientOptions {
  ConnectionOptions connection;
  // The longest one call takes in all, repeats included.
  base::Milliseconds call_timeout{15'000};
  int idle_connections = 8;
};

class ApiClient {
 public:
  // `clock` must outlive the client.
  ApiClient(ClientConfig config, ApiClientOptions options, base::Clock& clock);
  ~ApiClient();
  ApiClient(const ApiClient&) = delete;
  ApiClient& operator=(const ApiClient&) = delete;

  // The reply's body.
  [[nodiscard]] base::Result<std::string> get(std::string_view path, const runtime::QueryParameters& query = {});
  [[nodiscard]] base::Result<std::string> post(std::string_view path, std::string body);
  [[nodiscard]] base::Result<std::string> put(std::string_view path, std::string body);
  [[nodiscard]] base::Result<std::string> patch(const PatchRequest& request);
  [[nodiscard]] base::Result<std::string> remove(std::string_view path, std::string body = {});

  // The reply whatever its status, after the repeats above.
  [[nodiscard]] base::Result<runtime::HttpResponse> send(const runtime::HttpRequest& request);

  // A connection of the caller's own, for lists and watches. Shares the rotating token.
  [[nodiscard]] std::unique_ptr<Connection> open(const ConnectionOptions& options) const;
  // Ends calls in flight; later ones fail as unavailable. For shutdown.
  void cancel();

  [[nodiscard]] const ClientConfig& config() const { return config_; }
  [[nodiscard]] base::Clock& clock() const { return clock_; }

 private:
  class Lease;  // a connection taken from the pool
  [[nodiscard]] base::Result<std::string> body_of(const runtime::HttpRequest& request);

  const ClientConfig config_;
  const ApiClientOptions options_;
  base::Clock& clock_;
  std::shared_ptr<TokenSource> token_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_;
  std::vector<Connection*> busy_;
  bool cancelled_ = false;
  std::stop_source stop_;  // ends the waits of cancelled calls
};

}  // namespace headroom::kube
