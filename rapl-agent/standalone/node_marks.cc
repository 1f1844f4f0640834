#include "rapl-agent/standalone/node_marks.h"

#include <algorithm>
#include <charconv>

namespace headroom::rapl_agent::standalone {
namespace {

using core::Field;

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string_view next_word(std::string_view& text, char separator) {
  const auto end = text.find(separator);
  const auto word = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return word;
}

int constraint_of(Field field) {
  return field == Field::short_term_limit ? 1 : 0;
}
bool is_limit(Field field) {
  return field == Field::long_term_limit || field == Field::short_term_limit;
}

enum class Era { dashes, underscores };
std::string limit_label(std::string_view prefix, int package, Field field, Era era) {
  const std::string number = std::to_string(constraint_of(field));
  const std::string key = std::string(prefix) + std::to_string(package) + "/constraint";
  return era == Era::dashes ? key + "-" + number + "-power-limit-uw" : key + "_" + number + "_power_limit_uw";
}

std::vector<const core::DomainReport*> packages_of(const core::AgentReport& report) {
  std::vector<const core::DomainReport*> packages;
  for (const auto& domain : report.domains) {
    if (domain.kind == core::DomainKind::cpu_package && domain.cappable) packages.push_back(&domain);
  }
  return packages;
}

// The controls of the domain's first surface: labels know one limit of each kind.
std::vector<const core::ControlReport*> limits_in(const core::DomainReport& domain) {
  std::vector<const core::ControlReport*> limits;
  for (const auto& control : domain.controls) {
    if (is_limit(control.key.field) && control.key.surface == domain.controls.front().key.surface)
      limits.push_back(&control);
  }
  return limits;
}

void mark_limits(NodeMarks& marks, const core::DomainReport& domain, int package) {
  for (const auto* control : limits_in(domain)) {
    for (const auto era : {Era::dashes, Era::underscores}) {
      if (control->read_back)
        marks.labels[limit_label("rapl", package, control->key.field, era)] = std::to_string(*control->read_back);
      if (control->original)
        marks.labels[limit_label("crapl", package, control->key.field, era)] = std::to_string(*control->original);
    }
  }
}

// In force over all packages, or in the largest of them. What is not known to be capped counts at what it may draw.
base::Power in_force(CapScope scope, const std::vector<const core::DomainReport*>& packages) {
  base::Power total;
  for (const auto* package : packages)
    total = scope == CapScope::domain ? std::max(total, package->charged) : total + package->charged;
  return total;
}

std::optional<std::uint64_t> labelled(const NodeMarks& marks, std::string_view key) {
  if (const auto label = marks.labels.find(key); label != marks.labels.end()) return number_in(label->second);
  if (const auto note = marks.annotations.find(key); note != marks.annotations.end()) return number_in(note->second);
  return std::nullopt;
}

bool nearly(std::uint64_t a, std::uint64_t b) {
  const auto apart = a > b ? a - b : b - a;
  return apart <= 250'000 + b / 200;
}

// What stood there before powercap came, where that shows.
std::optional<std::uint64_t> powercaps_original(const NodeMarks& marks, const StandingLimit& standing) {
  bool has_original = false;
  for (const auto era : {Era::underscores, Era::dashes}) {
    const auto original = labelled(marks, limit_label("crapl", standing.package, standing.key.field, era));
    has_original = has_original || original;
    if (original && *original > standing.value) return original;
  }
  if (has_original) return std::nullopt;
  const auto cap = labelled(marks, "rapl/pmax");
  const auto maximum = labelled(marks, "rapl/max_power_uw");
  if (!cap || !maximum || !nearly(standing.value, *cap)) return std::nullopt;
  auto original = *maximum;
  if (standing.max_hint && standing.max_hint->count() > 0)
    original = std::min(original, static_cast<std::uint64_t>(standing.max_hint->count()));
  return original > standing.value ? std::optional(original) : std::nullopt;
}

// What stands below an original of this boot is taken for our own work: otherwise it would be left alone for ever.
void claim_standing(std::vector<core::JournalControl>& controls, const std::vector<StandingLimit>& standing) {
  for (auto& control : controls) {
    const auto found = std::find_if(standing.begin(), standing.end(),
                                    [&](const StandingLimit& limit) { return limit.key == control.key; });
    if (found != standing.end() && found->value < *control.original) control.last_written = found->value;
  }
}

}  // namespace

Hardware hardware_of(const core::AgentReport& report) {
  Hardware hardware;
  for (const auto* package : packages_of(report)) {
    if (package->ceiling) hardware.maxima.push_back(*package->ceiling);
    for (const auto* limit : limits_in(*package)) {
      if (limit->original && *limit->original <= INT64_MAX)
        hardware.originals.push_back(base::microwatts(static_cast<std::int64_t>(*limit->original)));
    }
  }
  return hardware;
}

NodeMarks marks_of(const core::AgentReport& report, const MarkInput& input) {
  NodeMarks marks;
  const auto packages = packages_of(report);
  if (packages.empty()) return marks;
  for (std::size_t package = 0; package < packages.size(); ++package)
    mark_limits(marks, *packages[package], static_cast<int>(package));
  const auto publish = [&](const std::string& key, base::Power power) {
    marks.labels[key] = marks.annotations[key] = std::to_string(power.count());
  };
  publish("rapl/pmax", in_force(input.scope, packages));
  if (const auto maximum = maximum_of(input.scope, hardware_of(report))) publish("rapl/max_power_uw", *maximum);
  marks.annotations[std::string(kInitializedAnnotation)] = "kcas-power-manager";
  marks.annotations["rapl/provider"] = input.provider;
  if (!input.period.empty()) marks.annotations["rapl/market-period"] = input.period;
  if (input.market.volume) marks.annotations["rapl/market-volume"] = *input.market.volume;
  if (input.market.price) marks.annotations["rapl/market-price"] = *input.market.price;
  return marks;
}

// "v1 <boot id>; rapl/package-0 msr long_term_limit 125000000; ..."
std::string originals_text(const NotedOriginals& originals) {
  std::string text = "v1 " + originals.boot_id;
  for (const auto& control : originals.controls) {
    if (!control.original || !control.original_certain) continue;
    text += "; " + core::to_string(control.key) + " " + std::to_string(*control.original);
  }
  return text;
}

std::optional<NotedOriginals> originals_in(const NodeMarks& marks) {
  const auto found = marks.annotations.find(kOriginalsAnnotation);
  if (found == marks.annotations.end()) return std::nullopt;
  std::string_view rest = found->second;
  if (!rest.starts_with("v1 ")) return std::nullopt;
  rest.remove_prefix(3);
  NotedOriginals noted;
  noted.boot_id = next_word(rest, ';');
  while (!rest.empty()) {
    std::string_view entry = next_word(rest, ';');
    while (entry.starts_with(' ')) entry.remove_prefix(1);
    core::JournalControl control;
    control.key.domain = next_word(entry, ' ');
    const auto surface = core::surface_named(next_word(entry, ' '));
    const auto field = core::field_named(next_word(entry, ' '));
    control.original = number_in(entry);
    if (!surface || !field || !control.original) return std::nullopt;
    control.key.surface = *surface;
    control.key.field = *field;
    noted.controls.push_back(std::move(control));
  }
  std::sort(noted.controls.begin(), noted.controls.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  return noted;
}

core::Recovered recover(RecoverInput input) {
  using Kind = core::Recovered::Kind;
  auto recovered = std::move(input.journal);
  if (recovered.kind == Kind::same_boot || recovered.kind == Kind::locked) return recovered;
  recovered.state.boot_id = input.boot_id;
  std::vector<core::JournalControl> controls;
  const auto noted = originals_in(input.marks);
  if (noted && noted->boot_id == input.boot_id) {
    controls = noted->controls;
    claim_standing(controls, input.standing);
    recovered.notes.emplace_back("originals are those of the node's annotation: there is no journal of this boot");
  } else if (!noted) {
    for (const auto& standing : input.standing) {
      const auto original = powercaps_original(input.marks, standing);
      if (!original) continue;
      controls.push_back({.key = standing.key,
                          .original = original,
                          .original_certain = true,
                          .last_written = standing.value,
                          .pending = {}});
      recovered.notes.push_back(core::to_string(standing.key) +
                                " was capped by powercap: its original is taken to be " + std::to_string(*original) +
                                " uW");
    }
    std::sort(controls.begin(), controls.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  }
  if (controls.empty()) return recovered;
  recovered.kind = Kind::same_boot;
  recovered.state.controls = std::move(controls);
  return recovered;
}

}  // namespace headroom::rapl_agent::standalone
