#include "rapl-agent/standalone/node_publisher.h"

#include <algorithm>
#include <utility>

#include "base/api_time.h"
#include "rapl-agent/standalone/sources.h"
#include "runtime/logging.h"

namespace headroom::rapl_agent::standalone {
namespace {

constexpr const char* kComponent = "standalone";
constexpr auto kBetweenChanges = base::Milliseconds(10'000);
constexpr auto kJournalPause = base::Milliseconds(30'000);

}  // namespace

NodePublisher::NodePublisher(Settings settings, Parts parts)
    : settings_(std::move(settings)), parts_(parts), apart_(std::min(kBetweenChanges, settings_.period)) {}

NodePublisher::~NodePublisher() {
  stop();
}

void NodePublisher::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void NodePublisher::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void NodePublisher::publish(const core::AgentReport& report) {
  parts_.inbox->learn(hardware_of(report));
  const auto spoken = parts_.inbox->spoken();
  auto marks = marks_of(report, {settings_.scope, name_of(settings_.source), spoken.period, spoken.market});
  {
    const std::lock_guard lock(mutex_);
    if (wanted_ != marks) {
      wanted_ = std::move(marks);
      wake_.notify();
    }
  }
  if (parts_.next != nullptr) parts_.next->publish(report);
}

void NodePublisher::run(const std::stop_token& stop) {
  base::MonoTime again = parts_.clock->mono_now();
  while (wake_.wait(*parts_.clock, again, stop)) again = write_if_due(parts_.clock->mono_now());
  next_change_ = {};
  (void)write_if_due(parts_.clock->mono_now());
}

base::MonoTime NodePublisher::write_if_due(base::MonoTime now) {
  std::optional<NodeMarks> wanted;
  {
    const std::lock_guard lock(mutex_);
    wanted = wanted_;
  }
  const auto later = now + settings_.period;
  if (!wanted || wanted->labels.empty()) return later;
  const bool changed = wanted != written_;
  if (now < (changed ? next_change_ : next_refresh_)) return changed ? next_change_ : next_refresh_;
  auto marks = *wanted;
  marks.annotations["rapl/last-update"] = base::format_time(parts_.clock->wall_now());
  next_change_ = now + apart_;
  next_refresh_ = now + settings_.period;
  const auto status = parts_.store->write(marks);
  if (!status) {
    runtime::log_warning(kComponent, "the node's labels could not be written", {{"reason", status.error().message}});
    return next_change_;
  }
  written_ = std::move(wanted);
  return next_refresh_;
}

base::Status NodeJournal::save(const core::JournalState& state) {
  auto saved = journal_.save(state);
  const auto text = originals_text({state.boot_id, state.controls});
  if (text == noted_ || state.controls.empty()) return saved;
  const auto now = clock_.mono_now();
  if (now >= next_try_) {
    NodeMarks marks;
    marks.annotations[std::string(kOriginalsAnnotation)] = text;
    last_ = store_.write(marks);
    next_try_ = last_ ? now : now + kJournalPause;
    if (last_) noted_ = text;
  }
  return last_ ? saved : base::with_context(last_.error(), "originals on the node");
}

}  // namespace headroom::rapl_agent::standalone
