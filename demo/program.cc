#include "demo/program.h"

#include <cstdlib>

#include "runtime/file.h"
#include "runtime/http_client.h"
#include "runtime/tcp_socket.h"

namespace headroom::demo {

std::uint16_t free_port() {
  const auto listening = runtime::listen_on("127.0.0.1", 0, 1);
  return listening ? listening->port : std::uint16_t{0};
}

std::string local_url(std::uint16_t port) {
  return "http://127.0.0.1:" + std::to_string(port);
}

base::Result<std::string> read_page(const std::string& url) {
  const auto parsed = runtime::parse_url(url);
  if (!parsed) return parsed.error();
  runtime::HttpClientOptions options;
  options.host = parsed->host;
  options.port = parsed->port;
  options.total_timeout = base::Milliseconds(2'000);
  runtime::HttpRequest request;
  request.path = parsed->path;
  auto reply = runtime::HttpClient(options).send(request);
  if (!reply) return reply.error();
  if (reply->status != 200) return base::unavailable(url + ": " + reply->body);
  return std::move(reply->body);
}

std::string Program::log_tail() const {
  const auto log = runtime::read_file(log_file());
  if (!log) return log.error().message;
  const std::size_t kept = 3'000;
  return log->size() > kept ? "..." + log->substr(log->size() - kept) : *log;
}

base::Status Program::start(base::Milliseconds patience) {
  if (auto status = runtime::write_file_atomically(config_file(), options_.config); !status) return status;
  if (auto status = process_.start({options_.binary, "--config", config_file()}, log_file()); !status) return status;
  const auto deadline = clock_.mono_now() + patience;
  for (;;) {
    const auto ready = page(options_.ready);
    if (ready) return base::ok_status();
    if (!process_.running()) return base::unavailable("the " + options_.name + " ended at once:\n" + log_tail());
    if (clock_.mono_now() >= deadline) {
      return base::unavailable("the " + options_.name + " does not get ready: " + ready.error().message + "\n" +
                               log_tail());
    }
    (void)clock_.wait_until(clock_.mono_now() + base::Milliseconds(20), {});
  }
}

std::optional<double> Program::metric(const std::string& series) const {
  const auto text = page("/metrics");
  if (!text) return std::nullopt;
  const auto at = text->find("\n" + series + " ");
  if (at == std::string::npos) return std::nullopt;
  return std::strtod(text->c_str() + at + series.size() + 2, nullptr);
}

}  // namespace headroom::demo
