#include "extender/decision_loop.h"

#include <algorithm>
#include <utility>

namespace headroom::extender {

bool first_readings_are_in(const model::TelemetrySnapshot& telemetry) {
  return std::all_of(telemetry.sources.begin(), telemetry.sources.end(),
                     [](const model::SourceStatus& source) { return source.polls >= 2 || source.failures >= 1; });
}

DecisionLoop::DecisionLoop(DecisionLoopDependencies dependencies, std::shared_ptr<const scoring::Settings> settings,
                           DecisionTiming timing, std::function<void()> on_published)
    : use_(dependencies), timing_(timing), on_published_(std::move(on_published)), keeper_(std::move(settings)) {}

DecisionLoop::~DecisionLoop() {
  stop();
}

bool DecisionLoop::may_begin(const model::ClusterSnapshot& snapshot) {
  if (!snapshot.sync.complete()) return false;
  const base::MonoTime now = use_.clock.mono_now();
  if (!listed_at_) listed_at_ = now;
  if (now >= *listed_at_ + timing_.warmup.most) return true;
  if (snapshot.telemetry->sources.empty()) return now >= *listed_at_ + timing_.warmup.for_discovery;
  return first_readings_are_in(*snapshot.telemetry);
}

void DecisionLoop::step() {
  auto snapshot = use_.snapshots.load();
  if (snapshot == nullptr || (use_.decisions.load() == nullptr && !may_begin(*snapshot))) return;
  auto books = keeper_.keep(snapshot, use_.clock.wall_now());
  use_.decisions.publish(std::make_shared<const Decision>(Decision{snapshot, std::move(books), use_.clock.mono_now()}));
  use_.ledger.settle(*snapshot);
  if (on_published_) on_published_();
}

void DecisionLoop::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    do {
      step();
    } while (wake_.wait(use_.clock, use_.clock.mono_now() + timing_.interval, stop));
  });
}

void DecisionLoop::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

}  // namespace headroom::extender
