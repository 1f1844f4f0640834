#include "policy/water_fill.h"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <utility>

namespace headroom::policy {
namespace {

using base::Power;

Power demand_above_floor(const WaterClaim& claim) {
  return std::clamp(claim.demand, claim.floor, std::max(claim.floor, claim.ceiling)) - claim.floor;
}
Power room_of(const WaterClaim& claim, Power given) {
  return std::max(Power(), claim.ceiling - given);
}

// amount x part / whole, towards zero.
Power portion(Power amount, Power part, Power whole) {
  const __int128 product = static_cast<__int128>(amount.count()) * part.count();
  return base::microwatts(static_cast<std::int64_t>(product / whole.count()));
}

// What one claim may still get in this pass, and how fast it rises against the others.
struct Want {
  std::size_t claim = 0;
  Power amount;
  Power weight;
};

// a.amount / a.weight < b.amount / b.weight: has what it wants at a lower level.
bool earlier(const Want& a, const Want& b) {
  const __int128 left = static_cast<__int128>(a.amount.count()) * b.weight.count();
  const __int128 right = static_cast<__int128>(b.amount.count()) * a.weight.count();
  return left != right ? left < right : a.claim < b.claim;
}

// Adds to `given` what the wants get of `amount`; returns what is left. Taken in the order in which they fill up, each
// gets what it wants or its weight's part of what is left then: that is the common level.
Power serve(std::vector<Want> wants, Power amount, std::vector<Power>& given) {
  wants.erase(std::remove_if(wants.begin(), wants.end(), [](const Want& want) { return want.amount <= Power(); }),
              wants.end());
  std::sort(wants.begin(), wants.end(), earlier);
  Power weight =
      std::accumulate(wants.begin(), wants.end(), Power(), [](Power sum, const Want& w) { return sum + w.weight; });
  for (const Want& want : wants) {
    const Power part = std::min(want.amount, portion(amount, want.weight, weight));
    given[want.claim] += part;
    amount -= part;
    weight -= want.weight;
  }
  return amount;
}

}  // namespace

WaterFill water_fill(const std::vector<WaterClaim>& claims, Power available) {
  WaterFill fill;
  Power left = available;
  for (const WaterClaim& claim : claims) {
    fill.given.push_back(claim.floor);
    left -= claim.floor;
  }
  if (left < Power()) {
    fill.shortfall = -left;
    return fill;
  }
  std::map<std::int32_t, std::vector<Want>, std::greater<>> classes;
  for (std::size_t i = 0; i < claims.size(); ++i) {
    const Power range = room_of(claims[i], claims[i].floor);
    classes[claims[i].priority].push_back({i, demand_above_floor(claims[i]), range});
  }
  for (auto& [priority, wants] : classes) left = serve(std::move(wants), left, fill.given);

  std::vector<Want> rooms;
  for (std::size_t i = 0; i < claims.size(); ++i) {
    const Power room = room_of(claims[i], fill.given[i]);
    rooms.push_back({i, room, room});
  }
  fill.left_over = serve(std::move(rooms), left, fill.given);
  return fill;
}

}  // namespace headroom::policy
