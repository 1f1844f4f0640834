// What the zones of a tree mean: which are one piece of silicon, which can be capped, which only count.
//
// Reads the limits' attributes once, to leave out what does not answer. No state.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rapl-agent/core/domain.h"
#include "rapl-agent/powercap/rapl_backend.h"
#include "rapl-agent/powercap/zone_tree.h"

namespace headroom::rapl_agent::powercap {

// Where a domain's values lie.
struct DomainFiles {
  std::map<core::ControlKey, std::string> controls;
  std::string energy;  // empty: no counter
  std::string power;   // empty: no power_uw

  // Nothing: there is no such control.
  [[nodiscard]] const std::string* control(const core::ControlKey& key) const {
    const auto found = controls.find(key);
    return found == controls.end() ? nullptr : &found->second;
  }
  bool operator==(const DomainFiles&) const = default;
};

struct RaplDomains {
  std::map<std::string, core::Domain> domains;  // by id
  std::map<std::string, DomainFiles> files;     // by id
  std::vector<std::string> notes;
};

[[nodiscard]] RaplDomains domains_of(const ZoneTree& tree, const RaplOptions& options);

// "package-1-die-0" is die 0 of package 1; nothing where the name is none of a package.
struct PackageName {
  unsigned package = 0;
  std::optional<unsigned> die;

  bool operator==(const PackageName&) const = default;
};
[[nodiscard]] std::optional<PackageName> parse_package(std::string_view zone_name);

}  // namespace headroom::rapl_agent::powercap
