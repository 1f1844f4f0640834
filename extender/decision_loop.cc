#include "extender/decision_loop.h"

#include <utility>

namespace headroom::extender {
namespace {

bool same_errors(const std::vector<model::UnreadableObject>& a, const std::vector<model::UnreadableObject>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.name == y.name && x.error == y.error; });
}

}  // namespace

void DecisionKeeper::take_topologies(const model::ClusterSnapshot& snapshot) {
  // Objects are shared between snapshots, so equal pointers mean that nothing changed.
  if (topology_ != nullptr && last_ != nullptr && snapshot.topologies == last_->topologies &&
      snapshot.last_valid_topologies == last_->last_valid_topologies &&
      same_errors(snapshot.unreadable_topologies, last_->unreadable_topologies)) {
    return;
  }
  topology_ =
      std::make_shared<const topology::Compiled>(topology::compile(topology::compile_input(snapshot, topology_.get())));
}

void DecisionKeeper::take_policies(const model::ClusterSnapshot& snapshot) {
  if (policies_ != nullptr && last_ != nullptr && snapshot.policies == last_->policies &&
      same_errors(snapshot.unreadable_policies, last_->unreadable_policies)) {
    return;
  }
  policies_ = std::make_shared<const policy::PolicyIndex>(snapshot.policies, snapshot.unreadable_policies);
}

std::shared_ptr<const scoring::Books> DecisionKeeper::keep(
    const std::shared_ptr<const model::ClusterSnapshot>& snapshot, base::WallTime now) {
  take_topologies(*snapshot);
  take_policies(*snapshot);
  last_ = snapshot;
  scoring::BooksStep step = scoring::keep_books({snapshot, topology_, policies_, settings_, now}, std::move(memory_));
  memory_ = std::move(step.memory);
  return std::move(step.books);
}

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
