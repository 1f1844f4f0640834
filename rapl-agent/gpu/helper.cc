#include "rapl-agent/gpu/helper.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <list>
#include <memory>

#include "rapl-agent/gpu/frame_stream.h"
#include "rapl-agent/gpu/task_runner.h"
#include "runtime/file.h"
#include "runtime/logging.h"
#include "runtime/unique_fd.h"

namespace headroom::rapl_agent::gpu {
namespace {

constexpr const char* kComponent = "gpu-helper";
constexpr std::size_t kMostClients = 8;
constexpr auto kSendPatience = base::Milliseconds(1'000);

base::Result<runtime::UniqueFd> take_lock(const std::string& path) {
  runtime::UniqueFd lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock.valid()) return base::unavailable(path + ": " + std::strerror(errno));
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
    return base::conflict(path + ": another GPU helper is running, perhaps inside a call that does not return");
  return lock;
}

// Serves on one thread; the driver is on the runner's.
class Server {
 public:
  Server(const HelperOptions& options, base::Clock& clock, std::stop_token stop, runtime::UniqueFd listening)
      : options_(options),
        clock_(clock),
        stop_(std::move(stop)),
        listening_(std::move(listening)),
        session_(std::make_shared<NvmlSession>(options.session)) {}

  HelperEnd serve() {
    const std::stop_callback on_stop(stop_, [this] { wake(); });
    while (true) {
      if (stopping() && runner_.under_way() != TaskKind::setting) return part(), HelperEnd::stopped;
      if (restart_wanted_) return part(), HelperEnd::wants_restart;
      wait();
      accept_all();
      std::erase_if(clients_, [this](FrameStream& client) { return !serve_one(client); });
    }
  }

 private:
  [[nodiscard]] bool stopping() const { return stop_.stop_requested() || orphaned_; }

  void wake() const {
    const std::uint64_t one = 1;
    (void)!::write(woken_.get(), &one, sizeof(one));
  }

  void wait() {
    std::vector<pollfd> fds = {{listening_.get(), POLLIN, 0}, {runner_.returned_fd(), POLLIN, 0}};
    // Once stopping, only a task's return matters of these two: they stay readable.
    if (!stopping()) {
      fds.push_back({woken_.get(), POLLIN, 0});
      if (options_.lifeline_fd >= 0) fds.push_back({options_.lifeline_fd, POLLIN, 0});
    }
    for (const auto& client : clients_) fds.push_back({client.fd(), POLLIN, 0});
    if (clients_.size() >= kMostClients) fds[0].fd = -1;
    while (::poll(fds.data(), fds.size(), -1) < 0 && errno == EINTR) {
    }
    if (!stopping() && options_.lifeline_fd >= 0 && fds[3].revents != 0) orphaned_ = true;
    drain(runner_.returned_fd());
  }

  static void drain(int event_fd) {
    std::uint64_t ignored = 0;
    (void)!::read(event_fd, &ignored, sizeof(ignored));
  }

  void accept_all() {
    while (clients_.size() < kMostClients) {
      runtime::UniqueFd accepted(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (!accepted.valid()) return;
      if (is_trusted_peer(accepted.get())) {
        clients_.emplace_back(std::move(accepted));
      } else {
        runtime::log_warning(kComponent, "a client of another user was refused", {});
      }
    }
  }

  // False: the client is gone or speaks another language.
  bool serve_one(FrameStream& client) {
    while (!restart_wanted_) {
      auto message = client.receive(clock_.mono_now());
      if (!message) return false;
      if (!*message) return true;
      const auto request = decode_request(**message);
      if (!request) {
        runtime::log_warning(kComponent, "a client was refused", {{"reason", request.error().message}});
        return false;
      }
      if (!client.send(encode(answer(*request)), clock_.mono_now() + kSendPatience)) return false;
    }
    return true;
  }

  Reply answer(const Request& request) {
    const auto kind = request.operation == Operation::write ? TaskKind::setting : TaskKind::reading;
    const auto patience = std::min<base::Milliseconds>(base::Milliseconds(request.deadline_ms), options_.longest_call);
    // The task owns what it uses: it may outlive this server.
    const auto task = [session = session_, request, now = clock_.mono_now(), wanted = wanted_] {
      Reply reply = session->answer(request, now);
      wanted->store(session->wants_new_process());
      return reply;
    };
    // No call begins once a stop was asked for: there would be one more to wait for.
    auto reply = stopping() ? std::nullopt : runner_.run(kind, task, patience, stop_);
    if (wanted_->load()) consider_restart();
    if (reply) return *std::move(reply);
    Reply late;
    late.id = request.id;
    late.access = {core::Outcome::hung, 0, 0, "a call into the NVIDIA driver has not returned"};
    late.reading.outcome = core::Outcome::hung;
    return late;
  }

  // Kubernetes restarts the container; without a pause between two of these the node would only see a helper that dies.
  void consider_restart() {
    const std::string stamp = options_.socket + ".restarted";
    const auto written = runtime::file_stamp(stamp);
    const auto now = std::chrono::duration_cast<std::chrono::nanoseconds>(clock_.wall_now().time_since_epoch());
    if (written && now.count() - written->modified_ns < std::chrono::nanoseconds(options_.restart_pause).count())
      return;
    if (!runtime::write_file_atomically(stamp, "")) return;
    restart_wanted_ = true;
  }

  void part() {
    const auto task = [session = session_] {
      session->close();
      return Reply{};
    };
    if (!runner_.run(TaskKind::reading, task, options_.parting, {}))
      runtime::log_warning(kComponent, "left the NVIDIA driver without a word: a call has not returned", {});
  }

  const HelperOptions& options_;
  base::Clock& clock_;
  std::stop_token stop_;
  runtime::UniqueFd listening_;
  runtime::UniqueFd woken_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::shared_ptr<NvmlSession> session_;
  std::shared_ptr<std::atomic<bool>> wanted_ = std::make_shared<std::atomic<bool>>(false);
  TaskRunner runner_;
  std::list<FrameStream> clients_;
  bool orphaned_ = false;
  bool restart_wanted_ = false;
};

}  // namespace

base::Result<HelperEnd> serve_gpus(const HelperOptions& options, base::Clock& clock, const std::stop_token& stop) {
  const auto lock = take_lock(options.socket + ".lock");
  if (!lock) return lock.error();
  auto listening = listen_at(options.socket);
  if (!listening) return listening.error();
  runtime::log_info(kComponent, "listening", {{"socket", options.socket}});
  const HelperEnd end = Server(options, clock, stop, *std::move(listening)).serve();
  runtime::log_info(kComponent, "ends", {{"reason", end == HelperEnd::stopped ? "stopped" : "wants a new process"}});
  return end;
}

}  // namespace headroom::rapl_agent::gpu
