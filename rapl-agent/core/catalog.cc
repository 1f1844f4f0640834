#include "rapl-agent/core/catalog.h"

#include <algorithm>
#include <map>

namespace headroom::rapl_agent::core {
namespace {

// Of meters whose domain has no ceiling of its own: more than this is no sample.
base::Power plausible(const Domain& domain) {
  return domain.kind == DomainKind::node_meter ? base::watts(20'000) : base::watts(2'000);
}

std::vector<ControlKey> keys_of(const Catalog::ControlRef& control) {
  std::vector<ControlKey> keys;
  for (const Field field : control.surface->control().fields) {
    keys.push_back({control.record->facts.id, control.surface->control().surface, field});
  }
  return keys;
}

}  // namespace

Catalog::Catalog(const AgentSettings& settings, std::vector<Source> sources, const Recovered& recovered)
    : settings_(settings),
      sources_(std::move(sources)),
      originals_certain_(recovered.kind != Recovered::Kind::corrupt) {
  if (recovered.kind != Recovered::Kind::same_boot) return;
  for (const JournalControl& control : recovered.state.controls) journal_[control.key] = control;
}

DomainRecord* Catalog::find(const std::string& id) {
  const auto found =
      std::find_if(records_.begin(), records_.end(), [&](const auto& record) { return record->facts.id == id; });
  return found == records_.end() ? nullptr : found->get();
}

void Catalog::discover(base::MonoTime now) {
  notes_.clear();
  for (const auto& record : records_) {
    for (SurfaceState& surface : record->surfaces) surface.discovery_done();
  }
  for (const Source& source : sources_) {
    if (source.backend != nullptr) list(source, now);
  }
  std::sort(records_.begin(), records_.end(), [](const auto& a, const auto& b) { return a->facts.id < b->facts.id; });
}

void Catalog::list(const Source& source, base::MonoTime now) {
  Inventory inventory = source.backend->discover();
  notes_.insert(notes_.end(), inventory.notes.begin(), inventory.notes.end());
  listing_hangs_[source.name] = inventory.outcome == Outcome::hung;
  if (inventory.outcome != Outcome::ok) {
    // Nor is it known any more what is without power.
    for (const auto& record : records_) record->dark = record->dark && record->source.name != source.name;
    return;
  }
  std::vector<std::string> listed;
  for (Domain& domain : inventory.domains) {
    listed.push_back(domain.id);
    admit(std::move(domain), source, now);
  }
  std::sort(listed.begin(), listed.end());
  for (const auto& record : records_) {
    if (record->source.name != source.name) continue;
    if (std::binary_search(listed.begin(), listed.end(), record->facts.id)) continue;
    record->dark = std::find(inventory.dark.begin(), inventory.dark.end(), record->facts.id) != inventory.dark.end();
    record->meter.rebase();
    for (SurfaceState& surface : record->surfaces) {
      if (!surface.away()) surface.lost("is no longer there");
    }
  }
}

void Catalog::admit(Domain domain, const Source& source, base::MonoTime now) {
  DomainRecord* record = find(domain.id);
  if (record == nullptr) {
    records_.push_back(std::make_unique<DomainRecord>(domain, source, settings_.timing));
    record = records_.back().get();
  }
  update(*record, std::move(domain), now);
}

void Catalog::update(DomainRecord& record, Domain domain, base::MonoTime now) {
  const bool renewed = record.dark || domain.generation != record.facts.generation;
  record.dark = false;
  record.facts = std::move(domain);
  if (renewed) record.meter.rebase();
  std::vector<SurfaceState> known = std::exchange(record.surfaces, {});
  for (const Control& control : record.facts.controls) {
    const auto same = std::find_if(known.begin(), known.end(), [&](const SurfaceState& state) {
      return state.control().surface == control.surface;
    });
    if (same == known.end()) {
      add_surface(record, control, now);
      continue;
    }
    same->set_control(control);
    const bool was_away = same->away();
    if (renewed || was_away) same->returned(now);
    record.surfaces.push_back(std::move(*same));
  }
  for (SurfaceState& surface : record.surfaces) {
    if (!surface.originals.get(Field::long_term_limit) && !surface.ours()) record_originals(record, surface, now);
  }
  set_limits(record);
}

void Catalog::add_surface(DomainRecord& record, const Control& control, base::MonoTime now) {
  SurfaceState& surface = record.surfaces.emplace_back(control);
  surface.originals_certain = originals_certain_;
  recover(record, surface);
  record_originals(record, surface, now);
}

// An announced write may or may not have happened: both ways the value counts as ours, so that it is never taken for an
// original and a release may put it back. What really stands there is read next.
void Catalog::recover(const DomainRecord& record, SurfaceState& surface) {
  for (const Field field : surface.control().fields) {
    const auto found = journal_.find({record.facts.id, surface.control().surface, field});
    if (found == journal_.end()) continue;
    const JournalControl& entry = found->second;
    surface.originals.set(field, entry.original);
    surface.originals_certain = surface.originals_certain && entry.original_certain;
    surface.requested.set(field, entry.pending ? entry.pending : entry.last_written);
    journal_.erase(found);
  }
}

void Catalog::record_originals(DomainRecord& record, SurfaceState& surface, base::MonoTime now) const {
  if (!read(record, surface, now)) return;
  for (const Field field : surface.control().fields) {
    if (field != Field::enforced_limit && !surface.originals.get(field) && !surface.requested.get(field)) {
      surface.originals.set(field, surface.read.get(field));
    }
  }
}

void Catalog::set_limits(DomainRecord& record) const {
  record.limits = limits_of(record.facts, record.original(), settings_);
  record.cappable = record.limits.has_value() && cappable(record.facts, settings_);
  if (record.target || !record.cappable) return;
  for (const SurfaceState& surface : record.surfaces) {
    const auto ours = surface.requested.get(Field::long_term_limit);
    if (!ours) continue;
    const base::Power cap = base::microwatts(static_cast<std::int64_t>(*ours));
    record.target = record.target ? std::max(*record.target, cap) : cap;
  }
}

// Of all these controls in a call for each source, where that is offered.
std::vector<bool> Catalog::read_all(const std::vector<ControlRef>& controls, base::MonoTime now) const {
  std::map<BatchReader*, std::vector<ControlKey>> asked;
  for (const ControlRef& control : controls) {
    if (BatchReader* const batch = control.record->source.batch; batch != nullptr) {
      for (ControlKey& key : keys_of(control)) asked[batch].push_back(std::move(key));
    }
  }
  std::map<BatchReader*, std::vector<Access>> brought;
  for (const auto& [batch, keys] : asked) brought[batch] = batch->read_all(keys);
  std::map<BatchReader*, std::size_t> taken;
  std::vector<bool> complete;
  for (const ControlRef& control : controls) {
    const std::vector<ControlKey> keys = keys_of(control);
    if (BatchReader* const batch = control.record->source.batch; batch != nullptr) {
      const std::size_t first = taken[batch];
      taken[batch] += keys.size();
      complete.push_back(take(
          control, [&](std::size_t field) { return brought[batch][first + field]; }, now));
    } else {
      Backend& backend = *control.record->source.backend;
      complete.push_back(take(
          control, [&](std::size_t field) { return backend.read(keys[field]); }, now));
    }
  }
  return complete;
}

// `answer` gives what the field at that place says; after a hung or gone one the rest is not asked for.
bool Catalog::take(const ControlRef& control, const std::function<Access(std::size_t)>& answer,
                   base::MonoTime now) const {
  SurfaceState& surface = *control.surface;
  const auto& fields = surface.control().fields;
  bool complete = true;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Field field = fields[i];
    const Access access = answer(i);
    if (access.ok()) {
      surface.read.set(field, access.value);
      continue;
    }
    surface.read.set(field, std::nullopt);
    // Windows that cannot be read are common and only tell how long to wait.
    if (field == Field::long_term_window && access.outcome != Outcome::hung) continue;
    surface.failed(access, SurfaceState::Doing::reading, now, settings_.timing);
    complete = false;
    if (access.outcome == Outcome::hung || access.outcome == Outcome::gone) break;
  }
  if (complete) surface.heed_outer_limit(now, settings_.timing);
  return complete;
}

