// OpenSSL contexts from configuration, rebuilt when their files change.
//
// TLS 1.2 and later; no session resumption, so that every connection is checked against the certificates of today. A
// process that makes a context ignores SIGPIPE from then on, unless it handles it.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/file.h"
#include "runtime/tls.h"

struct ssl_ctx_st;
struct ssl_st;

namespace headroom::runtime {

using TlsContext = std::shared_ptr<ssl_ctx_st>;

// Errors: invalid_input naming the file that cannot be used, also where key and certificate do not belong together.
[[nodiscard]] base::Result<TlsContext> make_server_context(const ServerTls& tls);
[[nodiscard]] base::Result<TlsContext> make_client_context(const ClientTls& tls);

// Gives the current context; looks at the files each time it is asked, which is once per connection. While changed
// files are unusable (a rotation half done) the previous context stays in force. Thread-safe.
class TlsContextSource {
 public:
  explicit TlsContextSource(ServerTls tls);
  explicit TlsContextSource(ClientTls tls);

  // An error only while there has never been a usable context.
  [[nodiscard]] base::Result<TlsContext> current();

 private:
  using Stamps = std::vector<std::optional<FileStamp>>;
  [[nodiscard]] Stamps stamps() const;

  std::function<base::Result<TlsContext>()> build_;
  std::vector<std::string> files_;
  std::mutex mutex_;
  TlsContext context_;
  Stamps built_from_;
  Stamps complained_about_;
};

// DNS names, URIs and IPs that the peer's verified certificate stands for; empty where it sent none.
[[nodiscard]] std::vector<std::string> peer_san_names(const ssl_st* connection);

// What OpenSSL's error queue of this thread says, and empties it.
[[nodiscard]] std::string take_tls_error();

}  // namespace headroom::runtime
