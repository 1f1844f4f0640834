// Last step of allocate(): which NodePowerCaps to write. Every write passes admit(), so no sum of charges goes past a
// limit because of us: what this round lowers frees nothing before it is acknowledged.
#include <algorithm>
#include <numeric>

#include "policy/allocate_round.h"

namespace headroom::policy {
namespace {

using base::Power;
using base::scaled_up;
using model::EnforcementMode;
using model::NodePowerCapSpec;

constexpr Power kUnlimited = base::watts(1'000'000'000'000);

// What a node draws beside its domains beyond what it was told comes on top of its budget: told soon.
constexpr Power kReserveGrowth = base::watts(5);

// Renewals then take at most a quarter of 100 writes a second.
constexpr base::Microseconds kBrakeOfEach = base::Milliseconds(80);
constexpr base::Microseconds kLongestBrake = base::Seconds(300);  // agents take no longer ones

// Rewritten by itself only when it has moved so far: any other write brings it along.
bool moved(Power from, Power to) {
  const Power difference = from < to ? to - from : from - to;
  return difference > raise_step(from);
}

class Ordering {
 public:
  Ordering(const Round& round, const Targets& targets, AllocateMemory memory)
      : round_(round), input_(round.input), targets_(targets) {
    out_.memory = std::move(memory);
    out_.nodes.resize(round.nodes.size());
    out_.limits.resize(round.limits.size());
    written_.assign(round.nodes.size(), 0);
    ordered_.reserve(round.nodes.size());
    for (const NodeState& node : round.nodes) ordered_.push_back(node.current);
    for (std::size_t l = 0; l < round.limits.size(); ++l) {
      const bool counts = input_.limits[l].mode == EnforcementMode::enforce;
      room_.push_back(counts ? input_.limits[l].capacity - round.limits[l].charged : kUnlimited);
    }
  }

  Allocation run() {
    brake();
    lower();
    set_explicit();
    begin();
    stamp();
    raise();
    refresh();
    release();
    std::stable_sort(out_.writes.begin(), out_.writes.end(),
                     [](const CapWrite& a, const CapWrite& b) { return a.cause < b.cause; });
    report();
    return std::move(out_);
  }

 private:
  [[nodiscard]] const CapNode& node_of(std::uint32_t i) const { return input_.nodes[i]; }
  [[nodiscard]] const NodeState& state_of(std::uint32_t i) const { return round_.nodes[i]; }
  [[nodiscard]] bool orders(std::uint32_t i) const { return state_of(i).has_order && state_of(i).wanted; }
  [[nodiscard]] bool enforced(std::uint32_t limit) const {
    return input_.limits[limit].mode == EnforcementMode::enforce;
  }

  // ---- what may be written

  [[nodiscard]] bool may_raise(std::uint32_t i) const {
    if (input_.settings.paused) return false;
    return std::all_of(node_of(i).limits.begin(), node_of(i).limits.end(), [&](const LimitShare& share) {
      return !enforced(share.limit) || round_.limits[share.limit].stamped;
    });
  }

  struct Admitted {
    Power budget;
    std::optional<std::uint32_t> bound_by;
  };
  // The largest budget up to `wanted` that leaves every sum of charges where it may be. What the node counts for now
  // may be known too high (an ack is on its way), so an order above the newest one needs room even below that.
  [[nodiscard]] Admitted admit(std::uint32_t i, Power wanted) const {
    const Power current = state_of(i).current;
    const Power charged = state_of(i).charge.charged;
    Admitted admitted{wanted, {}};
    if (wanted <= current) return admitted;
    for (const LimitShare& share : node_of(i).limits) {
      if (!enforced(share.limit) || share.share <= base::Share()) continue;
      Power most = current;
      if (room_[share.limit] >= Power()) {
        const __int128 scaled = static_cast<__int128>(room_[share.limit].count()) * 1'000'000 / share.share.count();
        most = charged + base::microwatts(static_cast<std::int64_t>(std::min<__int128>(scaled, kUnlimited.count())));
      }
      if (most < admitted.budget) admitted = {std::max(whole_watts_down(most), current), share.limit};
    }
    return admitted;
  }

