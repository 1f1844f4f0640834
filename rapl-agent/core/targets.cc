#include "rapl-agent/core/targets.h"

#include <algorithm>
#include <numeric>

#include "rapl-agent/core/split.h"

namespace headroom::rapl_agent::core {
namespace {

using base::Power;

// The present cap as a number for the split, which deals in caps up to the ceiling.
Power present(const TargetInput& domain) {
  return domain.cap ? std::min(*domain.cap, domain.ceiling) : domain.ceiling;
}

Power fixed_sum(const std::vector<TargetInput>& domains) {
  Power sum;
  for (const TargetInput& domain : domains) {
    if (!domain.adjustable) sum += domain.fixed;
  }
  return sum;
}

// The caps (by domain, those that are fixed left out as 0) of the adjustable ones, none above its limit.
template <class LimitOf>
Split divide(Power left, const std::vector<TargetInput>& domains, LimitOf limit_of) {
  std::vector<SplitShare> shares;
  for (const TargetInput& domain : domains) {
    if (domain.adjustable) {
      const Power most = std::max(domain.floor, limit_of(domain));
      shares.push_back({domain.floor, most, domain.demand});
    } else {
      shares.push_back({});
    }
  }
  return split_budget(left, shares);
}

bool worth_a_raise(const std::vector<TargetInput>& domains, const std::vector<Power>& ideal) {
  for (std::size_t i = 0; i < domains.size(); ++i) {
    if (!domains[i].adjustable) continue;
    const Power now = present(domains[i]);
    const bool last_step = ideal[i] == domains[i].ceiling && domains[i].cap;
    if (ideal[i] > now && (last_step || ideal[i] - now > hysteresis(now))) return true;
  }
  return false;
}

// What may still be given: the budget less what everybody may draw now, or will once raised.
Power room_left(Power available, const std::vector<TargetInput>& domains, const std::vector<Power>& caps) {
  Power used = fixed_sum(domains);
  for (std::size_t i = 0; i < domains.size(); ++i) {
    if (domains[i].adjustable) used += std::max(domains[i].charge, caps[i]);
  }
  return available - used;
}

// Those that lack most first. A raise inside what the domain is charged for anyway takes no room; while lowers have not
// left their windows and all together are charged more than there is, nobody is raised.
void raise(Power room, const std::vector<TargetInput>& domains, const std::vector<Power>& ideal,
           std::vector<Power>& caps) {
  if (room < Power{}) return;
  std::vector<std::size_t> order(domains.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return ideal[a] - caps[a] > ideal[b] - caps[b]; });
  for (const std::size_t i : order) {
    const TargetInput& domain = domains[i];
    if (!domain.adjustable || ideal[i] <= caps[i] || domain.raise_step <= Power{}) continue;
    const Power charged = std::max(domain.charge, caps[i]);
    const Power next = std::min({ideal[i], caps[i] + domain.raise_step, charged + room});
    if (next <= caps[i]) continue;
    room -= std::max(next, charged) - charged;
    caps[i] = next;
  }
}

// Everybody may go back to the original, which may be far above the ceiling.
bool nothing_binds(Power left, const std::vector<TargetInput>& domains) {
  Power uncapped;
  for (const TargetInput& domain : domains) {
    if (!domain.adjustable) continue;
    if (domain.allowed < domain.ceiling) return false;
    uncapped += domain.uncapped;
  }
  return uncapped <= left;
}

}  // namespace

Power hysteresis(Power cap) {
  return std::max(base::watts(2), base::scaled_up(cap, base::percent(1)));
}

Targets next_targets(const TargetAim& aim, const std::vector<TargetInput>& domains) {
  const Power left = aim.available - fixed_sum(domains);
  const bool floors = aim.goal == TargetAim::Goal::floors;
  const bool raises = aim.raises == TargetAim::Raises::allowed && !floors;
  const auto at_most = [&](const TargetInput& domain) { return std::min(domain.allowed, present(domain)); };

  // Without raises, or when no raise is worth it, the present caps stand as far as they fit.
  Split split = divide(left, domains, [](const TargetInput& domain) { return domain.allowed; });
  const std::vector<Power> ideal = split.caps;
  const bool raising = raises && worth_a_raise(domains, ideal);
  if (!raising) split = divide(left, domains, at_most);

  Targets targets;
  targets.shortfall = split.shortfall;
  std::vector<Power> caps(domains.size());
  for (std::size_t i = 0; i < domains.size(); ++i) {
    caps[i] = floors ? domains[i].floor : std::min(split.caps[i], std::max(at_most(domains[i]), domains[i].floor));
  }
  if (raising) raise(room_left(aim.available, domains, caps), domains, ideal, caps);

  const bool free = nothing_binds(left, domains) && !floors;
  for (std::size_t i = 0; i < domains.size(); ++i) {
    const TargetInput& domain = domains[i];
    if (!domain.adjustable) {
      targets.caps.push_back(domain.cap ? *domain.cap : domain.floor);
      continue;
    }
    const bool at_original = !domain.cap || (free && raises);
    const bool full = caps[i] >= domain.ceiling;
    targets.caps.push_back(full && at_original && free ? std::nullopt : std::optional(caps[i]));
  }
  return targets;
}

}  // namespace headroom::rapl_agent::core
