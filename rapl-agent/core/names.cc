// The names of the enumerations, as status, metrics and the journal have them.
#include <algorithm>
#include <array>
#include <utility>

#include "rapl-agent/core/access.h"
#include "rapl-agent/core/agent_report.h"
#include "rapl-agent/core/control.h"
#include "rapl-agent/core/domain.h"

namespace headroom::rapl_agent::core {
namespace {

template <class E, std::size_t N>
std::string_view name_of(const std::array<std::pair<E, std::string_view>, N>& names, E value) {
  for (const auto& [known, name] : names) {
    if (known == value) return name;
  }
  return "unknown";
}
template <class E, std::size_t N>
std::optional<E> value_named(const std::array<std::pair<E, std::string_view>, N>& names, std::string_view wanted) {
  for (const auto& [value, name] : names) {
    if (name == wanted) return value;
  }
  return std::nullopt;
}

constexpr auto kSurfaces = std::to_array<std::pair<Surface, std::string_view>>({{Surface::msr, "msr"},
                                                                                {Surface::mmio, "mmio"},
                                                                                {Surface::nvml, "nvml"},
                                                                                {Surface::hwmon, "hwmon"},
                                                                                {Surface::cpufreq, "cpufreq"}});
constexpr auto kFields =
    std::to_array<std::pair<Field, std::string_view>>({{Field::long_term_limit, "long_term_limit"},
                                                       {Field::short_term_limit, "short_term_limit"},
                                                       {Field::long_term_window, "long_term_window"},
                                                       {Field::enabled, "enabled"},
                                                       {Field::enforced_limit, "enforced_limit"},
                                                       {Field::max_frequency, "max_frequency"},
                                                       {Field::locked_clock, "locked_clock"}});
constexpr auto kKinds =
    std::to_array<std::pair<DomainKind, std::string_view>>({{DomainKind::cpu_package, "cpu_package"},
                                                            {DomainKind::dram, "dram"},
                                                            {DomainKind::gpu, "gpu"},
                                                            {DomainKind::module, "module"},
                                                            {DomainKind::node_meter, "node_meter"},
                                                            {DomainKind::part_meter, "part_meter"},
                                                            {DomainKind::frequency, "frequency"}});
constexpr auto kHealth = std::to_array<std::pair<Health, std::string_view>>({{Health::ok, "OK"},
                                                                             {Health::readonly, "READONLY"},
                                                                             {Health::unsupported, "UNSUPPORTED"},
                                                                             {Health::contested, "CONTESTED"},
                                                                             {Health::hung, "HUNG"},
                                                                             {Health::lost, "LOST"},
                                                                             {Health::mismatch, "MISMATCH"}});
constexpr auto kOutcomes = std::to_array<std::pair<Outcome, std::string_view>>({
    {Outcome::ok, "ok"},
    {Outcome::locked, "locked"},
    {Outcome::no_permission, "no_permission"},
    {Outcome::read_only, "read_only"},
    {Outcome::gone, "gone"},
    {Outcome::invalid, "invalid"},
    {Outcome::transient, "transient"},
    {Outcome::busy, "busy"},
    {Outcome::garbage, "garbage"},
    {Outcome::hung, "hung"},
    {Outcome::unsupported, "unsupported"},
    {Outcome::lost, "lost"},
    {Outcome::library_broken, "library_broken"},
    {Outcome::not_kernel, "not_kernel"},
    {Outcome::unknown_key, "unknown_key"},
});
constexpr auto kModes = std::to_array<std::pair<AgentMode, std::string_view>>(
    {{AgentMode::observe, "observe"}, {AgentMode::dry_run, "dry-run"}, {AgentMode::enforce, "enforce"}});
constexpr auto kStates = std::to_array<std::pair<AgentState, std::string_view>>({{AgentState::observe, "Observe"},
                                                                                 {AgentState::active, "Active"},
                                                                                 {AgentState::holding, "Holding"},
                                                                                 {AgentState::safe, "Safe"},
                                                                                 {AgentState::emergency, "Emergency"},
                                                                                 {AgentState::stopping, "Stopping"},
                                                                                 {AgentState::releasing, "Releasing"}});

}  // namespace

std::string_view to_string(Surface surface) {
  return name_of(kSurfaces, surface);
}
std::string_view to_string(Field field) {
  return name_of(kFields, field);
}
std::string_view to_string(DomainKind kind) {
  return name_of(kKinds, kind);
}
std::string_view to_string(Health health) {
  return name_of(kHealth, health);
}
std::string_view to_string(Outcome outcome) {
  return name_of(kOutcomes, outcome);
}
std::string_view to_string(AgentMode mode) {
  return name_of(kModes, mode);
}
std::string_view to_string(AgentState state) {
  return name_of(kStates, state);
}
std::optional<Surface> surface_named(std::string_view name) {
  return value_named(kSurfaces, name);
}
std::optional<Field> field_named(std::string_view name) {
  return value_named(kFields, name);
}
std::string to_string(const ControlKey& key) {
  return key.domain + " " + std::string(to_string(key.surface)) + " " + std::string(to_string(key.field));
}

bool Control::has(Field field) const {
  return std::find(fields.begin(), fields.end(), field) != fields.end();
}

}  // namespace headroom::rapl_agent::core