  void take_room(std::uint32_t i, Power more) {
    for (const LimitShare& share : node_of(i).limits) room_[share.limit] -= scaled_up(more, share.share);
  }

  // Without a budget we do not bound the node.
  void put(std::uint32_t i, WriteCause cause, std::optional<Power> budget, std::optional<std::uint32_t> limit = {}) {
    if (budget && state_of(i).covered) budget = admit(i, *budget).budget;
    const Power charged = state_of(i).charge.charged;
    const Power counts = budget.value_or(node_of(i).class_max);
    if (counts > charged) take_room(i, counts - charged);
    CapWrite write;
    write.node = i;
    write.cause = cause;
    write.create = node_of(i).cap == nullptr;
    write.spec = spec_of(i, budget);
    write.limit = limit;
    out_.writes.push_back(write);
    ordered_[i] = counts;
    written_[i] = 1;
  }

  [[nodiscard]] const NodePowerCapSpec& previous(std::uint32_t i) const { return previous_spec(node_of(i)); }
  [[nodiscard]] NodePowerCapSpec spec_of(std::uint32_t i, std::optional<Power> budget) const {
    return policy::spec_of(round_, targets_, {i, budget});
  }

  // ---- the causes, most urgent first

  // Lowest priority first, then who has most to give, until what they give ends the overload. Who brakes already stays
  // at it: its draw has fallen because of that.
  void brake() {
    for (std::uint32_t l = 0; l < round_.limits.size(); ++l) {
      if (!round_.limits[l].braking) continue;
      std::vector<LimitShare> candidates;
      for (const LimitShare& under : round_.limits[l].under) {
        if (orders(under.limit) && state_of(under.limit).charge.reach == CapReach::acknowledged) {
          candidates.push_back(under);
        }
      }
      std::stable_sort(candidates.begin(), candidates.end(), [&](const LimitShare& a, const LimitShare& b) {
        if (brakes(a.limit) != brakes(b.limit)) return brakes(a.limit);
        if (node_of(a.limit).priority != node_of(b.limit).priority) {
          return node_of(a.limit).priority < node_of(b.limit).priority;
        }
        return to_give(a.limit) > to_give(b.limit);
      });
      Power left = input_.limits[l].load - input_.limits[l].full;
      std::size_t needed = 0;
      for (const LimitShare& under : candidates) {
        if (left <= Power() && !brakes(under.limit)) break;
        left -= base::scaled_down(to_give(under.limit), under.share);
        ++needed;
      }
      const base::Microseconds brake = brake_for(needed);
      for (std::size_t i = 0; i < needed; ++i) renew_brake(candidates[i].limit, l, brake);
    }
  }
  // So many that renewing them every half brake would take all writes there are, and leave none for further brakes and
  // for lowers: they get longer ones.
  [[nodiscard]] base::Microseconds brake_for(std::size_t nodes) const {
    const base::Microseconds wanted = kBrakeOfEach * static_cast<std::int64_t>(nodes);
    return std::clamp<base::Microseconds>(wanted, input_.settings.brake,
                                          std::max<base::Microseconds>(input_.settings.brake, kLongestBrake));
  }
  [[nodiscard]] bool brakes(std::uint32_t i) const {
    return previous(i).brake_until && *previous(i).brake_until > input_.now.wall;
  }
  [[nodiscard]] Power to_give(std::uint32_t i) const {
    return std::max(Power(), node_of(i).measured.value_or(node_of(i).expected) - state_of(i).floor);
  }
  void renew_brake(std::uint32_t i, std::uint32_t limit, base::Microseconds brake) {
    const auto until = previous(i).brake_until;
    if (written_[i] != 0 || (until && *until > input_.now.wall + input_.settings.brake / 2)) return;
    put(i, WriteCause::brake, kept_budget(i), limit);
    out_.writes.back().spec.brake_until = input_.now.wall + brake;
  }

