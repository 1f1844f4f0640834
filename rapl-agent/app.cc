#include "rapl-agent/app.h"

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "base/names.h"
#include "kube/events.h"
#include "rapl-agent/cap_watch.h"
#include "rapl-agent/core/agent.h"
#include "rapl-agent/event_poster.h"
#include "rapl-agent/journal/journal.h"
#include "rapl-agent/pages.h"
#include "rapl-agent/remount.h"
#include "rapl-agent/report_board.h"
#include "rapl-agent/sources.h"
#include "rapl-agent/standalone/standalone.h"
#include "rapl-agent/status_writer.h"
#include "rapl-agent/sysfs/files.h"
#include "runtime/http_server.h"
#include "runtime/lifecycle.h"
#include "runtime/listener_service.h"
#include "runtime/logging.h"
#include "runtime/metrics.h"
#include "runtime/wake.h"

namespace headroom::rapl_agent {
namespace {

runtime::HttpServerOptions health_options(const config::ListenConfig& listen) {
  runtime::HttpServerOptions options;
  options.name = "health";
  options.address = listen.address;
  options.port = listen.port;
  options.threads = 4;
  options.drain = base::Milliseconds(500);
  options.tls = listen.tls;
  return options;
}

// Shorter than the time in which SIGTERM must be obeyed: the last status is one call.
kube::ApiClientOptions client_options() {
  kube::ApiClientOptions options;
  options.call_timeout = base::Milliseconds(3'000);
  options.idle_connections = 2;
  return options;
}

std::string boot_id(const std::string& proc_root) {
  return sysfs::read_text(proc_root + "/" + "sys/kernel/random/boot_id").text;
}

// A share that differs from node to node and stays the same over restarts.
base::Share spread_of(const std::string& node) {
  return base::ppm(static_cast<std::int64_t>(std::hash<std::string>()(node) % 1'000'000));
}

core::AgentSettings settings_of(const Config& config) {
  core::AgentSettings settings = config.settings;
  settings.jitter = spread_of(config.node_name);
  return settings;
}

// Clocks that an earlier agent of this boot has limited are given back also where nothing asks for clocks any more.
Config listing_ours(Config config, const core::Recovered& recovered) {
  for (const core::JournalControl& control : recovered.state.controls) {
    const bool clock =
        control.key.field == core::Field::max_frequency || control.key.field == core::Field::locked_clock;
    config.clocks = config.clocks || (clock && (control.last_written || control.pending));
  }
  return config;
}

// Without an API server nobody orders anything.
class NobodyOrders final : public core::CapInbox {
 public:
  [[nodiscard]] core::CapView latest() const override { return {}; }
};

// Says each hint and each notice once.
class Narrator {
 public:
  void tell(const core::AgentReport& report) {
    for (const std::string& note : report.notes) {
      if (told_.insert(note).second) runtime::log_warning("agent", note);
    }
    for (const core::AgentNotice& notice : report.notices) {
      if (notice.number <= number_) continue;
      number_ = notice.number;
      const runtime::LogField reason("reason", notice.reason);
      if (notice.warning) {
        runtime::log_warning("agent", notice.message, {reason});
      } else {
        runtime::log_info("agent", notice.message, {reason});
      }
    }
  }

 private:
  std::set<std::string> told_;
  std::uint64_t number_ = 0;
};

// What talks to the API server.
struct ApiEdge {
  ApiEdge(const Config& config, kube::ClientConfig server, base::Clock& clock, std::function<void()> changed)
      : client(std::move(server), client_options(), clock),
        watch(client,
              {config.node_name, config.system_namespace, std::string(base::names::kHeartbeatLease),
               config.settings.timing.heartbeat_rewatch},
              std::move(changed)),
        recorder(client, {std::string(base::names::kApiGroup) + "/headroom-agent", config.node_name}),
        events(config.node_name, [this](kube::Event event) { recorder.record(std::move(event)); }) {}

  kube::ApiClient client;
  CapWatch watch;
  kube::EventRecorder recorder;
  EventPoster events;
};

}  // namespace

// In the order of use: what stands later may use what stands earlier, and is destroyed first.
class App::Parts {
 public:
  Parts(const Config& config, std::optional<kube::ClientConfig> api_server, Clocks clocks, std::function<void()> end)
      : config_(config),
        clocks_(clocks),
        end_(std::move(end)),
        boot_id_(boot_id(config.proc_root)),
        journal_(journal::FileJournal::open({config.journal_path, config.memory_path}, boot_id_)),
        sources_(listing_ours(config, journal_.recovered), clocks.system),
        board_(clocks.boot, [this] { posted(); }),
        server_(health_options(config.health)) {
    if (api_server) add_api(*api_server);
    set_up_ = config.standalone ? add_standalone_agent(std::move(api_server)) : add_agent();
    const PagesView view{board_,
                         clocks.boot,
                         clocks.boot.mono_now(),
                         config.node_name,
                         [this] { return edges(); },
                         [this] { return api_ ? api_->watch.problem() : std::string("no API server is configured"); }};
    add_pages(server_, metrics_, view);
    add_services();
  }

  base::Result<std::uint16_t> start() {
    if (!set_up_) return set_up_.error();
    if (base::Status started = services_.start(); !started) return std::move(started).error();
    runtime::log_info("agent", "started",
                      {{"node", config_.node_name}, {"mode", to_string(config_.settings.mode)}, {"health", port_}});
    return port_;
  }
  void stop() { services_.stop(); }
  [[nodiscard]] bool wants_remount() const { return wants_remount_; }

