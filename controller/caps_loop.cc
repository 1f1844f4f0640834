#include "controller/caps_loop.h"

#include <algorithm>
#include <utility>

#include "runtime/logging.h"

namespace headroom::controller {
namespace {

// What a person or a machine just changed: worth a round of its own.
bool same_wishes(const model::ClusterSnapshot& a, const model::ClusterSnapshot& b) {
  return a.policies == b.policies && a.topologies == b.topologies && a.nodes == b.nodes &&
         a.unreadable_policies.size() == b.unreadable_policies.size() &&
         a.node_power_caps.size() == b.node_power_caps.size();
}

std::string node_uid(const model::ClusterSnapshot& snapshot, const std::string& name) {
  const auto found = std::lower_bound(snapshot.nodes.begin(), snapshot.nodes.end(), name,
                                      [](const auto& node, const std::string& wanted) { return node->name < wanted; });
  return found != snapshot.nodes.end() && (*found)->name == name ? (*found)->uid : std::string();
}

}  // namespace

CapsLoop::CapsLoop(CapsLoopEdges edges, CapsDeciding decide, CapsOptions options)
    : use_(edges),
      decide_(std::move(decide)),
      timing_(options.timing),
      settings_(options.settings),
      writer_(edges.store, edges.tenure, edges.clock, options.timing.call_timeout),
      agents_({std::move(options.agent_namespace), options.settings.unheard}),
      tokens_(options.timing.writes_per_second),
      reports_(std::make_shared<const CapsReport>()) {}

CapsLoop::~CapsLoop() {
  stop();
}

void CapsLoop::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    base::MonoTime deadline = use_.clock.mono_now();
    while (wake_.wait(use_.clock, deadline, stop)) {
      if (due()) step();
      deadline = use_.clock.mono_now() + timing_.least_interval;
    }
  });
}

void CapsLoop::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

bool CapsLoop::due() const {
  if (!last_step_) return true;
  const base::Microseconds waited = use_.clock.mono_now() - *last_step_;
  if (waited < timing_.least_interval) return false;
  if (waited >= timing_.period || left_over_ || (!led_transitions_ && use_.tenure.term())) return true;
  const auto kept = use_.books.load();
  return now_.round && kept && kept->snapshot && !same_wishes(*kept->snapshot, *now_.round->snapshot);
}

void CapsLoop::step() {
  const base::MonoTime began = use_.clock.mono_now();
  last_step_ = began;
  left_over_ = false;
  const auto term = use_.tenure.term();
  if (!term) return give_up_leading();
  const auto kept = use_.books.load();
  if (!kept || !kept->books || began - kept->kept_at > timing_.max_books_age) {
    now_.problem = "the books are not kept";
    return publish();
  }
  now_.leads = led_transitions_ == term->transitions || take_over(*term);
  if (!now_.leads) return publish();
  now_.problem = decide_and_write(*kept);
  now_.settled = true;
  now_.last_round = use_.clock.mono_now() - began;
  if (now_.problem.empty() && now_.last_round > timing_.deadline) now_.problem = "the round took too long";
  ++(now_.problem.empty() ? now_.rounds : now_.rounds_failed);
  if (now_.problem.empty()) beat();
  publish();
}

void CapsLoop::give_up_leading() {
  led_transitions_.reset();
  now_.leads = false;
  now_.settled = false;
  now_.round.reset();
  now_.problem.clear();
  publish();
}

// Reads what stands now, past every cache: the epoch must be above all that was ever written.
bool CapsLoop::take_over(const Term& term) {
  led_transitions_.reset();
  const auto existing = use_.store.list();
  const auto heartbeat = existing ? use_.heartbeat.read() : base::Result<HeartbeatView>(HeartbeatView());
  if (!existing || !heartbeat) {
    const std::string& error = existing ? heartbeat.error().message : existing.error().message;
    if (error != now_.problem) {
      runtime::log_warning("controller", "leads, but cannot read the caps yet", {{"error", error}});
    }
    now_.problem = error;
    now_.settled = true;
    return false;
  }
  now_.problem.clear();
  book_.begin(*existing, term.transitions, use_.clock.mono_now());
  memory_ = {};
  last_beat_.reset();
  led_transitions_ = term.transitions;
  settings_.epoch = book_.epoch();
  settings_.paused = heartbeat->paused;
  now_.epoch = book_.epoch();
  runtime::log_info("controller", "orders caps", {{"epoch", now_.epoch}, {"caps", existing->caps.size()}});
  return true;
}

