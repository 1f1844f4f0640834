#include "controller/status_loop.h"

#include <utility>

#include "controller/last_valid.h"
#include "controller/plan_status.h"
#include "runtime/logging.h"

namespace headroom::controller {

StatusLoop::StatusLoop(StatusLoopEdges edges, std::shared_ptr<const scoring::Settings> settings,
                       base::Milliseconds interval)
    : use_(std::move(edges)),
      interval_(interval),
      keeper_(std::move(settings)),
      reports_(std::make_shared<const LoopReport>()) {}

StatusLoop::~StatusLoop() {
  stop();
}

void StatusLoop::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    do {
      step();
    } while (use_.clock.wait_until(use_.clock.mono_now() + interval_, stop) != base::WaitResult::stop_requested);
  });
}

void StatusLoop::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void StatusLoop::step() {
  const auto snapshot = use_.snapshots.load();
  // Deciding begins with the first complete snapshot; later ones keep their last content through outages.
  if (snapshot == nullptr || (!snapshot->sync.complete() && now_.books == nullptr)) return publish();
  now_.books = keeper_.keep(snapshot, use_.clock.wall_now());
  now_.snapshot = snapshot;
  now_.kept_at = use_.clock.mono_now();
  publish();  // caps do not wait for statuses
  const bool led = now_.leads;
  now_.leads = use_.leadership.leads() && (led || take_over());
  if (now_.leads) lead(snapshot);
  publish();
}

// Reads what the leader before has written, so that nothing is written twice and no transition time is lost.
bool StatusLoop::take_over() {
  auto existing = use_.statuses.existing();
  auto stored = use_.specs.load();
  if (!existing || !stored) {
    const base::Error& error = existing ? stored.error() : existing.error();
    runtime::log_warning("controller", "leads, but cannot read the statuses yet", {{"error", error.message}});
    return false;
  }
  planner_.adopt(*existing);
  events_.begin(*existing);
  stored_ = *std::move(stored);
  runtime::log_info("controller", "leads", {{"statuses", existing->size()}, {"stored specs", stored_.size()}});
  return true;
}

void StatusLoop::lead(const std::shared_ptr<const model::ClusterSnapshot>& snapshot) {
  const PodTally tally = tally_pods(*snapshot, *now_.books);
  const auto caps = use_.caps ? use_.caps() : std::make_shared<const CapsReport>();
  // What the leader before has said about caps stands until there is something to say.
  if (!use_.caps || caps->settled) write_statuses(plan_status({*snapshot, *now_.books, tally, plan_caps(*caps)}));
  for (const auto& news : events_.of_pods(tally)) use_.events.let_pass(*news.pod, news.reason);
  // While a kind is missing the snapshot holds its last objects, and may hold none: no reason to forget specs.
  if (snapshot->sync.complete() && !snapshot->sync.crds_missing) store_specs(*snapshot, *now_.books->topology);
}

void StatusLoop::write_statuses(const std::vector<DesiredStatus>& plan) {
  for (const auto& write : planner_.due(plan, {use_.clock.mono_now(), use_.clock.wall_now()})) {
    if (!use_.leadership.leads()) return;
    write_status(write);
  }
}

void StatusLoop::write_status(const StatusWrite& write) {
  const auto& key = write.status.key;
  if (const base::Status written = use_.statuses.write(write); !written) {
    ++now_.write_failures;
    planner_.failed(key, use_.clock.mono_now());
    // An object that is gone leaves the next snapshot.
    if (written.error().kind == base::ErrorKind::not_found) return;
    runtime::log_warning("controller", "status not written",
                         {{"namespace", key.ns}, {"name", key.name}, {"error", written.error().message}});
    return;
  }
  ++now_.writes;
  planner_.written(write, use_.clock.mono_now());
  for (const auto& condition : events_.of_status(write.status)) use_.events.status_changed(write.status, condition);
}

void StatusLoop::store_specs(const model::ClusterSnapshot& snapshot, const topology::Compiled& compiled) {
  SpecPlan plan = plan_specs(snapshot, compiled, stored_);
  if (plan.specs == stored_ || !use_.leadership.leads()) return;
  for (const auto& name : plan.left_out) {
    runtime::log_warning("controller", "topology too large to be stored", {{"topology", name}});
  }
  if (const base::Status stored = use_.specs.store(plan.specs); !stored) {
    ++now_.write_failures;
    runtime::log_warning("controller", "last valid topologies not stored", {{"error", stored.error().message}});
    return;
  }
  ++now_.writes;
  stored_ = std::move(plan.specs);
}

void StatusLoop::publish() {
  reports_.publish(std::make_shared<const LoopReport>(now_));
  if (use_.on_kept) use_.on_kept();
}

}  // namespace headroom::controller
