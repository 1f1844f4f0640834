// Second step of allocate(): the budgets and fallbacks that the round strives for.
#include <algorithm>
#include <functional>
#include <map>

#include "policy/allocate_round.h"
#include "policy/divide.h"

namespace headroom::policy {
namespace {

using base::Power;
using base::scaled_up;
using model::EnforcementMode;

class Division {
 public:
  Division(const Round& round, EnforcementMode mode) : round_(round), mode_(mode) {}

  Targets run() {
    const std::size_t count = round_.nodes.size();
    Targets targets{std::vector<Power>(count), std::vector<Power>(count), std::vector<std::uint8_t>(count)};
    for (std::uint32_t i = 0; i < count; ++i) {
      targets.budget[i] = round_.nodes[i].current;
      targets.divided[i] = takes_part(i) ? 1 : 0;
      if (takes_part(i)) members_.push_back(i);
    }
    make_claims();
    make_capacities();
    add_demand_passes();
    put(targets.budget);
    // Fallbacks know nothing of demand, so that they stay what they are from hour to hour.
    input_.passes.clear();
    add_ceiling_pass();
    put(targets.fallback);
    return targets;
  }

 private:
  [[nodiscard]] bool takes_part(std::uint32_t i) const {
    const NodeState& node = round_.nodes[i];
    if (mode_ == EnforcementMode::enforce) return node.reachable && node.covered;
    const CapNode& known = round_.input.nodes[i];
    return known.opted_in && !known.deleted && !known.limits.empty();
  }
  [[nodiscard]] bool counts(const CapLimit& limit) const {
    return mode_ == EnforcementMode::recommend || limit.mode == EnforcementMode::enforce;
  }

  void make_claims() {
    claim_of_.assign(round_.nodes.size(), 0);
    for (const std::uint32_t i : members_) {
      claim_of_[i] = static_cast<std::uint32_t>(input_.claims.size());
      const NodeState& node = round_.nodes[i];
      DivideClaim claim;
      claim.range = std::max(round_.input.nodes[i].class_max - node.floor, base::watts(1));
      for (const LimitShare& share : round_.input.nodes[i].limits) claim.limits.push_back({share.limit, share.share});
      input_.claims.push_back(std::move(claim));
      input_.start.push_back(node.floor);
    }
  }

  // What there is to divide under each limit. Nodes that no order reaches count at their charge as long as the others
  // keep 110 % of their demand; what goes beyond is a matter of what those nodes really draw, and is asked of the
  // others only while the limit is tight.
  void make_capacities() {
    for (std::size_t l = 0; l < round_.limits.size(); ++l) {
      const LimitState& state = round_.limits[l];
      const CapLimit& limit = round_.input.limits[l];
      Power capacity = kUnlimited;
      if (counts(limit)) {
        capacity = limit.capacity - (mode_ == EnforcementMode::enforce ? state.fixed_wanted : Power());
        Power desired;
        for (const LimitShare& under : state.under) {
          if (takes_part(under.limit)) desired += scaled_up(round_.nodes[under.limit].desired, under.share);
        }
        if (capacity < desired && state.fixed_wanted > Power() && mode_ == EnforcementMode::enforce) {
          const Power expected = std::min(desired, limit.capacity - state.fixed_expected);
          capacity = state.tight ? std::max(capacity, expected) : kUnlimited;
        }
      }
      input_.capacity.push_back(capacity);
    }
  }

  // By priority first what keeps a node from looking capped, then the full margin; then whatever is left.
  void add_demand_passes() {
    std::map<std::int32_t, std::vector<std::uint32_t>, std::greater<>> classes;
    for (const std::uint32_t i : members_) classes[round_.input.nodes[i].priority].push_back(i);
    for (const auto wanted : {&NodeState::modest, &NodeState::desired}) {
      for (const auto& [priority, members] : classes) {
        DividePass pass;
        for (const std::uint32_t i : members) {
          pass.members.push_back(claim_of_[i]);
          pass.wanted.push_back(round_.nodes[i].*wanted);
        }
        input_.passes.push_back(std::move(pass));
      }
    }
    add_ceiling_pass();
  }

  void add_ceiling_pass() {
    DividePass pass;
    for (const std::uint32_t i : members_) {
      pass.members.push_back(claim_of_[i]);
      pass.wanted.push_back(round_.nodes[i].ceiling);
    }
    input_.passes.push_back(std::move(pass));
  }

  void put(std::vector<Power>& into) const {
    const std::vector<Power> given = divide(input_);
    for (const std::uint32_t i : members_) into[i] = given[claim_of_[i]];
  }

  static constexpr Power kUnlimited = base::watts(1'000'000'000'000);

  const Round& round_;
  const EnforcementMode mode_;
  std::vector<std::uint32_t> members_;   // nodes that take part
  std::vector<std::uint32_t> claim_of_;  // by node
  DivideInput input_;
};

}  // namespace

Targets targets_of(const Round& round, EnforcementMode mode) {
  return Division(round, mode).run();
}

}  // namespace headroom::policy
