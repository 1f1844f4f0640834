#include "runtime/http_server.h"

#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/connection.h"
#include "runtime/connection_registry.h"
#include "runtime/http_session.h"
#include "runtime/logging.h"
#include "runtime/router.h"
#include "runtime/system_clock.h"
#include "runtime/tcp_socket.h"
#include "runtime/tls_context.h"

namespace headroom::runtime {

// One thread accepts; options.threads threads serve one connection each.
class HttpServer::Impl {
 public:
  explicit Impl(HttpServerOptions wanted) : options(std::move(wanted)) {}

  base::Result<std::uint16_t> start();
  void stop();

  const HttpServerOptions options;
  Router router;
  ConnectionRegistry registry;
  SessionCounters counters;
  std::atomic<bool> stopping{false};
  std::atomic<std::uint64_t> accepted{0};

 private:
  void accept_loop();
  void enqueue(UniqueFd socket);
  void worker_loop();
  void serve(UniqueFd socket);
  bool wait_until_served(base::Milliseconds patience);

  std::unique_ptr<TlsContextSource> tls_;
  UniqueFd listener_;
  std::thread acceptor_;
  std::vector<std::thread> workers_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<UniqueFd> waiting_;  // accepted, not yet served
  std::size_t serving_ = 0;
};

base::Result<std::uint16_t> HttpServer::Impl::start() {
  if (options.tls) {
    tls_ = std::make_unique<TlsContextSource>(*options.tls);
    if (auto context = tls_->current(); !context) return base::with_context(context.error(), options.name);
  }
  auto listening = listen_on(options.address, options.port, options.backlog);
  if (!listening) return base::with_context(listening.error(), options.name);
  listener_ = std::move(listening->socket);
  for (int i = 0; i < options.threads; ++i) workers_.emplace_back([this] { worker_loop(); });
  acceptor_ = std::thread([this] { accept_loop(); });
  return listening->port;
}

void HttpServer::Impl::accept_loop() {
  while (!stopping) {
    const int socket = accept_from(listener_.get());
    if (socket >= 0) {
      accepted.fetch_add(1, std::memory_order_relaxed);
      enqueue(UniqueFd(socket));
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      // No descriptor is left: make room rather than spin.
      registry.make_room();
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, base::Milliseconds(20), [&] { return stopping.load(); });
    }
  }
}

void HttpServer::Impl::enqueue(UniqueFd socket) {
  std::unique_lock lock(mutex_);
  // A few are taken out of the backlog ahead of time, never without bound.
  changed_.wait(lock, [&] { return stopping || waiting_.size() < workers_.size(); });
  if (stopping) return;
  waiting_.push_back(std::move(socket));
  if (serving_ + waiting_.size() > workers_.size()) registry.make_room();
  lock.unlock();
  changed_.notify_all();
}

void HttpServer::Impl::worker_loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stopping || !waiting_.empty(); });
    if (waiting_.empty()) return;
    UniqueFd socket = std::move(waiting_.front());
    waiting_.pop_front();
    if (waiting_.empty()) registry.room_found();
    ++serving_;
    lock.unlock();
    serve(std::move(socket));
    lock.lock();
    --serving_;
    changed_.notify_all();
  }
}

void HttpServer::Impl::serve(UniqueFd socket) {
  const int fd = socket.get();
  Connection connection(std::move(socket));
  if (!registry.add(fd)) return;
  bool ready = true;
  if (tls_) {
    // Until the client has shown itself it counts as idle: whoever waits may take its place.
    ready = registry.enter_idle(fd);
    const auto context = tls_->current();
    const auto deadline = SystemClock().mono_now() + options.request_deadline;
    const auto shaken =
        ready && context ? connection.accept_tls(*context, deadline) : base::Status(base::unavailable("not ready"));
    ready = ready && registry.leave_idle(fd) && shaken.ok();
    if (!shaken) {
      log_debug("http", "TLS handshake failed", {{"server", options.name}, {"error", shaken.error().message}});
      connection.close_gently();  // a client that has sent its request already gets to read why
    }
  }
  if (ready) serve_connection(connection, {options, router, registry, counters, stopping});
  registry.remove(fd);
}

bool HttpServer::Impl::wait_until_served(base::Milliseconds patience) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [&] { return serving_ == 0; });
}

void HttpServer::Impl::stop() {
  if (!acceptor_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping = true;
    waiting_.clear();
  }
  changed_.notify_all();
  ::shutdown(listener_.get(), SHUT_RDWR);  // wakes accept()
  registry.drain();
  if (!wait_until_served(options.drain)) {
    log_warning("http", "requests did not end in time, their connections are cut", {{"server", options.name}});
    registry.abort();
  }
  acceptor_.join();
  for (std::thread& worker : workers_) worker.join();
  workers_.clear();
  listener_.reset();
}

HttpServer::HttpServer(HttpServerOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
HttpServer::~HttpServer() {
  stop();
}

void HttpServer::route(std::string_view method, std::string_view path, HttpHandler handler) {
  impl_->router.add(method, path, std::move(handler));
}
void HttpServer::route_prefix(std::string_view prefix, HttpHandler handler, HttpStreamHandler streams) {
  impl_->router.add_prefix(prefix, std::move(handler), std::move(streams));
}
base::Result<std::uint16_t> HttpServer::start() {
  return impl_->start();
}
void HttpServer::stop() {
  impl_->stop();
}
bool HttpServer::stopping() const {
  return impl_->stopping;
}

HttpServerStats HttpServer::stats() const {
  const auto read = [](const std::atomic<std::uint64_t>& counter) { return counter.load(std::memory_order_relaxed); };
  return {impl_->registry.size(),         read(impl_->accepted),         impl_->registry.evicted(),
          read(impl_->counters.requests), read(impl_->counters.refused), read(impl_->counters.handler_failures)};
}

}  // namespace headroom::runtime
