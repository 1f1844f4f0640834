// One authenticated connection to the API server: what a watch, a list or a single call runs on.
//
// Not thread-safe, but for cancel(). Any HTTP status is a value; errors are what kept a reply from arriving.
#pragma once

#include <memory>
#include <string>

#include "base/durations.h"
#include "base/result.h"
#include "kube/config.h"
#include "kube/token.h"
#include "runtime/http_client.h"

namespace headroom::kube {

struct ConnectionOptions {
  base::Milliseconds connect_timeout{3'000};
  // Of a watch this must be longer than the gap between two bookmarks (about a minute).
  base::Milliseconds read_timeout{90'000};
  base::Milliseconds total_timeout{30'000};
  std::string user_agent = "headroom";
};

class Connection {
 public:
  Connection(const ClientConfig& config, const ConnectionOptions& options, std::shared_ptr<TokenSource> token);

  // Adds credentials. A 401 is asked again once, with a token read afresh.
  [[nodiscard]] base::Result<runtime::HttpResponse> send(runtime::HttpRequest request);
  [[nodiscard]] base::Result<runtime::HttpResponse> stream(runtime::HttpRequest request,
                                                           const runtime::HttpClient::OnChunk& on_chunk);
  // Ends what is in flight and everything later. From any thread.
  void cancel() { client_.cancel(); }

 private:
  std::string authorize(runtime::HttpRequest& request);

  std::string base_path_;
  std::string basic_;  // ready-made header value
  std::string user_agent_;
  std::shared_ptr<TokenSource> token_;
  runtime::HttpClient client_;
};

}  // namespace headroom::kube