void Catalog::refresh(DomainRecord& record, SurfaceState& surface) const {
  for (const Field field : surface.control().fields) {
    const Access access = record.source.backend->read({record.facts.id, surface.control().surface, field});
    surface.read.set(field, access.ok() ? std::optional(access.value) : std::nullopt);
    if (access.outcome == Outcome::hung) return;
  }
}

void Catalog::sample(base::MonoTime now) {
  for (const Source& source : sources_) {
    if (source.meter != nullptr) sample_source(source, now);
  }
}

void Catalog::sample_source(const Source& source, base::MonoTime now) {
  std::vector<DomainRecord*> metered;
  std::vector<std::string> ids;
  for (const auto& record : records_) {
    const MeterFacts& facts = record->facts.meter;
    if (record->source.meter != source.meter || !(facts.energy || facts.power || facts.temperature)) continue;
    metered.push_back(record.get());
    ids.push_back(record->facts.id);
  }
  std::vector<MeterReading> readings;
  if (source.batch != nullptr) {
    readings = source.batch->sample_all(ids);
  } else {
    for (const std::string& id : ids) readings.push_back(source.meter->sample(id));
  }
  for (std::size_t i = 0; i < metered.size(); ++i) {
    DomainRecord& record = *metered[i];
    const base::Power most = record.limits ? record.limits->uncapped : plausible(record.facts);
    record.meter.take(readings[i], {record.facts.meter.energy_range, most}, now);
  }
}