  // The budget as it is, but never above what explicit caps allow; nothing where no limit covers the node.
  [[nodiscard]] std::optional<Power> kept_budget(std::uint32_t i) const {
    if (!state_of(i).covered) return node_of(i).asked.node;
    return std::min(state_of(i).current, std::max(state_of(i).ceiling, state_of(i).floor));
  }

  // More than max(5 %, 20 W) comes of it, or the last watts up to the ceiling for a node that wants them.
  [[nodiscard]] bool worth_raising(std::uint32_t i, Power to) const {
    if (to > ordered_[i] + raise_step(ordered_[i])) return true;
    return to > ordered_[i] && to >= state_of(i).ceiling && ordered_[i] < state_of(i).desired;
  }

  // The node waits for watts that only others can free.
  [[nodiscard]] bool needy(std::uint32_t i) const {
    return orders(i) && targets_.divided[i] != 0 && ordered_[i] < state_of(i).desired &&
           worth_raising(i, targets_.budget[i]);
  }

  // Lowers to the targets those with most to give, until every limit fits its orders and what the needy wait for.
  void lower() {
    std::vector<Power> excess;
    for (std::uint32_t l = 0; l < round_.limits.size(); ++l) excess.push_back(excess_of(l));
    std::vector<std::uint32_t> givers;
    for (std::uint32_t i = 0; i < ordered_.size(); ++i) {
      if (!orders(i) || targets_.divided[i] == 0 || written_[i] != 0) continue;
      if (!previous(i).budget || targets_.budget[i] < ordered_[i]) givers.push_back(i);
    }
    const auto worst_of = [&](std::uint32_t i) {
      double worst = 0;
      for (const LimitShare& share : node_of(i).limits) {
        const double full = std::max(base::to_watts(input_.limits[share.limit].capacity), 1.0);
        worst = std::max(worst, base::to_watts(excess[share.limit]) / full);
      }
      return worst;
    };
    std::vector<std::pair<double, std::uint32_t>> urgency;
    for (const std::uint32_t i : givers) urgency.emplace_back(worst_of(i), i);
    std::stable_sort(urgency.begin(), urgency.end(), [&](const auto& a, const auto& b) {
      if (a.first != b.first) return a.first > b.first;
      return ordered_[a.second] - targets_.budget[a.second] > ordered_[b.second] - targets_.budget[b.second];
    });
    for (const auto& [worst, i] : urgency) lower_one(i, excess);
  }

  [[nodiscard]] Power excess_of(std::uint32_t l) const {
    if (!enforced(l)) return {};
    Power sum = round_.limits[l].fixed_wanted;
    Power least = round_.limits[l].fixed_wanted;
    for (const LimitShare& under : round_.limits[l].under) {
      if (targets_.divided[under.limit] == 0) {
        if (state_of(under.limit).reachable) sum += scaled_up(state_of(under.limit).charge.charged, under.share);
        continue;
      }
      const Power order = needy(under.limit) ? targets_.budget[under.limit] : ordered_[under.limit];
      sum += scaled_up(std::max(order, state_of(under.limit).floor), under.share);
      least += scaled_up(targets_.budget[under.limit], under.share);
    }
    // Where even the targets do not fit (nodes that no order reaches), down to the targets and no further.
    return sum - std::max(input_.limits[l].capacity, least);
  }

  void lower_one(std::uint32_t i, std::vector<Power>& excess) {
    std::optional<std::uint32_t> limit;
    for (const LimitShare& share : node_of(i).limits) {
      if (excess[share.limit] > Power() && (!limit || excess[share.limit] > excess[*limit])) limit = share.limit;
    }
    if (!limit && previous(i).budget) return;
    const Power given = ordered_[i] - targets_.budget[i];
    put(i, WriteCause::lower, targets_.budget[i], limit);
    for (const LimitShare& share : node_of(i).limits) excess[share.limit] -= base::scaled_down(given, share.share);
  }