std::string CapsLoop::decide_and_write(const LoopReport& kept) {
  const model::SyncState& sync = kept.snapshot->sync;
  if (sync.node_power_caps_missing) return "the API server does not serve nodepowercaps; apply deploy/crds";
  if (!sync.node_power_caps) return "nodepowercaps are not listed yet";
  auto round = decide(kept);
  now_.round = round;
  now_.unwritten.clear();
  std::string problem = write(*round);
  if (problem.empty()) answer_releases(*round);
  return problem;
}

std::shared_ptr<CapRound> CapsLoop::decide(const LoopReport& kept) {
  const base::MonoTime now = use_.clock.mono_now();
  book_.mirrored(kept.snapshot->node_power_caps, now);
  scoring::CapFacts facts;
  facts.agents = agents_.seen(*kept.snapshot, now);
  facts.settings = settings_;
  facts.now = {now, use_.clock.wall_now()};
  auto round = std::make_shared<CapRound>();
  round->snapshot = kept.snapshot;
  round->books = kept.books;
  round->input = decide_.input(*kept.books, *kept.snapshot, facts);
  for (auto& node : round->input.allocate.nodes) {
    node.cap = book_.current(node.name);
    node.in_flight = book_.in_flight(node.name);
  }
  reserves_.put(round->input.allocate);
  ratios_.put(round->input, *kept.books, *kept.snapshot->telemetry);
  round->ratios = ratios_.findings();
  round->allocation = decide_.allocate(round->input.allocate, std::move(memory_));
  memory_ = std::move(round->allocation.memory);
  round->allocation.memory = {};
  return round;
}

std::string CapsLoop::write(const CapRound& round) {
  refill();
  for (const auto& write : round.allocation.writes) {
    if (tokens_ < 1) {
      left_over_ = true;
      break;
    }
    tokens_ -= 1;
    if (std::string problem = write_one(round, write); !problem.empty()) return problem;
  }
  return {};
}

std::string CapsLoop::write_one(const CapRound& round, const policy::CapWrite& write) {
  const policy::CapNode& node = round.input.allocate.nodes[write.node];
  const auto outcome =
      writer_.write(book_, {node.name, node_uid(*round.snapshot, node.name), node.class_max, write.spec});
  if (outcome == WriteOutcome::written) {
    ++now_.writes;
    return {};
  }
  ++now_.write_failures;
  now_.unwritten.insert_or_assign(node.name, writer_.error());
  runtime::log_warning("controller", "cap not written", {{"node", node.name}, {"error", writer_.error()}});
  switch (outcome) {
    case WriteOutcome::unreachable: return "the API server does not answer: " + writer_.error();
    case WriteOutcome::term_over: return "the term as leader ends";
    case WriteOutcome::outranked:
      ++now_.outranked;
      led_transitions_.reset();
      return writer_.error();
    default: left_over_ = true; return {};
  }
}

void CapsLoop::answer_releases(const CapRound& round) {
  for (std::size_t i = 0; i < round.input.allocate.nodes.size() && tokens_ >= 1; ++i) {
    const auto answer = release_answer(round, i);
    const auto& cap = round.input.allocate.nodes[i].cap;
    if (!answer || (!answer->done && answer->text == cap->release_answer)) continue;
    tokens_ -= 1;
    if (const auto told = use_.releases.answer(*cap, *answer); !told) {
      runtime::log_warning("controller", "release not answered",
                           {{"node", cap->name}, {"error", told.error().message}});
    }
  }
}

void CapsLoop::beat() {
  const base::MonoTime now = use_.clock.mono_now();
  const auto term = use_.tenure.term();
  if (last_beat_ && now - *last_beat_ < timing_.heartbeat) return;
  if (!term || now + timing_.call_timeout > term->ends_at) return;
  const auto view = use_.heartbeat.renew();
  if (!view) {
    runtime::log_warning("controller", "heartbeat not written", {{"error", view.error().message}});
    return;
  }
  last_beat_ = now;
  settings_.paused = view->paused;
  now_.paused = view->paused;
}

void CapsLoop::refill() {
  const base::MonoTime now = use_.clock.mono_now();
  if (refilled_at_) {
    const double seconds = std::chrono::duration<double>(now - *refilled_at_).count();
    tokens_ = std::min(timing_.writes_per_second, tokens_ + seconds * timing_.writes_per_second);
  }
  refilled_at_ = now;
}

void CapsLoop::publish() {
  reports_.publish(std::make_shared<const CapsReport>(now_));
}

}  // namespace headroom::controller
