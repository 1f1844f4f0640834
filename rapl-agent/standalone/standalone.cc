#include "rapl-agent/standalone/standalone.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "kube/api_client.h"
#include "rapl-agent/standalone/node_publisher.h"
#include "rapl-agent/standalone/node_store.h"
#include "rapl-agent/standalone/source_inbox.h"
#include "rapl-agent/standalone/sources.h"
#include "runtime/logging.h"

namespace headroom::rapl_agent::standalone {
namespace {

constexpr const char* kComponent = "standalone";
// Short: the loop's thread waits for it, and SIGTERM must be obeyed within seconds.
constexpr auto kCallTimeout = base::Milliseconds(3'000);
constexpr int kReadAttempts = 3;
constexpr auto kReadPause = base::Milliseconds(1'000);

kube::ApiClientOptions client_options() {
  kube::ApiClientOptions options;
  options.call_timeout = kCallTimeout;
  options.idle_connections = 1;
  return options;
}

// The packages' limits as they stand, in the order of the labels.
struct Standing {
  std::vector<StandingLimit> limits;
  int packages = 0;
};
Standing read_standing(core::Backend& backend) {
  Standing standing;
  for (const auto& domain : backend.discover().domains) {
    if (domain.kind != core::DomainKind::cpu_package || domain.controls.empty()) continue;
    const int package = standing.packages++;
    for (const auto& control : domain.controls) {
      for (const auto field : {core::Field::long_term_limit, core::Field::short_term_limit}) {
        if (!control.has(field)) continue;
        const core::ControlKey key{domain.id, control.surface, field};
        const auto read = backend.read(key);
        if (!read.ok()) continue;
        const auto hint = field == core::Field::long_term_limit ? control.max_hint : std::nullopt;
        standing.limits.push_back({key, package, read.value, hint});
      }
    }
  }
  return standing;
}

}  // namespace

class Standalone::Body {
 public:
  Body(Settings settings, Parts parts, std::optional<kube::ClientConfig> api_server)
      : settings_(std::move(settings)),
        parts_(std::move(parts)),
        inbox_(settings_, {make_source(settings_), &parts_.clock, parts_.cluster, parts_.changed}) {
    if (!api_server) return;
    client_.emplace(*std::move(api_server), client_options(), parts_.clock);
    loops_store_.emplace(*client_, settings_.node_name);
    publishers_store_.emplace(*client_, settings_.node_name);
    journal_.emplace(parts_.journal, *loops_store_, parts_.clock);
    publisher_.emplace(settings_, NodePublisher::Parts{&*publishers_store_, &inbox_, &parts_.clock, &parts_.outbox});
  }

  base::Result<core::Recovered> recovered(core::Recovered journal, core::Backend& packages,
                                          const std::string& boot_id) {
    auto standing = read_standing(packages);
    packages_ = standing.packages;
    RecoverInput input{std::move(journal), boot_id, {}, std::move(standing.limits)};
    const bool journal_serves = input.journal.kind == core::Recovered::Kind::same_boot;
    if (loops_store_) {
      auto view = read_node();
      if (view) {
        input.marks = std::move(view->marks);
      } else if (!journal_serves) {
        return base::with_context(view.error(), "node " + settings_.node_name);
      }
    }
    return recover(std::move(input));
  }

  core::AgentSettings adjusted(core::AgentSettings settings) const {
    settings.measure_reserve = false;
    settings.static_reserve = {};
    const auto share = settings_.scope == CapScope::node ? std::max(packages_, 1) : 1;
    const auto floor = base::microwatts(settings_.min_power.count() / share);
    settings.floors[std::string(core::to_string(core::DomainKind::cpu_package))] = floor;
    settings.smallest_floor = std::min(settings.smallest_floor, floor);
    return settings;
  }

  core::JournalStore& journal() { return journal_ ? static_cast<core::JournalStore&>(*journal_) : parts_.journal; }
  [[nodiscard]] const core::CapInbox& inbox() const { return inbox_; }
  core::StatusOutbox& outbox() { return publisher_ ? static_cast<core::StatusOutbox&>(*publisher_) : teaching_; }

  void start() {
    for (const auto& remark : settings_.remarks) runtime::log_info(kComponent, remark);
    runtime::log_info(
        kComponent, "caps come from a source of this node's own",
        {{"source", name_of(settings_.source)}, {"scope", settings_.scope == CapScope::node ? "node" : "domain"}});
    inbox_.start();
    if (publisher_) publisher_->start();
  }
  void stop() {
    inbox_.stop();
    if (publisher_) publisher_->stop();
  }

 private:
  // Without an API server: only the inbox learns from reports.
  class Teaching final : public core::StatusOutbox {
   public:
    Teaching(SourceInbox& inbox, core::StatusOutbox& next) : inbox_(inbox), next_(next) {}
    void publish(const core::AgentReport& report) override {
      inbox_.learn(hardware_of(report));
      next_.publish(report);
    }

   private:
    SourceInbox& inbox_;
    core::StatusOutbox& next_;
  };

  base::Result<NodeView> read_node() {
    for (int attempt = 1;; ++attempt) {
      auto view = loops_store_->read();
      if (view || attempt == kReadAttempts) return view;
      (void)parts_.clock.wait_until(parts_.clock.mono_now() + kReadPause, {});
    }
  }

  const Settings settings_;
  const Parts parts_;
  SourceInbox inbox_;
  int packages_ = 0;
  std::optional<kube::ApiClient> client_;
  std::optional<NodeStore> loops_store_;
  std::optional<NodeStore> publishers_store_;
  std::optional<NodeJournal> journal_;
  std::optional<NodePublisher> publisher_;
  Teaching teaching_{inbox_, parts_.outbox};
};

Standalone::Standalone(Settings settings, Parts parts, std::optional<kube::ClientConfig> api_server)
    : body_(std::make_unique<Body>(std::move(settings), std::move(parts), std::move(api_server))) {}
Standalone::~Standalone() {
  stop();
}

base::Result<core::Recovered> Standalone::recovered(core::Recovered journal, core::Backend& packages,
                                                    const std::string& boot_id) {
  return body_->recovered(std::move(journal), packages, boot_id);
}
core::AgentSettings Standalone::adjusted(core::AgentSettings settings) const {
  return body_->adjusted(std::move(settings));
}
core::JournalStore& Standalone::journal() {
  return body_->journal();
}
const core::CapInbox& Standalone::inbox() const {
  return body_->inbox();
}
core::StatusOutbox& Standalone::outbox() {
  return body_->outbox();
}
void Standalone::start() {
  body_->start();
}
void Standalone::stop() {
  body_->stop();
}

}  // namespace headroom::rapl_agent::standalone
