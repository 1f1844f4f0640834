#include "rapl-agent/core/domain_record.h"

#include <algorithm>

namespace headroom::rapl_agent::core {
namespace {

std::optional<base::Power> limit_in(const FieldValues& values) {
  const auto value = values.get(Field::long_term_limit);
  if (!value || *value == 0) return std::nullopt;
  return base::microwatts(static_cast<std::int64_t>(*value));
}

void keep_smaller(std::optional<base::Power>& kept, std::optional<base::Power> value) {
  if (value && (!kept || *value < *kept)) kept = value;
}

}  // namespace

SurfaceState* DomainRecord::surface(Surface which) {
  const auto found = std::find_if(surfaces.begin(), surfaces.end(),
                                  [which](const SurfaceState& state) { return state.control().surface == which; });
  return found == surfaces.end() ? nullptr : &*found;
}

Health DomainRecord::health() const {
  const auto ok = std::any_of(surfaces.begin(), surfaces.end(),
                              [](const SurfaceState& state) { return state.health() == Health::ok; });
  return ok || surfaces.empty() ? Health::ok : surfaces.front().health();
}

std::string DomainRecord::detail() const {
  std::string text;
  for (const SurfaceState& state : surfaces) {
    if (state.detail().empty()) continue;
    if (!text.empty()) text += "; ";
    text += std::string(to_string(state.control().surface)) + " " + state.detail();
  }
  return text;
}

bool DomainRecord::reliable() const {
  return std::any_of(surfaces.begin(), surfaces.end(), [](const SurfaceState& state) { return state.reliable(); });
}

std::optional<base::Power> DomainRecord::enforced() const {
  std::optional<base::Power> lowest;
  for (const SurfaceState& state : surfaces) {
    if (state.health() == Health::ok) keep_smaller(lowest, state.enforced());
  }
  return lowest;
}

base::Power DomainRecord::worst() const {
  if (dark) return {};
  const auto in_force = enforced();
  if (health() != Health::ok || !in_force) return limits->uncapped;
  return std::min(*in_force, limits->uncapped);
}

base::Power DomainRecord::floor() const {
  base::Power floor = limits->floor;
  for (const SurfaceState& state : surfaces) {
    if (state.health() == Health::ok && state.firmware_floor()) floor = std::max(floor, *state.firmware_floor());
  }
  return std::min(floor, limits->ceiling);
}

std::optional<base::Power> DomainRecord::original() const {
  std::optional<base::Power> lowest;
  for (const SurfaceState& state : surfaces) keep_smaller(lowest, limit_in(state.originals));
  return lowest;
}

base::Microseconds DomainRecord::window(const Timing& timing) const {
  base::Microseconds longest = is_gpu() ? timing.gpu_window : timing.cpu_window;
  for (const SurfaceState& state : surfaces) {
    const auto own = state.read.get(Field::long_term_window);
    // Encodings saturate at centuries; no firmware averages over more than a minute or so.
    if (own && *own <= 128'000'000) longest = std::max(longest, base::Microseconds(static_cast<std::int64_t>(*own)));
  }
  return longest;
}

}  // namespace headroom::rapl_agent::core
