// Random faults in random order on the FUSE tree: the property of test/unit/rapl-agent/core/fault_property_test.cc held
// against files. After every turn, seen from the tree's own registers, either all packages together may draw no more
// than the budget leaves (one that is not OK counts uncapped), or the agent says "infeasible", and says it only
// when floors and what cannot be changed need more than there is.
//
// The agent's clock is the test's; calls have their real deadline. A raplfs serves the nodes of a shard, one after the
// other.
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <sstream>

#include "rapl-agent/powercap/rapl_backend.h"
#include "rapl-agent/sysfs/deadlined.h"
#include "runtime/system_clock.h"
#include "test/rigs/raplfs_fixture.h"
#include "test/unit/rapl-agent/core/agent_world.h"

namespace headroom::rapl_agent {
namespace {

using base::Power;
using base::watts;
using core::DomainReport;
using core::Health;

constexpr int kShards = 4;
constexpr int kSequencesPerShard = 75;
constexpr int kSteps = 6;
constexpr std::uint64_t kFirstSeed = 65'000'000;

struct Zone {
  const char* id;
  const char* silicon;
};
struct Layout {
  const char* name;
  int least_budget;
  int most_budget;
  std::vector<Zone> zones;
};

const std::vector<Layout>& layouts() {
  static const std::vector<Layout> kAll = {
      {"server-2s", 60, 320, {{"intel-rapl:0", "rapl/package-0"}, {"intel-rapl:1", "rapl/package-1"}}},
      {"dies", 60, 320, {{"intel-rapl:0", "rapl/package-0-die-0"}, {"intel-rapl:2", "rapl/package-0-die-1"}}},
      {"client", 5, 60, {{"intel-rapl:0", "rapl/package-0"}, {"intel-rapl-mmio:0", "rapl/package-0"}}},
  };
  return kAll;
}

class RandomNode {
 public:
  RandomNode(headroom::test::Raplfs& tree, std::uint64_t seed)
      : tree_(tree),
        random_(seed),
        layout_(layouts()[static_cast<std::size_t>(between(0, static_cast<int>(layouts().size()) - 1))]) {
    tree_.command("release all");
    tree_.command(std::string("node node-a ") + layout_.name);
    world_.settings.timing.verify = base::Milliseconds(1'000);
    world_.settings.measure_reserve = false;
    if (layout_.most_budget < 100) world_.settings.smallest_floor = watts(5);
    start();
    world_.tick();
    give_order();
  }

  void step() {
    for (int faults = between(0, 3); faults > 0; --faults) inject();
    if (one_in(3)) give_order();
    if (!one_in(4)) world_.beat();
    world_.now += base::Seconds(one_in(20) ? between(60, 4'000) : between(1, 6));
    world_.tick();
  }

  // Nothing: all is well.
  [[nodiscard]] std::string problem() {
    const core::AgentReport& report = world_.report();
    if (!report.budget) return {};
    const Power available = *report.budget - report.reserve;
    Power allowed;
    Power least;
    Power slack;
    for (const DomainReport& domain : report.domains) {
      if (!domain.cappable) continue;
      const bool ok = domain.health == Health::ok;
      const Power most = uncapped(domain);
      allowed += ok ? std::min(real_limit(domain), most) : most;
      const bool changeable = ok && domain.detail.empty();
      const Power stays = ok && domain.enforced ? std::min(*domain.enforced, most) : most;
      least += changeable ? *domain.floor : std::max(*domain.floor, stays);
      slack += watts(2) + base::scaled_up(most, base::percent(1));
    }
    if (!report.infeasible && allowed > available + slack) return say("over the budget", available, allowed);
    if (report.infeasible && least + slack < available) return say("called infeasible", available, least);
    return {};
  }

 private:
  int between(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  bool one_in(int n) { return between(1, n) == 1; }

  void start() {
    powercap::RaplOptions options;
    options.powercap_root = tree_.powercap("node-a");
    options.sysfs_root = tree_.sys("node-a");
    options.write_to = sysfs::WriteTo::any_for_tests;
    const auto zones = std::make_shared<powercap::RaplBackend>(options);
    world_.agent.reset();
    calls_ = std::make_unique<sysfs::Deadlined>(sysfs::Wrapped{zones, zones}, base::Milliseconds(1'000), system_);
    auto parts = world_.parts();
    parts.sources = {{"powercap", calls_.get(), calls_.get(), calls_.get()}};
    world_.agent = std::make_unique<core::Agent>(world_.settings, std::move(parts), world_.recovered, world_.now);
  }
  void restart() {
    world_.recovered.kind = core::Recovered::Kind::same_boot;
    world_.recovered.state = world_.journal.state;
    start();
  }

  void give_order() {
    core::CapOrder order = core::test::order_of(++sequence_, watts(between(layout_.least_budget, layout_.most_budget)));
    order.spec.reserve = watts(between(0, layout_.least_budget / 2));
    if (one_in(2)) order.spec.fallback = watts(between(layout_.least_budget, layout_.most_budget));
    world_.give(order);
  }

  [[nodiscard]] const Zone& any_zone() {
    return layout_.zones[static_cast<std::size_t>(between(0, static_cast<int>(layout_.zones.size()) - 1))];
  }
  void fault(const std::string& what) {
    tree_.command("fault node-a " + std::string(any_zone().id) + " " + what +
                  " count=" + std::to_string(between(1, 9)));
  }
  void set(const Zone& zone, const std::string& what) {
    tree_.command("set node-a " + std::string(zone.id) + " " + what);
  }
  void lock(const Zone& zone) {
    set(zone, "locked 1");
    locked_.insert(zone.id);
  }
  void unlock(const Zone& zone) {
    set(zone, "locked 0");
    locked_.erase(zone.id);
  }
  // What somebody else writes. A locked zone takes it from nobody.
  void poke(const char* file, const std::string& value) {
    const Zone& zone = any_zone();
    if (away_ != nullptr || locked_.contains(zone.id)) return;
    const std::string path = tree_.zone("node-a", zone.id).substr(tree_.sys("node-a").size() + 1);
    tree_.command("poke node-a " + path + "/" + file + " " + value);
  }

  void inject() {
    static constexpr const char* kErrors[] = {"ENODATA", "EACCES", "EIO", "EINVAL", "EROFS", "EAGAIN"};
    const std::string error = kErrors[between(0, static_cast<int>(std::size(kErrors)) - 1)];
    const std::string power = std::to_string(between(layout_.least_budget / 2, layout_.most_budget / 2));
    switch (between(0, 13)) {
      case 0: return fault("constraint_0_power_limit_uw write errno=" + error);
      case 1: return fault("constraint_1_power_limit_uw write errno=" + error);
      case 2: return fault("constraint_0_power_limit_uw read errno=" + error);
      case 3: return fault("constraint_0_power_limit_uw read content=\"abc\\n\"");
      case 4: return fault("constraint_0_power_limit_uw write ignore");
      case 5: return fault("constraint_0_power_limit_uw write short=3");
      case 6: return fault("enabled write errno=ENOSYS");
      case 7: return one_in(2) ? lock(any_zone()) : unlock(any_zone());
      case 8: return set(any_zone(), "clamp-max " + power + "W");
      case 9: return set(any_zone(), "clamp-min " + power + "W");
      case 10: return poke(one_in(2) ? "constraint_0_power_limit_uw" : "constraint_1_power_limit_uw", power + "000000");
      case 11: return poke("enabled", "0");
      case 12: return unplug();
      default: return one_in(3) ? restart() : heal();
    }
  }
  void unplug() {
    if (away_ == nullptr) {
      away_ = &any_zone();
      tree_.command("vanish node-a " + std::string(away_->id));
    } else {
      plug();
    }
  }
  void plug() {
    if (away_ == nullptr) return;
    tree_.command("return node-a " + std::string(away_->id));
    away_ = nullptr;
  }
  void heal() {
    plug();
    tree_.command("release all");
    for (const Zone& zone : layout_.zones) {
      unlock(zone);
      for (const char* what : {"clamp-max none", "clamp-min none"}) set(zone, what);
    }
  }

  // What it draws when nobody limits it: of a client that is more than what it names its highest limit.
  [[nodiscard]] static Power uncapped(const DomainReport& domain) {
    return std::max(*domain.ceiling, domain.original.value_or(*domain.ceiling));
  }
  // The lowest limit that really acts, as the tree knows it.
  [[nodiscard]] Power real_limit(const DomainReport& domain) {
    return base::microwatts(std::stoll(tree_.command("get node-a " + domain.id + " cap")));
  }

  [[nodiscard]] std::string say(const std::string& what, Power available, Power used) {
    std::ostringstream text;
    const core::AgentReport& report = world_.report();
    text << layout_.name << ": " << what << ": available " << available.count() << ", used or needed " << used.count()
         << ", short " << report.shortfall.count() << ", state " << core::to_string(report.state) << "\n";
    for (const DomainReport& d : report.domains) {
      if (!d.cappable) continue;
      text << "  " << d.id << " " << core::to_string(d.health) << " floor " << d.floor->count() << " ceiling "
           << d.ceiling->count() << " cap " << (d.cap ? d.cap->count() : -1) << " enforced "
           << (d.enforced ? d.enforced->count() : -1) << " real " << real_limit(d).count() << " charged "
           << d.charged.count() << " " << d.detail << "\n";
    }
    return text.str();
  }

  headroom::test::Raplfs& tree_;
  std::mt19937_64 random_;
  const Layout& layout_;
  runtime::SystemClock system_;
  std::unique_ptr<sysfs::Deadlined> calls_;
  core::test::AgentWorld world_;
  std::int64_t sequence_ = 0;
  const Zone* away_ = nullptr;
  std::set<std::string> locked_;
};

class AgentFaults : public testing::TestWithParam<int> {};

TEST_P(AgentFaults, Fault_sum_invariant) {
  headroom::test::Raplfs tree;
  const std::uint64_t first = kFirstSeed + static_cast<std::uint64_t>(GetParam() * kSequencesPerShard);
  std::printf("seeds from %llu\n", static_cast<unsigned long long>(first));
  for (std::uint64_t seed = first; seed < first + kSequencesPerShard; ++seed) {
    RandomNode node(tree, seed);
    for (int step = 0; step < kSteps; ++step) {
      node.step();
      const std::string problem = node.problem();
      ASSERT_TRUE(problem.empty()) << "seed " << seed << " step " << step << ": " << problem;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shards, AgentFaults, testing::Range(0, kShards));

}  // namespace
}  // namespace headroom::rapl_agent
