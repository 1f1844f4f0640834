#include "extender/decision_loop.h"

#include <utility>

namespace headroom::extender {

DecisionLoop::DecisionLoop(DecisionLoopDependencies dependencies, std::shared_ptr<const scoring::Settings> settings,
                           base::Milliseconds interval, std::function<void()> on_published)
    : use_(dependencies), interval_(interval), on_published_(std::move(on_published)), keeper_(std::move(settings)) {}

DecisionLoop::~DecisionLoop() {
  stop();
}

void DecisionLoop::step() {
  auto snapshot = use_.snapshots.load();
  if (snapshot == nullptr || (!snapshot->sync.complete() && use_.decisions.load() == nullptr)) return;
  auto books = keeper_.keep(snapshot, use_.clock.wall_now());
  use_.decisions.publish(std::make_shared<const Decision>(Decision{snapshot, std::move(books), use_.clock.mono_now()}));
  use_.ledger.settle(*snapshot);
  if (on_published_) on_published_();
}

void DecisionLoop::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    do {
      step();
    } while (wake_.wait(use_.clock, use_.clock.mono_now() + interval_, stop));
  });
}

void DecisionLoop::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

}  // namespace headroom::extender
