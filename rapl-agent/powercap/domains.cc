#include "rapl-agent/powercap/domains.h"

#include <charconv>
#include <iterator>
#include <system_error>
#include <utility>

#include "rapl-agent/sysfs/files.h"

namespace headroom::rapl_agent::powercap {
namespace {

using core::Control;
using core::Domain;
using core::DomainKind;
using core::Field;
using core::Surface;

constexpr std::string_view kMsr = "intel-rapl";
constexpr std::string_view kMmio = "intel-rapl-mmio";

// Takes digits off the front of `text`.
std::optional<unsigned> take_number(std::string_view& text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

std::string group_of(std::string_view package_name) {
  const auto parsed = parse_package(package_name);
  return parsed ? "package-" + std::to_string(parsed->package) : std::string();
}

// Nothing for zones that no domain is made of.
std::optional<Domain> domain_of(const Zone& zone) {
  Domain domain;
  if (parse_package(zone.name)) {
    domain.id = "rapl/" + zone.name;
    domain.kind = DomainKind::cpu_package;
    domain.group = group_of(zone.name);
  } else if (zone.name.starts_with("psys") && zone.parent.empty()) {
    domain.id = "rapl/" + zone.name;
    domain.kind = DomainKind::node_meter;
  } else if (!zone.parent.empty()) {
    domain.id = "rapl/" + zone.parent + "/" + zone.name;
    domain.kind = zone.name == "dram" ? DomainKind::dram : DomainKind::part_meter;
    domain.group = group_of(zone.parent);
  } else {
    return std::nullopt;
  }
  domain.label = domain.id.substr(5);
  return domain;
}

// A maximum of 0 or none at all says nothing; it is a hint and no promise in any case.
std::optional<base::Power> max_hint(const Zone& zone) {
  const sysfs::FileNumber read = sysfs::read_number(zone.file("long_term", "max_power_uw"));
  if (read.error != 0 || read.value == 0 || read.value > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
  return base::microwatts(static_cast<std::int64_t>(read.value));
}

class Builder {
 public:
  Builder(const RaplOptions& options, RaplDomains& out) : options_(options), out_(out) {}

  void add(const Zone& zone, Surface surface) {
    auto fresh = domain_of(zone);
    if (!fresh) {
      out_.notes.push_back(zone.path + ": " + zone.name + " is not a zone that the agent knows; left alone");
      return;
    }
    Domain& domain = out_.domains.try_emplace(fresh->id, *fresh).first->second;
    add_meter(zone, domain);
    if (domain.kind == DomainKind::cpu_package || domain.kind == DomainKind::dram) add_control(zone, surface, domain);
  }

 private:
  // The first surface that has a counter gives it: MSR and MMIO show the same one.
  void add_meter(const Zone& zone, Domain& domain) {
    DomainFiles& files = out_.files[domain.id];
    if (files.energy.empty() && sysfs::exists(zone.path + "/energy_uj")) {
      files.energy = zone.path + "/energy_uj";
      domain.meter.energy = true;
      const sysfs::FileNumber range = sysfs::read_number(zone.path + "/max_energy_range_uj");
      if (range.error == 0 && range.value > 0 && range.value <= static_cast<std::uint64_t>(INT64_MAX)) {
        domain.meter.energy_range = base::microjoules(static_cast<std::int64_t>(range.value));
      }
    }
    if (files.power.empty() && sysfs::exists(zone.path + "/power_uw")) {
      files.power = zone.path + "/power_uw";
      domain.meter.power = true;
    }
  }

  void add_control(const Zone& zone, Surface surface, Domain& domain) {
    const std::string limit = zone.file("long_term", "power_limit_uw");
    if (limit.empty() || !sysfs::exists(limit)) return;
    if (!wanted(surface)) {
      domain.notes.push_back(std::string(to_string(surface)) + " is left alone by configuration; its limit acts too");
      return;
    }
    Control control;
    control.surface = surface;
    control.max_hint = max_hint(zone);
    if (domain.kind == DomainKind::dram && !dram_can_be_capped(limit, control, domain)) return;
    add_fields(zone, control, domain.id);
    domain.controls.push_back(std::move(control));
  }

  [[nodiscard]] bool wanted(Surface surface) const {
    if (options_.surfaces == Surfaces::msr_only) return surface == Surface::msr;
    if (options_.surfaces == Surfaces::mmio_only) return surface == Surface::mmio;
    return true;
  }

  // A DRAM limit of 0 without a maximum is a register that nobody set up: writing there does nothing good.
  [[nodiscard]] bool dram_can_be_capped(const std::string& limit, const Control& control, Domain& domain) const {
    if (options_.dram == DramLimits::leave_alone) {
      domain.notes.emplace_back("its limit is left alone by configuration");
      return false;
    }
    const sysfs::FileNumber now = sysfs::read_number(limit);
    if (now.error == 0 && now.value == 0 && !control.max_hint) {
      domain.notes.emplace_back("its limit is 0 and no maximum is known: not set up by firmware, left alone");
      return false;
    }
    return true;
  }

  void add_fields(const Zone& zone, Control& control, const std::string& id) {
    auto& files = out_.files[id].controls;
    const auto put = [&](Field field, std::string path) {
      if (path.empty() || !sysfs::exists(path)) return;
      control.fields.push_back(field);
      files.emplace(core::ControlKey{id, control.surface, field}, std::move(path));
    };
    put(Field::long_term_limit, zone.file("long_term", "power_limit_uw"));
    put(Field::short_term_limit, zone.file("short_term", "power_limit_uw"));
    const std::string window = zone.file("long_term", "time_window_us");
    if (sysfs::read_number(window).error == 0) put(Field::long_term_window, window);
    put(Field::enabled, zone.path + "/enabled");
  }

  const RaplOptions& options_;
  RaplDomains& out_;
};

bool same_counter(const std::string& first, const std::string& second) {
  const sysfs::FileNumber before = sysfs::read_number(first);
  const sysfs::FileNumber between = sysfs::read_number(second);
  const sysfs::FileNumber after = sysfs::read_number(first);
  if (before.error != 0 || between.error != 0 || after.error != 0) return false;
  return before.value > 0 && before.value <= between.value && between.value <= after.value;
}

// Old kernels show one counter of an AMD package as that of each of its dies. Two counters of their own never stand
// within microjoules of each other; one read between two reads of the other is the same.
void drop_mirrors(RaplDomains& out) {
  for (auto first = out.domains.begin(); first != out.domains.end(); ++first) {
    if (first->second.kind != DomainKind::cpu_package || !first->second.meter.energy) continue;
    if (!first->second.controls.empty()) continue;  // dies with limits have counters of their own
    for (auto second = std::next(first); second != out.domains.end(); ++second) {
      Domain& mirror = second->second;
      if (mirror.kind != DomainKind::cpu_package || mirror.group != first->second.group || !mirror.meter.energy)
        continue;
      if (mirror.meter.energy_range != first->second.meter.energy_range) continue;
      if (!same_counter(out.files[first->first].energy, out.files[second->first].energy)) continue;
      mirror.meter.energy = false;
      out.files[second->first].energy.clear();
      mirror.notes.push_back("its counter is that of " + first->first + ", where it is counted");
    }
  }
}

}  // namespace

std::optional<PackageName> parse_package(std::string_view text) {
  if (!take(text, "package-")) return std::nullopt;
  const auto package = take_number(text);
  if (!package) return std::nullopt;
  if (text.empty()) return PackageName{*package, std::nullopt};
  if (!take(text, "-die-")) return std::nullopt;
  const auto die = take_number(text);
  if (!die || !text.empty()) return std::nullopt;
  return PackageName{*package, *die};
}

RaplDomains domains_of(const ZoneTree& tree, const RaplOptions& options) {
  RaplDomains out;
  out.notes = tree.notes;
  Builder builder(options, out);
  // MSR first, so that a package that both show is metered by it.
  for (const auto& [type, surface] : {std::pair(kMsr, Surface::msr), std::pair(kMmio, Surface::mmio)}) {
    for (const Zone& zone : tree.zones) {
      if (zone.control_type == type) builder.add(zone, surface);
    }
  }
  drop_mirrors(out);
  for (auto& [id, domain] : out.domains) {
    const bool silent = domain.controls.empty() && domain.notes.empty();
    if (silent && domain.kind == DomainKind::cpu_package) {
      domain.notes.emplace_back("counts energy and has no limit, as AMD's and Hygon's zones do");
    }
  }
  for (const Zone& zone : tree.zones) {
    if (zone.control_type != kMsr && zone.control_type != kMmio && zone.parent.empty()) {
      out.notes.push_back(zone.path + ": control type " + zone.control_type + " is not driven by this agent");
    }
  }
  return out;
}

}  // namespace headroom::rapl_agent::powercap
