// One domain as the agent holds it: facts, memory of each control, meter, and the cap it should have. Not thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rapl-agent/core/backend.h"
#include "rapl-agent/core/domain_meter.h"
#include "rapl-agent/core/limits.h"
#include "rapl-agent/core/settling.h"
#include "rapl-agent/core/surface_state.h"

namespace headroom::rapl_agent::core {

struct DomainRecord {
  DomainRecord(Domain domain, Source from, const Timing& timing)
      : facts(std::move(domain)), source(std::move(from)), meter(timing) {}

  Domain facts;
  Source source;
  std::vector<SurfaceState> surfaces;  // one for each of facts.controls, in order
  DomainMeter meter;
  bool cappable = false;               // limits are known and a budget may act
  std::optional<DomainLimits> limits;  // set when cappable
  bool dark = false;                   // the backend says that it is without power: counts nothing
  std::optional<base::Power> target;   // the cap it should have; nothing: its original
  std::optional<base::MonoTime> raised_at;
  SettlingCharge settling;
  std::uint64_t writes_ok = 0;
  std::uint64_t writes_failed = 0;
  base::Microseconds over_cap{};
  Health told = Health::ok;  // the health that the last notice was about

  [[nodiscard]] SurfaceState* surface(Surface which);
  // OK when at least one control works: the lowest limit acts.
  [[nodiscard]] Health health() const;
  [[nodiscard]] std::string detail() const;
  [[nodiscard]] bool reliable() const;
  // The lowest limit in force over the controls that work; nothing: none is known.
  [[nodiscard]] std::optional<base::Power> enforced() const;
  // What its limit lets it draw now; `uncapped` where that is not known or it is not OK; 0 when dark. REQUIRES:
  // cappable.
  [[nodiscard]] base::Power worst() const;
  // The limits' floor, or the firmware's own where that has shown itself. REQUIRES: cappable.
  [[nodiscard]] base::Power floor() const;
  [[nodiscard]] std::optional<base::Power> original() const;
  [[nodiscard]] base::Microseconds window(const Timing& timing) const;
  [[nodiscard]] bool is_gpu() const { return facts.kind == DomainKind::gpu || facts.kind == DomainKind::module; }
};

}  // namespace headroom::rapl_agent::core
