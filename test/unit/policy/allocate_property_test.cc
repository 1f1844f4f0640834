// Random rooms, random faults: whatever happens, no write takes a sum of charges past a limit that was not past it, and
// none takes one further past that was; and what agents really allow stays within what their nodes are charged.
//
// The world: an API server that keeps one NodePowerCap per node and refuses what is not newer than the version that was
// read; agents that see orders late and whose reports may be lost for a while; leaders that read the world with a lag,
// lose their memory, and one before that still tries what it decided.
#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <string>

#include "policy/allocate.h"
#include "test/unit/policy/allocate_fixture.h"

namespace headroom::policy {
namespace {

using base::Power;
using base::watts;

struct Agent {
  bool alive = true;
  bool observes = false;
  int boots = 1;
  std::optional<model::NodePowerCapSpec> in_force;  // of this boot
  std::optional<model::NodePowerCapSpec> seen;      // on its way into force
  std::string uid_in_force;                         // of the object that each stands in
  std::string uid_seen;
  model::NodePowerCapStatus report;  // written, perhaps not arrived yet

  // What the hardware allows now, whatever anybody knows.
  [[nodiscard]] Power allows(Power class_max) const {
    if (!in_force || in_force->release) return class_max;
    return std::max(in_force->budget.value_or(class_max), watts(150));
  }
};

struct Late {
  CapWrite write;
  model::CapStamp over;
  std::vector<Power> bumped;  // World::bumped_ when it was decided
};

class World {
 public:
  explicit World(unsigned seed) : random_(seed) { build(); }

  void step() {
    input_.now.mono += base::Seconds(3);
    input_.now.wall += base::Seconds(3);
    faults();
    for (std::size_t i = 0; i < agents_.size(); ++i) act(i);
    refresh_mirror();
    late_writes();
    lead();
    check_reality();
  }

 private:
  [[nodiscard]] int pick(int most) { return std::uniform_int_distribution(0, most)(random_); }
  [[nodiscard]] bool one_in(int n) { return pick(n - 1) == 0; }

