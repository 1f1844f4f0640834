// Random faults in random order on random nodes. After every tick, seen from the hardware itself:
//   - either all domains together may draw no more than the budget leaves (a domain that is not OK counts at its
//   ceiling),
//     or the agent says "infeasible", and says it only when floors and what cannot be changed need more than there is;
//   - no limit was ever 0 or above the original.
#include <gtest/gtest.h>

#include <random>
#include <sstream>

#include "test/unit/rapl-agent/core/agent_world.h"

namespace headroom::rapl_agent::core::test {
namespace {

using base::Power;

// g++ tells of a sanitizer by a macro, clang by a feature.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HEADROOM_SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(HEADROOM_SANITIZED)
constexpr int kSequencesPerShard = 500;
#else
constexpr int kSequencesPerShard = 10'000;
#endif
constexpr int kSteps = 8;

class RandomNode {
 public:
  explicit RandomNode(std::uint64_t seed) : random_(seed) {
    // Verified at every tick, so that what others do between ticks is known at the end of the next.
    world_.settings.timing.verify = Milliseconds(1'000);
    world_.settings.measure_reserve = one_in(2);
    const int packages = between(1, 3);
    for (int i = 0; i < packages; ++i)
      world_.hardware.add_package(i, watts(between(80, 250)), watts(between(250, 300)));
    const int gpus = between(0, 2);
    for (int i = 0; i < gpus; ++i) world_.hardware.add_gpu("G" + std::to_string(i), watts(between(300, 700)));
    if (one_in(3)) add_mmio();
    for (const auto& [key, cell] : world_.hardware.registers) originals_[key] = cell.value;
    all_domains_ = world_.hardware.domains;
    world_.hardware.after_write = [this](const Write& write) { look_at(write); };
    world_.start();
    world_.tick();
    give_order();
  }

  void step() {
    const int faults = between(0, 3);
    for (int i = 0; i < faults; ++i) inject();
    if (one_in(3)) give_order();
    if (!one_in(4)) world_.beat();
    world_.now += Seconds(one_in(20) ? between(60, 4'000) : between(1, 6));
    follow_enforced();
    world_.tick();
  }

  // Nothing: all is well.
  [[nodiscard]] std::string problem() {
    if (!bad_write_.empty()) return bad_write_;
    const AgentReport& report = world_.report();
    if (!report.budget || report.state == AgentState::releasing) return {};
    const Power available = *report.budget - report.reserve;
    Power allowed;
    Power least;
    Power slack;
    for (const DomainReport& domain : report.domains) {
      if (!domain.cappable) continue;
      const Power real = domain.health == Health::ok ? std::min(real_limit(domain), *domain.ceiling) : *domain.ceiling;
      // Without power, and known to be: it draws nothing.
      const bool gone = is_dark(domain.id) && domain.charged == Power{};
      allowed += gone ? Power{} : real;
      const bool changeable = domain.health == Health::ok && domain.detail.empty();
      // What the agent can know of one that is being tried again; a surface beside it may still be lowered.
      const bool known = domain.health == Health::ok && domain.enforced;
      const Power stays = known ? std::min(*domain.enforced, *domain.ceiling) : *domain.ceiling;
      least += gone ? Power{} : (changeable ? *domain.floor : std::max(*domain.floor, stays));
      slack += watts(2) + base::scaled_up(*domain.ceiling, base::percent(1));
    }
    if (!report.infeasible && allowed > available + slack) return say("over the budget", available, allowed);
    if (report.infeasible && least + slack < available) return say("called infeasible", available, least);
    return {};
  }

 private:
  int between(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  bool one_in(int n) { return between(1, n) == 1; }

  void add_mmio() {
    Domain& domain = world_.hardware.domains.front();
    Control control = domain.controls.front();
    control.surface = Surface::mmio;
    for (const Field field : control.fields) {
      world_.hardware.at(domain.id, field, Surface::mmio) = world_.hardware.at(domain.id, field);
    }
    domain.controls.push_back(control);
  }

  void give_order() {
    CapOrder order = order_of(++sequence_, watts(between(100, 1'600)));
    order.spec.reserve = watts(between(0, 120));
    if (one_in(2)) order.spec.fallback = watts(between(100, 900));
    if (one_in(10)) order.spec.hard_limit = watts(between(200, 900));
    if (one_in(20)) order.spec.release = true;
    world_.give(order);
  }

  MemoryHardware::Register& any_register() {
    auto cell = world_.hardware.registers.begin();
    std::advance(cell, between(0, static_cast<int>(world_.hardware.registers.size()) - 1));
    return cell->second;
  }

  void inject() {
    MemoryHardware& hardware = world_.hardware;
    static constexpr Outcome kTrouble[] = {Outcome::locked,      Outcome::no_permission, Outcome::transient,
                                           Outcome::busy,        Outcome::invalid,       Outcome::hung,
                                           Outcome::garbage,     Outcome::gone,          Outcome::lost,
                                           Outcome::unsupported, Outcome::library_broken};
    const Outcome trouble = kTrouble[between(0, static_cast<int>(std::size(kTrouble)) - 1)];
    MemoryHardware::Register& cell = any_register();
    switch (between(0, 12)) {
      case 0:
        cell.on_write = trouble;
        cell.failures_left = between(1, 4);
        break;
      case 1:
        cell.on_write = trouble;
        cell.failures_left = -1;
        break;
      case 2: cell.on_read = trouble; break;
      case 3: cell.ignores_writes = true; break;
      case 4: raise_register(); break;
      case 5: lower_register(); break;
      case 6:
      case 7: clamp_package(); break;
      case 8: disable_package(); break;
      case 9: unplug(); break;
      case 10: hardware.on_discover = one_in(2) ? Outcome::hung : Outcome::ok; break;
      case 11: world_.restart(); break;
      default: heal(); break;
    }
    for (auto& [key, known] : hardware.registers) {
      if (!originals_.contains(key)) originals_[key] = known.value;
    }
  }

  MemoryHardware::Register* limit_register() {
    std::vector<ControlKey> limits;
    for (const auto& [key, cell] : world_.hardware.registers) {
      if (key.field == Field::long_term_limit) limits.push_back(key);
    }
    if (limits.empty()) return nullptr;
    return &world_.hardware
                .registers[limits[static_cast<std::size_t>(between(0, static_cast<int>(limits.size()) - 1))]];
  }
  void raise_register() {
    if (auto* cell = limit_register()) cell->value += 1'000'000u * static_cast<unsigned>(between(1, 200));
  }
  void lower_register() {
    if (auto* cell = limit_register()) cell->value -= cell->value / static_cast<unsigned>(between(2, 9));
  }
  void clamp_package() {
    if (auto* cell = limit_register()) cell->least = 1'000'000u * static_cast<unsigned>(between(20, 80));
  }
  void disable_package() {
    for (auto& [key, cell] : world_.hardware.registers) {
      if (key.field == Field::enabled && one_in(2)) cell.value = 0;
    }
  }
  void unplug() {
    MemoryHardware& hardware = world_.hardware;
    hardware.dark.clear();
    if (hardware.domains.size() < all_domains_.size()) {
      hardware.domains = all_domains_;
      return;
    }
    const std::string id = hardware.domains.back().id;
    if (one_in(2)) hardware.dark.push_back(id);
    hardware.domains.pop_back();
  }
  void heal() {
    world_.hardware.on_discover = Outcome::ok;
    world_.hardware.domains = all_domains_;
    world_.hardware.dark.clear();
    for (auto& [key, cell] : world_.hardware.registers) {
      cell.on_read = cell.on_write = Outcome::ok;
      cell.ignores_writes = false;
      cell.least = 0;
    }
  }

  // NVML's enforced limit follows the one that was asked for.
  void follow_enforced() {
    for (auto& [key, cell] : world_.hardware.registers) {
      if (key.field != Field::enforced_limit) continue;
      cell.value = world_.hardware.at(key.domain, Field::long_term_limit, key.surface).value;
    }
  }

  void look_at(const Write& write) {
    if (write.key.field != Field::long_term_limit && write.key.field != Field::short_term_limit) return;
    if (write.value == 0) bad_write_ = "0 was written to " + to_string(write.key);
    if (write.value > originals_[write.key] + 1)
      bad_write_ = "more than the original was written to " + to_string(write.key);
  }

  [[nodiscard]] bool is_dark(const std::string& id) const {
    const auto& dark = world_.hardware.dark;
    return std::find(dark.begin(), dark.end(), id) != dark.end();
  }

  // The lowest limit that really acts.
  [[nodiscard]] Power real_limit(const DomainReport& domain) {
    Power lowest = *domain.ceiling;
    for (const auto& [key, cell] : world_.hardware.registers) {
      if (key.domain != domain.id || key.field != Field::long_term_limit) continue;
      const auto enabled = world_.hardware.registers.find({key.domain, key.surface, Field::enabled});
      if (enabled != world_.hardware.registers.end() && enabled->second.value == 0) continue;
      lowest = std::min(lowest, base::microwatts(static_cast<std::int64_t>(cell.value)));
    }
    return lowest;
  }

  [[nodiscard]] std::string say(const std::string& what, Power available, Power used) {
    std::ostringstream text;
    const AgentReport& report = world_.report();
    text << what << ": available " << available.count() << ", used or needed " << used.count() << ", short "
         << report.shortfall.count() << ", state " << to_string(report.state) << "\n";
    for (const DomainReport& d : report.domains) {
      if (!d.cappable) continue;
      text << "  " << d.id << " " << to_string(d.health) << " floor " << d.floor->count() << " ceiling "
           << d.ceiling->count() << " cap " << (d.cap ? d.cap->count() : -1) << " enforced "
           << (d.enforced ? d.enforced->count() : -1) << " real " << real_limit(d).count() << " charged "
           << d.charged.count() << " " << d.detail << "\n";
    }
    return text.str();
  }

  std::mt19937_64 random_;
  AgentWorld world_;
  std::vector<Domain> all_domains_;
  std::map<ControlKey, std::uint64_t> originals_;
  std::int64_t sequence_ = 0;
  std::string bad_write_;
};

class FaultProperty : public testing::TestWithParam<int> {};

TEST_P(FaultProperty, Fault_sum_invariant) {
  int failed = 0;
  for (int i = 0; i < kSequencesPerShard; ++i) {
    const auto seed = static_cast<std::uint64_t>(GetParam()) * 1'000'000 + static_cast<std::uint64_t>(i);
    RandomNode node(seed);
    for (int step = 0; step < kSteps; ++step) {
      node.step();
      const std::string problem = node.problem();
      EXPECT_TRUE(problem.empty()) << "seed " << seed << " step " << step << ": " << problem;
      if (!problem.empty()) break;
    }
    if (HasFailure()) ++failed;
    if (failed >= 300) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Shards, FaultProperty, testing::Range(0, 10));

}  // namespace
}  // namespace headroom::rapl_agent::core::test
