// First step of allocate(): what every node counts for, wants and can, and how every limit stands.
#include <algorithm>

#include "policy/allocate_round.h"

namespace headroom::policy {
namespace {

using base::Power;
using base::scaled_up;
using model::EnforcementMode;

// What every node gets before any gets its full margin: enough not to look held back, so little that a full limit is
// used.
constexpr base::Share kModestMargin = base::percent(104);
constexpr base::Share kDesiredMargin = base::percent(110);
// An applied bound this far above an acknowledged budget means that the agent cannot go lower.
constexpr base::Share kStuck = base::percent(101);
// Drawing this much of its cap, a node would draw more without. (The 95 % of binds() are for admission: cautious.)
constexpr base::Share kHeldBack = base::percent(99);
constexpr base::Share kProbe = base::percent(20);
constexpr Power kLeastProbe = base::watts(40);
constexpr base::Share kThresholdHysteresis = base::percent(5);

bool enforced(const CapLimit& limit) {
  return limit.mode == EnforcementMode::enforce;
}

class Assessment {
 public:
  Assessment(const AllocateInput& input, AllocateMemory& memory)
      : input_(input), memory_(memory), round_{input, {}, {}} {}

  Round run() {
    round_.nodes.resize(input_.nodes.size());
    round_.limits.resize(input_.limits.size());
    for (std::uint32_t i = 0; i < input_.nodes.size(); ++i) {
      for (const LimitShare& share : input_.nodes[i].limits) {
        round_.limits[share.limit].under.push_back({i, share.share});
      }
    }
    find_needed();
    for (std::uint32_t i = 0; i < input_.nodes.size(); ++i) weigh(i);
    for (std::uint32_t l = 0; l < input_.limits.size(); ++l) weigh_limit(l);
    forget();
    return std::move(round_);
  }

 private:
  [[nodiscard]] Power deleted_charge(const CapNode& node) const {
    if (node.deleted_charge) return std::min(*node.deleted_charge, node.class_max);
    const auto found = memory_.nodes.find(node.name);
    return found == memory_.nodes.end() ? node.class_max : std::min(found->second.charged, node.class_max);
  }

  void find_needed() {
    for (std::size_t l = 0; l < round_.limits.size(); ++l) {
      Power sum;
      for (const LimitShare& under : round_.limits[l].under) {
        sum += scaled_up(input_.nodes[under.limit].class_max, under.share);
      }
      round_.limits[l].needed = sum > input_.limits[l].capacity;
    }
  }

  void weigh(std::uint32_t i) {
    const CapNode& node = input_.nodes[i];
    NodeState& state = round_.nodes[i];
    if (node.deleted) {
      state.charge.charged = deleted_charge(node);
      state.current = state.charge.charged;
      return;
    }
    state.charge = charge_of({node.cap.get(), node.boot_id, node.class_max, node.agent, node.wall, node.in_flight});
    state.has_order = node.cap != nullptr && !node.cap->spec.release;
    state.current = state.has_order ? node.cap->spec.budget.value_or(node.class_max) : node.class_max;
    state.acked = node.cap != nullptr && model::acknowledged(*node.cap);
    state.stamped = node.cap == nullptr || node.cap->spec.stamp.epoch >= input_.settings.epoch;
    state.binding = node.cap != nullptr && binds(state.charge, *node.cap, node.measured);
    find_bounds(node, state);
    find_wants(node, state);
    remember(node, state);
  }

  void find_bounds(const CapNode& node, NodeState& state) const {
    const model::NodePowerCapStatus* status = node.cap == nullptr ? nullptr : &node.cap->status;
    const bool heard = state.charge.reach == CapReach::acknowledged;
    state.floor = heard && status->min ? *status->min : node.idle;
    if (heard && state.acked && status->applied && *status->applied > base::scaled_up(state.current, kStuck)) {
      state.floor = std::max(state.floor, *status->applied);
    }
    state.floor = std::min(whole_watts_up(state.floor), node.class_max);
    Power ceiling = node.class_max;
    if (heard && status->max) ceiling = std::min(ceiling, *status->max);
    if (node.asked.node && *node.asked.node < ceiling) {
      state.below_floor = *node.asked.node < state.floor;
      ceiling = *node.asked.node;
    }
    state.ceiling = std::max(whole_watts_down(ceiling), state.floor);
    state.demand = state.binding ? node.class_max : node.measured.value_or(node.expected);
    state.asks = asks_of(node, state);
    state.modest = std::clamp(whole_watts_up(scaled_up(state.asks, kModestMargin)), state.floor, state.ceiling);
    state.desired = std::clamp(whole_watts_up(scaled_up(state.asks, kDesiredMargin)), state.floor, state.ceiling);
  }

  // A node that its cap holds back may want anything. It asks for a fifth more, again and again as long as the cap
  // holds it back: asking for the class maximum at once would take watts from others that it turns out not to want.
  [[nodiscard]] static Power asks_of(const CapNode& node, const NodeState& state) {
    const Power known = node.measured.value_or(node.expected);
    if (!state.binding) return known;
    const Power cap = *state.charge.held_to;
    if (!throttled(*node.cap) && known < base::scaled_down(cap, kHeldBack)) return known;
    return std::max(known, cap + std::max(base::scaled_up(cap, kProbe), kLeastProbe));
  }