  void build() {
    const int feeds = 1 + pick(1);
    const int racks = 1 + pick(2);
    const int count = 2 + pick(8);
    std::vector<double> sums(static_cast<std::size_t>(feeds + racks));
    for (int i = 0; i < count; ++i) {
      const int rack = feeds + pick(racks - 1);
      std::vector<LimitShare> shares;
      const int first = feeds == 1 ? 100 : 20 + pick(60);
      for (int f = 0; f < feeds; ++f) {
        shares.push_back({static_cast<std::uint32_t>(f), base::percent(f == 0 ? first : 100 - first)});
      }
      shares.push_back({static_cast<std::uint32_t>(rack), base::percent(100)});
      for (const LimitShare& share : shares) sums[share.limit] += base::to_ratio(share.share) * 1000;
      input_.nodes.push_back(test::node(std::to_string(100 + i), 150 + pick(850), shares));
      input_.nodes.back().priority = pick(2);
    }
    for (std::size_t l = 0; l < sums.size(); ++l) {
      const auto capacity = static_cast<std::int64_t>(sums[l] * (0.25 + 0.01 * pick(80)));
      input_.limits.push_back(test::limit("limit-" + std::to_string(l), std::max<std::int64_t>(capacity, 100)));
      input_.limits.back().emergency = watts(1 + capacity * (pick(3) == 0 ? 1 : 2));
    }
    input_.now = {base::MonoTime(base::Seconds(1000)), base::WallTime(base::Seconds(50'000))};
    input_.settings.epoch = 1;
    agents_.resize(input_.nodes.size());
    bumped_.resize(input_.limits.size());
    truth_ = input_;
  }

  static Power charge_at(const CapNode& node) {
    return charge_of({node.cap.get(), node.boot_id, node.class_max, node.agent, node.wall, node.in_flight}).charged;
  }

  // The sum of charges as they really stand: by the newest objects.
  [[nodiscard]] std::vector<Power> charges() const {
    std::vector<Power> sums(truth_.limits.size());
    for (const CapNode& node : truth_.nodes) {
      const Power charged = charge_at(node);
      for (const LimitShare& share : node.limits) sums[share.limit] += base::scaled_up(charged, share.share);
    }
    return sums;
  }

  // Runs a change that is not a write of ours; what it adds to the sums is not held against us.
  template <class Change>
  void not_ours(Change change) {
    const auto before = charges();
    change();
    const auto after = charges();
    for (std::size_t l = 0; l < before.size(); ++l) bumped_[l] += std::max(Power(), after[l] - before[l]);
  }

  void faults() {
    not_ours([&] {
      for (std::size_t i = 0; i < agents_.size(); ++i) {
        Agent& agent = agents_[i];
        CapNode& node = truth_.nodes[i];
        if (one_in(6)) node.measured = watts(150 + pick(850));
        if (one_in(200)) {  // reboot: the hardware has forgotten
          agent = Agent{true, agent.observes, agent.boots + 1, {}, {}, {}, {}, {}};
          node.boot_id = "boot-" + std::to_string(agent.boots);
        }
        if (one_in(100)) agent.alive = !agent.alive;
        if (one_in(300)) agent.observes = !agent.observes && !agent.in_force;
        if (agent.alive) node.agent = AgentPresence::ready;
        if (!agent.alive && node.agent != AgentPresence::unready_past_grace) {
          node.agent = one_in(20) ? AgentPresence::unready_past_grace : AgentPresence::unready_within_grace;
        }
        if (one_in(50)) node.reserve = watts(10 + pick(200));
        if (one_in(400)) node.opted_in = !node.opted_in;
        if (one_in(400)) node.asked.node = one_in(2) ? std::nullopt : std::optional(watts(100 + pick(800)));
        if (one_in(500)) node.cap = nullptr;  // deleted by somebody
      }
    });
    if (one_in(100)) truth_.settings.paused = !truth_.settings.paused;
    for (CapLimit& limit : truth_.limits) limit.load = Power();
    for (const CapNode& node : truth_.nodes) {
      for (const LimitShare& share : node.limits) {
        truth_.limits[share.limit].load += base::scaled_up(*node.measured, share.share);
      }
    }
  }

  // Orders arrive and come into force at different times; so do reports.
  void act(std::size_t i) {
    Agent& agent = agents_[i];
    CapNode& node = truth_.nodes[i];
    if (!agent.alive || node.cap == nullptr) return;
    if (one_in(2)) {
      agent.seen = node.cap->spec;
      agent.uid_seen = node.cap->uid;
    }
    if (agent.seen && !agent.observes && one_in(2)) {
      agent.in_force = agent.seen;
      agent.uid_in_force = agent.uid_seen;
    }
    model::NodePowerCapStatus& report = agent.report;
    report.state = agent.observes ? model::CapState::observe : model::CapState::active;
    report.boot_id = node.boot_id;
    report.min = watts(150);
    report.max = node.class_max;
    report.applied = agent.allows(node.class_max);
    if (agent.in_force) report.observed = model::ObservedCap{agent.uid_in_force, agent.in_force->stamp};
    if (!agent.in_force) report.observed.reset();
    if (agent.in_force && agent.in_force->release) report.state = model::CapState::releasing;
    if (one_in(3)) return;  // lost: the next one may arrive
    not_ours([&] { test::change_cap(node, [&](model::NodePowerCap& cap) { cap.status = report; }); });
  }

  // The leader reads each object with a lag of its own. Only what raises a charge without us is seen at once: a
  // decision that could not know of it is not at fault.
  void refresh_mirror() {
    const auto old = input_;
    const std::int64_t epoch = input_.settings.epoch;
    const CapTime now = input_.now;
    input_ = truth_;
    input_.now = now;
    input_.settings.epoch = epoch;
    for (std::size_t i = 0; i < input_.nodes.size(); ++i) {
      bool lags = old.nodes[i].cap != nullptr && truth_.nodes[i].cap != nullptr && !one_in(2);
      const CapNode& was = old.nodes[i];
      CapNode seen = truth_.nodes[i];
      seen.cap = was.cap;
      lags = lags && charge_at(seen) >= charge_at(truth_.nodes[i]);
      if (lags) input_.nodes[i].cap = old.nodes[i].cap;
    }
  }

  // The API server: only over the version of the order that was read. The status may have moved on meanwhile; then the
  // order is repeated over it.
  void write(const CapWrite& write, const model::CapStamp& over, const std::vector<Power>& bumped) {
    CapNode& node = truth_.nodes[write.node];
    const bool exists = node.cap != nullptr;
    if (write.create == exists || (exists && node.cap->spec.stamp != over)) return;
    const auto before = charges();
    truth_.settings.epoch = input_.settings.epoch;
    const model::CapStamp stamp{epoch_of_write_, ++sequence_};
    if (exists && stamp <= over) return;
    test::change_cap(node, [&](model::NodePowerCap& cap) {
      if (!exists) {
        cap = {};
        cap.name = node.name;
        cap.uid = "uid-" + std::to_string(++uids_);
      }
      // The writer knows the version that it replaces better than the decision did, which lagged.
      std::optional<Power> outstanding;
      if (exists && !model::acknowledged(cap)) {
        outstanding = cap.spec.release ? node.class_max : cap.spec.budget.value_or(node.class_max);
        outstanding = std::max(*outstanding, cap.spec.unacknowledged_budget.value_or(Power()));
      }
      cap.spec = write.spec;
      cap.spec.stamp = stamp;
      cap.spec.unacknowledged_budget = outstanding;
    });
    const auto after = charges();
    for (std::size_t l = 0; l < before.size(); ++l) {
      if (after[l] <= before[l] || bumped[l] != bumped_[l]) continue;
      ASSERT_LE(after[l], truth_.limits[l].capacity)
          << "limit " << l << " by " << to_string(write.cause) << " of node " << write.node << ", before "
          << before[l].count() / 1'000'000 << " W";
    }
    // Its own write a leader knows at once.
    if (epoch_of_write_ == input_.settings.epoch) {
      model::NodePowerCap known = *node.cap;
      if (exists && input_.nodes[write.node].cap != nullptr) known.status = input_.nodes[write.node].cap->status;
      input_.nodes[write.node].cap = std::make_shared<const model::NodePowerCap>(std::move(known));
    }
  }

  void late_writes() {
    while (!late_.empty() && one_in(2)) {
      epoch_of_write_ = late_epoch_;
      write(late_.front().write, late_.front().over, late_.front().bumped);
      late_.pop_front();
    }
  }

  void lead() {
    Allocation allocation = allocate(input_, std::move(memory_));
    memory_ = std::move(allocation.memory);
    const auto bumped = bumped_;
    std::shuffle(allocation.writes.begin(), allocation.writes.end(), random_);  // in any order
    const bool deposed = one_in(60);
    epoch_of_write_ = input_.settings.epoch;
    for (const CapWrite& one : allocation.writes) {
      const auto& cap = input_.nodes[one.node].cap;
      const model::CapStamp over = cap == nullptr ? model::CapStamp{} : cap->spec.stamp;
      if (deposed) {
        late_.push_back({one, over, bumped});
      } else if (!one_in(10)) {  // one of ten is left for later
        write(one, over, bumped);
      }
    }
    if (!deposed) return;
    // Another leads from what the API server holds, and remembers nothing.
    late_epoch_ = input_.settings.epoch;
    ++input_.settings.epoch;
    sequence_ = 0;
    memory_ = {};
    for (std::size_t i = 0; i < input_.nodes.size(); ++i) input_.nodes[i].cap = truth_.nodes[i].cap;
  }

  void check_reality() const {
    for (std::size_t i = 0; i < agents_.size(); ++i) {
      const CapNode& node = truth_.nodes[i];
      ASSERT_LE(agents_[i].allows(node.class_max), charge_at(node)) << "node " << i << " may draw more than it counts";
    }
  }

  std::mt19937 random_;
  AllocateInput truth_;
  AllocateInput input_;  // as the leader reads it
  std::vector<Agent> agents_;
  AllocateMemory memory_;
  std::vector<Power> bumped_;  // by limit: what others have added to the sums so far
  std::deque<Late> late_;
  std::int64_t late_epoch_ = 0;
  std::int64_t epoch_of_write_ = 0;
  std::int64_t sequence_ = 0;
  int uids_ = 0;
};

TEST(AllocateProperty, NoWriteTakesASumOfChargesPastALimit) {
  const unsigned seed = std::random_device{}();
  for (unsigned world = 0; world < 60; ++world) {
    SCOPED_TRACE("seed " + std::to_string(seed + world));
    World room(seed + world);
    for (int step = 0; step < 300; ++step) {
      room.step();
      ASSERT_FALSE(testing::Test::HasFatalFailure()) << "step " << step;
    }
  }
}

}  // namespace
}  // namespace headroom::policy
