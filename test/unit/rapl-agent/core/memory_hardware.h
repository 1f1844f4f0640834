// Hardware of one node in memory: registers and meters that tests fill, with faults by key. Data, no logic beyond
// holding what was written, rounded down to a unit as registers do.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "rapl-agent/core/backend.h"

namespace headroom::rapl_agent::core::test {

struct Write {
  ControlKey key;
  std::uint64_t value = 0;

  bool operator==(const Write&) const = default;
};

class MemoryHardware final : public Backend, public Meter {
 public:
  struct Register {
    std::uint64_t value = 0;
    std::uint64_t unit = 1;           // values are rounded down to a multiple of it
    std::uint64_t least = 0;          // firmware's: less is silently raised to it
    std::uint64_t most = UINT64_MAX;  // more is silently lowered to it
    bool ignores_writes = false;      // success, and nothing changes
    Outcome on_read = Outcome::ok;
    Outcome on_write = Outcome::ok;
    int failures_left = -1;  // of on_write: -1 for ever
  };

  std::vector<Domain> domains;
  std::vector<std::string> dark;
  std::vector<std::string> notes;
  Outcome on_discover = Outcome::ok;
  std::map<ControlKey, Register> registers;
  std::map<std::string, MeterReading> meters;
  std::vector<Write> writes;  // those that reached the hardware, whatever became of them
  std::uint64_t reads = 0;
  std::uint64_t outer_limit = UINT64_MAX;         // a BMC's, for every GPU
  std::function<void(const Write&)> after_write;  // sees every write once it is done

  [[nodiscard]] Inventory discover() override {
    if (on_discover != Outcome::ok) return {on_discover, {}, notes, {}};
    return {Outcome::ok, domains, notes, dark};
  }

  [[nodiscard]] Access read(const ControlKey& key) override {
    ++reads;
    const auto found = registers.find(key);
    if (found == registers.end()) return {Outcome::unknown_key, 0, 0, {}};
    if (found->second.on_read != Outcome::ok) return {found->second.on_read, 0, 0, {}};
    return {Outcome::ok, found->second.value, 0, {}};
  }

  [[nodiscard]] Access write(const ControlKey& key, std::uint64_t value) override {
    const auto found = registers.find(key);
    if (found == registers.end()) return {Outcome::unknown_key, 0, 0, {}};
    writes.push_back({key, value});
    Register& cell = found->second;
    const bool fails = cell.on_write != Outcome::ok && cell.failures_left != 0;
    if (fails) {
      if (cell.failures_left > 0) --cell.failures_left;
      return {cell.on_write, 0, 0, {}};
    }
    if (!cell.ignores_writes) cell.value = std::clamp(value - value % cell.unit, cell.least, cell.most);
    // What acts on a GPU is the lower of what was asked for and what a BMC says.
    const auto acting = registers.find({key.domain, key.surface, Field::enforced_limit});
    if (key.field == Field::long_term_limit && acting != registers.end()) {
      acting->second.value = std::min(cell.value, outer_limit);
    }
    if (after_write) after_write(writes.back());
    return {Outcome::ok, value, 0, {}};
  }

  [[nodiscard]] MeterReading sample(const std::string& domain) override {
    const auto found = meters.find(domain);
    return found == meters.end() ? MeterReading{Outcome::gone, 0, {}, {}, {}} : found->second;
  }

  // --- building
  Register& at(const std::string& domain, Field field, Surface surface = Surface::msr) {
    return registers[{domain, surface, field}];
  }
  [[nodiscard]] base::Power limit(const std::string& domain, Surface surface = Surface::msr) {
    return base::microwatts(static_cast<std::int64_t>(at(domain, Field::long_term_limit, surface).value));
  }
  // A package with PL1, PL2, window and enable bit, at its originals.
  void add_package(int number, base::Power pl1 = base::watts(125), base::Power pl2 = base::watts(150)) {
    const std::string id = "rapl/package-" + std::to_string(number);
    Domain domain;
    domain.id = id;
    domain.group = "package-" + std::to_string(number);
    domain.meter = {false, true, false, {}};
    Control control;
    control.fields = {Field::long_term_limit, Field::short_term_limit, Field::long_term_window, Field::enabled};
    control.max_hint = pl1;
    domain.controls = {control};
    domains.push_back(domain);
    at(id, Field::long_term_limit) = {static_cast<std::uint64_t>(pl1.count()), 125'000};
    at(id, Field::short_term_limit) = {static_cast<std::uint64_t>(pl2.count()), 125'000};
    at(id, Field::long_term_window) = {999'424, 1};
    at(id, Field::enabled) = {1, 1};
    draw(id, base::watts(60));
  }
  void add_gpu(const std::string& uuid, base::Power most = base::watts(700), base::Power least = base::watts(200)) {
    Domain domain;
    domain.id = "gpu/" + uuid;
    domain.kind = DomainKind::gpu;
    domain.meter = {false, true, true, {}};
    Control control;
    control.surface = Surface::nvml;
    control.fields = {Field::long_term_limit, Field::enforced_limit};
    control.max_hint = most;
    control.min_hint = least;
    control.tolerance = base::watts(1);
    domain.controls = {control};
    domains.push_back(domain);
    at(domain.id, Field::long_term_limit, Surface::nvml) = {static_cast<std::uint64_t>(most.count()), 1'000};
    at(domain.id, Field::enforced_limit, Surface::nvml) = {static_cast<std::uint64_t>(most.count()), 1'000};
    draw(domain.id, base::watts(300));
  }
  void draw(const std::string& domain, base::Power power) { meters[domain] = {Outcome::ok, 0, {}, power, {}}; }
  [[nodiscard]] Source source(std::string name = "memory") { return {std::move(name), this, this}; }
};

}  // namespace headroom::rapl_agent::core::test
