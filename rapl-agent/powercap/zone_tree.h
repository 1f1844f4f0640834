// The powercap device tree as it is found, before anybody decides what it means.
//
//   <root>/intel-rapl/                     a control type: has `enabled`, and no `name`
//          intel-rapl/intel-rapl:0/        a zone: `name` says package-0, the number in its directory says nothing
//          intel-rapl/intel-rapl:0/intel-rapl:0:0/   a zone inside it; numbers are hexadecimal
//
// Directories are walked, links never: `device` and `subsystem` of a zone lead up and out of the tree. The number and
// the order of zones mean nothing: with psys on two sockets package-1 is intel-rapl:2.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace headroom::rapl_agent::powercap {

// constraint_N_* files. What N means is said by the name alone: kernels leave out limits that a zone lacks and count
// on.
struct Constraint {
  unsigned index = 0;
  std::string name;  // long_term, short_term, peak_power

  bool operator==(const Constraint&) const = default;
};

struct Zone {
  std::string control_type;  // intel-rapl, intel-rapl-mmio, ...
  std::string path;          // absolute
  std::string name;          // package-0, package-1-die-0, dram, core, uncore, psys, psys-1
  std::string parent;        // the enclosing zone's name; empty at the top
  std::vector<Constraint> constraints;

  // The file of a constraint, e.g. file("long_term", "power_limit_uw"); empty: this zone has no such constraint.
  [[nodiscard]] std::string file(std::string_view constraint, std::string_view suffix) const;
};

enum class TreeState {
  found,       // at least one zone
  absent,      // no such directory: a virtual machine, or the module is not loaded
  empty,       // a directory with nothing in it: masked by a container runtime, or the mount outlived its module
  no_zones,    // control types only: the driver knows nothing of this processor
  unreadable,  // error holds the errno
};

struct ZoneTree {
  TreeState state = TreeState::absent;
  int error = 0;
  std::vector<Zone> zones;         // parents before children; siblings by number, not by text
  std::vector<std::string> notes;  // zones left out, and why
};

// Reads every zone below `root`, which is .../devices/virtual/powercap or a mount of it. A zone whose name cannot be
// read is left out with a note: what has no name cannot be told from its neighbours. Blocks as the driver does.
[[nodiscard]] ZoneTree read_zone_tree(const std::string& root);

}  // namespace headroom::rapl_agent::powercap