 private:
  void add_api(kube::ClientConfig server) {
    api_.emplace(config_, std::move(server), clocks_.system, [this] { wake_.notify(); });
    writer_.emplace(StatusWriter::Parts{clocks_.system, [this] { return api_->watch.object(); },
                                        [this]() -> std::shared_ptr<const core::AgentReport> {
                                          auto posted = board_.latest();
                                          if (posted == nullptr) return nullptr;
                                          return {posted, &posted->report};
                                        },
                                        apply_status(api_->client)});
  }

  [[nodiscard]] const core::CapInbox* cluster() const {
    return api_ ? static_cast<const core::CapInbox*>(&api_->watch) : &nobody_;
  }

  base::Status add_agent() {
    agent_.emplace(settings_of(config_),
                   core::Agent::Parts{sources_.sources(), journal_.journal.get(), cluster(), &board_},
                   std::move(journal_.recovered), clocks_.boot.mono_now());
    return base::ok_status();
  }

  base::Status add_standalone_agent(std::optional<kube::ClientConfig> api_server) {
    standalone_.emplace(
        *config_.standalone,
        standalone::Standalone::Parts{clocks_.system, *journal_.journal, board_, cluster(), [this] { wake_.notify(); }},
        std::move(api_server));
    const auto sources = sources_.sources();
    auto recovered = standalone_->recovered(std::move(journal_.recovered), *sources.front().backend, boot_id_);
    if (!recovered) return recovered.error();
    agent_.emplace(standalone_->adjusted(settings_of(config_)),
                   core::Agent::Parts{sources, &standalone_->journal(), &standalone_->inbox(), &standalone_->outbox()},
                   *std::move(recovered), clocks_.boot.mono_now());
    return base::ok_status();
  }

  void add_services() {
    services_.add(runtime::listener_service("health listener", server_, [this](std::uint16_t port) { port_ = port; }));
    if (api_) {
      // The watches end after the loop and before the last status is written.
      services_.add(
          "status writer", [this] { writer_->start(); }, [this] { writer_->stop(); });
      services_.add(
          "watches", [this] { api_->watch.start(); }, [] {});
    }
    if (standalone_) {
      services_.add(
          "cap source", [this] { standalone_->start(); }, [this] { standalone_->stop(); });
    }
    services_.add(
        "loop", [this] { loop_ = std::jthread([this](const std::stop_token& stop) { turn(stop); }); },
        [this] {
          loop_.request_stop();
          loop_.join();
        });
  }

  void turn(const std::stop_token& stop) {
    base::MonoTime next = clocks_.boot.mono_now();
    while (wake_.wait(clocks_.boot, next, stop)) {
      next = agent_->tick(clocks_.boot.mono_now());
      if (api_) api_->watch.keep_alive(clocks_.boot.mono_now());
      look_for_stale_mount();
    }
    agent_->stop(clocks_.boot.mono_now());
  }

  void look_for_stale_mount() {
    if (wants_remount_ || !sources_.powercap_mount_is_stale()) return;
    if (std::exchange(remount_considered_, true) || !may_end_for_remount(config_.journal_path, boot_id_)) return;
    runtime::log_warning("agent", "ending once, so that the container gets a new mount",
                         {{"path", config_.powercap_root}});
    wants_remount_ = true;
    end_();
  }

  // On the loop's thread, after each report.
  void posted() {
    const auto latest = board_.latest();
    narrator_.tell(latest->report);
    apply_times_.note(latest->report, clocks_.boot.mono_now());
    // Powercap's role may neither write Events nor see our resources.
    if (!api_ || (standalone_ && !api_->watch.object())) return;
    api_->events.post(latest->report, api_->watch.object());
    writer_->notify();
  }

  [[nodiscard]] EdgeCounts edges() const {
    EdgeCounts told;
    told.gpu_helper = sources_.gpu_helper();
    if (!api_) return told;
    const StatusWriterCounts counts = writer_->counts();
    told.status_writes = counts.written;
    told.status_failures = counts.failed;
    told.watches_reopened = api_->watch.reopened();
    return told;
  }

  const Config config_;
  const Clocks clocks_;
  const std::function<void()> end_;
  const std::string boot_id_;
  runtime::Wake wake_;
  runtime::MetricsRegistry metrics_;
  ApplyTimes apply_times_{metrics_};
  journal::FileJournal::Opened journal_;
  SourceSet sources_;
  NobodyOrders nobody_;
  Narrator narrator_;
  ReportBoard board_;
  std::optional<ApiEdge> api_;
  std::optional<StatusWriter> writer_;
  std::optional<standalone::Standalone> standalone_;
  std::optional<core::Agent> agent_;
  base::Status set_up_ = base::ok_status();
  runtime::HttpServer server_;
  std::uint16_t port_ = 0;
  bool remount_considered_ = false;
  std::atomic<bool> wants_remount_ = false;
  std::jthread loop_;
  runtime::ServiceGroup services_;
};

App::App(const Config& config, std::optional<kube::ClientConfig> api_server, Clocks clocks, std::function<void()> end)
    : parts_(std::make_unique<Parts>(config, std::move(api_server), clocks, std::move(end))) {}
App::~App() {
  stop();
}

base::Result<std::uint16_t> App::start() {
  return parts_->start();
}
void App::stop() {
  parts_->stop();
}
bool App::wants_remount() const {
  return parts_->wants_remount();
}

}  // namespace headroom::rapl_agent