  void find_wants(const CapNode& node, NodeState& state) const {
    bool needed = false;
    for (const LimitShare& share : node.limits) {
      if (!enforced(input_.limits[share.limit])) continue;
      state.covered = state.covered || node.opted_in;
      needed = needed || round_.limits[share.limit].needed;
    }
    // What once has an order keeps one, so that a limit about to be needed does not let go and grasp again.
    const bool kept = state.has_order && !node.cap->release_requested;
    state.wanted = node.opted_in && (node.asked.any() || (state.covered && (needed || kept)));
  }

  void remember(const CapNode& node, NodeState& state) {
    AllocateMemory::Node& memory = memory_.nodes[node.name];
    memory.charged = state.charge.charged;
    const model::CapStamp seen =
        node.cap != nullptr && node.cap->status.observed ? node.cap->status.observed->stamp : model::CapStamp{};
    const bool settled = state.acked && state.charge.reach == CapReach::acknowledged;
    if (node.cap == nullptr || settled || seen != memory.seen) memory.unheard_since = input_.now.mono;
    memory.seen = seen;
    const bool unheard = input_.now.mono - memory.unheard_since.value_or(input_.now.mono) > input_.settings.unheard;
    const CapReach reach = state.charge.reach;
    state.reachable = state.wanted && !unheard && reach != CapReach::silent && reach != CapReach::observing;
  }

  void weigh_limit(std::uint32_t l) {
    const CapLimit& limit = input_.limits[l];
    LimitState& state = round_.limits[l];
    for (const LimitShare& under : state.under) {
      const NodeState& node = round_.nodes[under.limit];
      state.charged += scaled_up(node.charge.charged, under.share);
      state.stamped = state.stamped && node.stamped;
      if (node.reachable) continue;
      state.fixed_charged += scaled_up(node.charge.charged, under.share);
      const bool to_release = node.has_order && !node.wanted && !input_.settings.paused;
      state.fixed_wanted +=
          scaled_up(to_release ? input_.nodes[under.limit].class_max : node.charge.charged, under.share);
      const Power expected = std::max(scaled_up(node.demand, kDesiredMargin), input_.nodes[under.limit].expected);
      state.fixed_expected += scaled_up(std::min(node.charge.charged, expected), under.share);
    }
    AllocateMemory::Limit& memory = memory_.limits[limit.name];
    take_load(memory, limit);
    Power sum;
    for (const AllocateMemory::Load& load : memory.loads) sum += load.load;
    state.mean_load = base::microwatts(sum.count() / static_cast<std::int64_t>(memory.loads.size()));
    const Power on = base::scaled_down(limit.full, limit.threshold);
    const Power off = base::scaled_down(limit.full, limit.threshold - kThresholdHysteresis);
    memory.tight = memory.tight ? state.mean_load >= off : state.mean_load > on;
    const bool emergency = limit.emergency > Power() && enforced(limit);
    memory.braking = emergency && (limit.load > limit.emergency || (memory.braking && limit.load > limit.full));
    state.tight = memory.tight;
    state.braking = memory.braking;
  }

  void take_load(AllocateMemory::Limit& memory, const CapLimit& limit) const {
    auto& loads = memory.loads;
    const base::MonoTime oldest = input_.now.mono - input_.settings.mean_window;
    loads.erase(std::remove_if(loads.begin(), loads.end(), [&](const auto& load) { return load.at < oldest; }),
                loads.end());
    loads.push_back({input_.now.mono, limit.load});
  }

  // What is no longer in the input and can matter no more.
  void forget() {
    const auto by_name = [](const CapNode& node, const std::string& name) { return node.name < name; };
    for (auto at = memory_.nodes.begin(); at != memory_.nodes.end();) {
      const auto found = std::lower_bound(input_.nodes.begin(), input_.nodes.end(), at->first, by_name);
      at = found == input_.nodes.end() || found->name != at->first ? memory_.nodes.erase(at) : std::next(at);
    }
    std::vector<std::string_view> names;
    for (const CapLimit& limit : input_.limits) names.push_back(limit.name);
    std::sort(names.begin(), names.end());
    for (auto at = memory_.limits.begin(); at != memory_.limits.end();) {
      at = std::binary_search(names.begin(), names.end(), at->first) ? std::next(at) : memory_.limits.erase(at);
    }
  }

  const AllocateInput& input_;
  AllocateMemory& memory_;
  Round round_;
};

}  // namespace

Power raise_step(Power budget) {
  return std::max(base::watts(20), base::scaled_down(budget, base::percent(5)));
}

Power whole_watts_up(Power power) {
  return base::watts((power.count() + 999'999) / 1'000'000);
}

Power whole_watts_down(Power power) {
  return base::watts(power.count() / 1'000'000);
}

Round assess(const AllocateInput& input, AllocateMemory& memory) {
  return Assessment(input, memory).run();
}

}  // namespace headroom::policy