bool Catalog::hardware() const {
  return std::any_of(records_.begin(), records_.end(), [](const auto& record) { return record->cappable; });
}

bool Catalog::wants_discovery() const {
  return std::any_of(records_.begin(), records_.end(), [](const auto& record) {
    return std::any_of(record->surfaces.begin(), record->surfaces.end(),
                       [](const SurfaceState& surface) { return surface.wants_discovery(); });
  });
}

bool Catalog::misses_some() const {
  return std::any_of(records_.begin(), records_.end(), [](const auto& record) {
    return std::any_of(record->surfaces.begin(), record->surfaces.end(),
                       [](const SurfaceState& surface) { return surface.away(); });
  });
}

std::map<std::string, bool> Catalog::hung() const {
  std::map<std::string, bool> hung = listing_hangs_;
  for (const auto& record : records_) {
    const bool hangs = std::any_of(record->surfaces.begin(), record->surfaces.end(),
                                   [](const SurfaceState& surface) { return surface.health() == Health::hung; });
    hung[record->source.name] = hung[record->source.name] || hangs;
  }
  return hung;
}

std::optional<base::Power> Catalog::node_meter() const {
  std::optional<base::Power> most;
  for (const auto& record : records_) {
    if (record->facts.kind != DomainKind::node_meter || !record->meter.power()) continue;
    most = most ? std::max(*most, *record->meter.power()) : record->meter.power();
  }
  return most;
}

std::optional<base::Power> Catalog::cappable_power() const {
  base::Power sum;
  for (const auto& record : records_) {
    if (!record->cappable || record->dark) continue;
    if (!record->meter.power()) return std::nullopt;
    sum += *record->meter.power();
  }
  return sum;
}

std::vector<JournalControl> Catalog::journal_controls() const {
  std::vector<JournalControl> controls;
  for (const auto& [key, control] : journal_) controls.push_back(control);
  for (const auto& record : records_) {
    for (const SurfaceState& surface : record->surfaces) {
      for (const Field field : surface.control().fields) {
        if (field == Field::enforced_limit) continue;
        controls.push_back({{record->facts.id, surface.control().surface, field},
                            surface.originals.get(field),
                            surface.originals_certain,
                            surface.requested.get(field),
                            surface.pending.get(field)});
      }
    }
  }
  std::sort(controls.begin(), controls.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  return controls;
}

}  // namespace headroom::rapl_agent::core