  // Explicit caps as policies declare them now. Their loosening is a raise like any other.
  void set_explicit() {
    for (std::uint32_t i = 0; i < ordered_.size(); ++i) {
      if (!orders(i) || written_[i] != 0) continue;
      NodePowerCapSpec wanted = previous(i);
      put_explicit(wanted, asked_of(round_, i));
      wanted.budget = kept_budget(i);
      if (input_.settings.paused) wanted.budget = tighter(wanted.budget, previous(i).budget);
      if (wanted == previous(i)) continue;
      put(i, WriteCause::explicit_caps, wanted.budget);
    }
  }

  // First orders: only ever less than the class maximum that the node has counted for.
  void begin() {
    const auto minute_ago = input_.now.mono - base::Seconds(60);
    std::int32_t left = input_.settings.newly_capped_a_minute;
    for (const auto& [name, memory] : out_.memory.nodes) {
      if (memory.first_ordered && *memory.first_ordered > minute_ago) --left;
    }
    const bool emergency =
        std::any_of(round_.limits.begin(), round_.limits.end(), [](const LimitState& limit) { return limit.braking; });
    for (std::uint32_t i = 0; i < ordered_.size(); ++i) {
      const NodeState& state = state_of(i);
      if (!state.wanted || state.has_order) continue;
      auto& first_ordered = out_.memory.nodes[node_of(i).name].first_ordered;
      const bool repeated = first_ordered && *first_ordered > minute_ago;
      if (!repeated && !emergency && left <= 0) continue;
      if (!repeated) {
        first_ordered = input_.now.mono;
        --left;
      }
      std::optional<Power> budget = node_of(i).asked.node;
      if (state.covered) budget = targets_.divided[i] != 0 ? targets_.budget[i] : state.ceiling;
      put(i, WriteCause::first, budget);
    }
  }

  void stamp() {
    for (std::uint32_t i = 0; i < ordered_.size(); ++i) {
      if (node_of(i).cap == nullptr || state_of(i).stamped || written_[i] != 0) continue;
      if (previous(i).release) {
        put(i, WriteCause::stamp, std::nullopt);
        out_.writes.back().spec = previous(i);
      } else if (state_of(i).wanted) {
        put(i, WriteCause::stamp, kept_budget(i));
      } else {
        put(i, WriteCause::stamp, previous(i).budget);
      }
    }
  }

  // The needy by priority, then whatever limits leave over.
  void raise() {
    std::vector<std::uint32_t> order;
    for (std::uint32_t i = 0; i < ordered_.size(); ++i) {
      if (!orders(i) || written_[i] != 0 || targets_.divided[i] == 0 || !may_raise(i)) continue;
      if (worth_raising(i, targets_.budget[i])) order.push_back(i);
    }
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      if (needy(a) != needy(b)) return needy(a);
      if (needy(a) && node_of(a).priority != node_of(b).priority) return node_of(a).priority > node_of(b).priority;
      return false;
    });
    for (const std::uint32_t i : order) {
      const Admitted admitted = admit(i, targets_.budget[i]);
      if (worth_raising(i, admitted.budget)) {
        put(i, WriteCause::raise, admitted.budget, admitted.bound_by);
      }
    }
  }

  // Fallbacks whose sum no longer fits come down at once; all else only when it has moved far.
  void refresh() {
    std::vector<Power> excess;
    for (std::uint32_t l = 0; l < round_.limits.size(); ++l) {
      Power sum;
      for (const LimitShare& under : round_.limits[l].under) {
        if (targets_.divided[under.limit] == 0 || !orders(under.limit)) continue;
        sum += scaled_up(previous(under.limit).fallback.value_or(Power()), under.share);
      }
      excess.push_back(enforced(l) ? sum + round_.limits[l].fixed_charged - input_.limits[l].capacity : Power());
    }
    for (std::uint32_t i = 0; i < ordered_.size(); ++i) {
      if (!orders(i) || written_[i] != 0 || !state_of(i).covered || targets_.divided[i] == 0) continue;
      const NodePowerCapSpec wanted = spec_of(i, kept_budget(i));
      const Power now = previous(i).fallback.value_or(Power());
      const bool too_high =
          *wanted.fallback < now && std::any_of(node_of(i).limits.begin(), node_of(i).limits.end(),
                                                [&](const LimitShare& share) { return excess[share.limit] > Power(); });
      const bool drifted = moved(now, *wanted.fallback) || moved(previous(i).reserve, wanted.reserve);
      const bool too_low = wanted.reserve > previous(i).reserve + kReserveGrowth;
      if (too_high || too_low || (drifted && !input_.settings.paused)) put(i, WriteCause::fallback, kept_budget(i));
    }
  }

