// What can be metered and capped on this node, as values that every backend fills and the deciding code reads.
//
// A Domain is one piece of silicon that draws power: a CPU package (or one die of it), a package's DRAM, a physical
// GPU, a GPU+CPU module; or a meter of the whole node. It is known by a name that stays when the kernel numbers its
// files anew:
//   "rapl/package-0"  "rapl/package-1/dram"  "rapl/package-0-die-1"  "rapl/psys"
//   "gpu/GPU-7a0c..." (NVML UUID)   "hwmon/amdgpu/0000:03:00.0" (PCI address)   "hwmon/amd_hsmp/socket0"
//   "cpufreq/policy0"   "node/dcmi"
// One Domain may be reachable by several surfaces (package-0 by MSR and by MMIO): one domain, a Control for each; the
// lowest of their limits is what acts, so all of them are written. Plain values, safe to read from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "model/node_power_cap.h"
#include "rapl-agent/core/control.h"

namespace headroom::rapl_agent::core {

enum class DomainKind {
  cpu_package,  // a package, or one die of a package with several
  dram,         // not part of its package's limit; capped only when configured
  gpu,          // a physical GPU, whatever MIG makes of it
  module,       // GPU and CPU behind one limit (GH200, GB200)
  node_meter,   // psys, ACPI power meter, DCMI: contains the others, so never added to them, never written
  part_meter,   // core, uncore: inside a package; never written, never added
  frequency,    // not watts: cpufreq and locked clocks; journalled and restored, driven only when an algorithm asks
};
[[nodiscard]] std::string_view to_string(DomainKind kind);

// One way to a domain's limit. Hints are what the interface says at discovery, each absent when it does not say or says
// nonsense (0, ENODATA): they are information, nothing enforces them.
struct Control {
  Surface surface = Surface::msr;
  std::vector<Field> fields;  // those that exist here; a control without a limit field is not one
  // The largest and smallest limit that make sense here: max_power_uw, cap_max, NVML constraints. RAPL has no smallest.
  std::optional<base::Power> max_hint;
  std::optional<base::Power> min_hint;
  // How far a read-back may be from what was written beyond the half percent that holds for all: the interface's unit.
  base::Power tolerance = base::microwatts(250'000);

  [[nodiscard]] bool has(Field field) const;
  bool operator==(const Control&) const = default;
};

struct MeterFacts {
  bool energy = false;                       // sample() gives an energy counter
  bool power = false;                        // sample() gives watts
  bool temperature = false;                  // sample() gives a temperature: shown, never acted on
  std::optional<base::Energy> energy_range;  // where the counter wraps
  // Meters of one counter shown twice (AMD's package-0-die-0 and -die-1 on old kernels) are found by their deltas, and
  // only where this says that both could be one: same kind, same package.
  bool operator==(const MeterFacts&) const = default;
};

struct Domain {
  std::string id;
  DomainKind kind = DomainKind::cpu_package;
  // What shares an explicit per-package cap: "package-0" for each die of package 0. Empty: the domain alone.
  std::string group;
  std::vector<Control> controls;  // empty: metered only
  MeterFacts meter;
  // Changes when what is behind the id was lost and came back (driver reload, GPU re-attach): what was written is gone.
  std::uint64_t generation = 0;
  std::string label;               // for people: "NVIDIA H100 80GB at 0000:17:00.0"
  std::vector<std::string> notes;  // for people: why it is metered only, what is odd about it

  bool operator==(const Domain&) const = default;
};

// ok; readonly: locked by firmware, or we lack the right, the limit stands as it is; unsupported: the interface cannot
// do it; contested: somebody else keeps raising it; hung: a call has not returned; lost: unplugged, driver unloaded;
// mismatch: the write succeeded and the read-back says otherwise.
using Health = model::DomainHealth;
[[nodiscard]] std::string_view to_string(Health health);  // "OK", "READONLY", ... as status and metrics show it

}  // namespace headroom::rapl_agent::core