  // Nothing asks for a cap any more, or people asked to let go: only where the class maximum fits every limit.
  void release() {
    for (std::uint32_t i = 0; i < ordered_.size(); ++i) {
      const NodeState& state = state_of(i);
      if (!state.has_order) continue;
      NodeReport& report = out_.nodes[i];
      if (state.wanted) {
        report.release_refused = node_of(i).cap->release_requested;
        if (report.release_refused && !node_of(i).asked.any()) report.release_refused_by = tightest_limit(i);
        continue;
      }
      if (written_[i] != 0) continue;
      const Admitted admitted = admit(i, node_of(i).class_max);
      if (admitted.budget < whole_watts_down(node_of(i).class_max) || !may_raise(i)) {
        report.release_refused = true;
        report.release_refused_by = admitted.bound_by;
        continue;
      }
      put(i, WriteCause::release, std::nullopt);
      out_.writes.back().spec.release = true;
    }
  }
  [[nodiscard]] std::optional<std::uint32_t> tightest_limit(std::uint32_t i) const {
    std::optional<std::uint32_t> tightest;
    for (const LimitShare& share : node_of(i).limits) {
      if (!enforced(share.limit) || !round_.limits[share.limit].needed) continue;
      if (!tightest || room_[share.limit] < room_[*tightest]) tightest = share.limit;
    }
    return tightest;
  }

  // ---- reports

  void report() {
    for (std::uint32_t i = 0; i < ordered_.size(); ++i) {
      const NodeState& state = state_of(i);
      NodeReport& report = out_.nodes[i];
      report.charge = state.charge;
      report.demand = state.demand;
      report.binding = state.binding;
      report.wanted = state.wanted;
      report.below_floor = state.below_floor;
      if (orders(i) || written_[i] != 0) report.budget = ordered_[i];
    }
    for (std::uint32_t l = 0; l < round_.limits.size(); ++l) report_limit(l);
  }

  void report_limit(std::uint32_t l) {
    const LimitState& state = round_.limits[l];
    LimitReport& report = out_.limits[l];
    report.charged = state.charged;
    report.excess = std::max(Power(), state.charged - input_.limits[l].capacity);
    report.mean_load = state.mean_load;
    report.tight = state.tight;
    report.braking = state.braking;
    Power floors = state.fixed_charged;
    for (const LimitShare& under : state.under) {
      const NodeState& node = state_of(under.limit);
      ++report.nodes;
      if (node.binding) ++report.binding;
      if (!node.reachable) {
        if (state.needed) ++report.uncontrolled;
        continue;
      }
      floors += scaled_up(node.floor, under.share);
      if (node.has_order) ++(node.acked ? report.capped : report.pending);
    }
    if (state.needed) report.shortfall = std::max(Power(), floors - input_.limits[l].capacity);
  }

  const Round& round_;
  const AllocateInput& input_;
  const Targets& targets_;
  std::vector<Power> room_;     // by limit: capacity less charges, this round's raises included
  std::vector<Power> ordered_;  // by node: the budget after this round
  std::vector<std::uint8_t> written_;
  Allocation out_;
};

}  // namespace

Allocation order(const Round& round, const Targets& targets, AllocateMemory memory) {
  return Ordering(round, targets, std::move(memory)).run();
}

}  // namespace headroom::policy
