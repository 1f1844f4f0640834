// A day in a room of 24 machines, one round every 3 s: evening fall, morning rise, jobs that begin and end, noise. The
// plant draws what it wants up to the caps that its agents have put into force; meters rise at once and fall slowly.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>
#include <string>

#include "policy/allocate.h"
#include "test/unit/policy/allocate_fixture.h"

namespace headroom::policy {
namespace {

using base::Power;
using base::watts;

constexpr int kStepsADay = 28'800;
constexpr int kMachines = 24;
constexpr int kRacks = 4;

struct Machine {
  double scale = 1;    // of the common curve
  double job = 0;      // W on top, while one runs
  int job_steps = 0;   // left
  double wants = 0;    // W
  double draws = 0;    // W
  double metered = 0;  // W, smoothed
};

// Two feeds, each carries half of every rack; racks of six machines. Machines of 100 to 1000 W.
AllocateInput make_room() {
  AllocateInput input;
  input.now.mono = base::MonoTime(base::Seconds(1));
  input.limits = {test::limit("feed-a", 8'000), test::limit("feed-b", 8'000)};
  for (int r = 0; r < kRacks; ++r) input.limits.push_back(test::limit("rack-" + std::to_string(r), 4'200));
  for (int m = 0; m < kMachines; ++m) {
    const auto rack = static_cast<std::uint32_t>(2 + m / (kMachines / kRacks));
    const std::string number = std::to_string(100 + m);
    input.nodes.push_back(
        test::node(number, 100, {{0, base::percent(50)}, {1, base::percent(50)}, {rack, base::percent(100)}}));
    input.nodes.back().priority = m % 3;
  }
  return input;
}

class Day {
 public:
  explicit Day(unsigned seed) : random_(seed) {
    for (Machine& machine : machines_) machine.scale = std::uniform_real_distribution(0.7, 1.3)(random_);
  }

  void step(int step) {
    input_.now.mono += base::Seconds(3);
    want(step);
    draw();
    Allocation allocation = allocate(input_, std::move(memory_));
    memory_ = std::move(allocation.memory);
    for (CapNode& node : input_.nodes) {
      if (node.cap != nullptr) test::acknowledge(node);
    }
    for (const CapWrite& write : allocation.writes) test::store(input_, write);
    writes_ += allocation.writes.size();
    last_ = std::move(allocation);
  }

  // Share of a limit that its machines draw, and would.
  [[nodiscard]] double used(std::uint32_t limit) const { return sum(limit, &Machine::draws); }
  [[nodiscard]] double wanted(std::uint32_t limit) const { return sum(limit, &Machine::wants); }
  [[nodiscard]] int held_back() const {
    int count = 0;
    for (const Machine& machine : machines_) count += machine.draws < machine.wants - 1 ? 1 : 0;
    return count;
  }
  [[nodiscard]] std::uint32_t limits() const { return static_cast<std::uint32_t>(input_.limits.size()); }
  [[nodiscard]] const Allocation& last() const { return last_; }
  [[nodiscard]] std::size_t writes() const { return writes_; }
  [[nodiscard]] std::string describe() const {
    std::string text;
    for (int m = 0; m < kMachines; ++m) {
      const auto at = static_cast<std::size_t>(m);
      const auto budget = last_.nodes[at].budget;
      text += std::to_string(static_cast<int>(machines_[at].wants)) + "/" +
              std::to_string(static_cast<int>(machines_[at].draws)) + "/" +
              std::to_string(budget ? budget->count() / 1'000'000 : -1) + " ";
    }
    return text;
  }

 private:
  // 0 at 5 in the morning, 1 at 5 in the afternoon.
  static double curve(int step) {
    const double hour = 24.0 * step / kStepsADay;
    return 0.5 - 0.5 * std::cos((hour - 5) / 24 * 2 * 3.14159265358979);
  }

  void want(int step) {
    std::normal_distribution noise(0.0, 8.0);
    for (Machine& machine : machines_) {
      if (machine.job_steps > 0 && --machine.job_steps == 0) machine.job = 0;
      if (machine.job_steps == 0 && std::uniform_int_distribution(0, 2400)(random_) == 0) {
        machine.job = std::uniform_real_distribution(100.0, 500.0)(random_);
        machine.job_steps = std::uniform_int_distribution(100, 1500)(random_);
      }
      machine.wants = 110 + 700 * curve(step) * machine.scale + machine.job + noise(random_);
      machine.wants = std::clamp(machine.wants, 100.0, 1000.0);
    }
  }

  void draw() {
    for (std::size_t m = 0; m < machines_.size(); ++m) {
      Machine& machine = machines_[m];
      CapNode& node = input_.nodes[m];
      const double cap =
          node.cap != nullptr && node.cap->status.applied ? base::to_watts(*node.cap->status.applied) : 1000;
      machine.draws = std::min(machine.wants, cap);
      machine.metered = std::max(machine.draws, machine.metered + (machine.draws - machine.metered) * 0.45);
      node.measured = base::power_from_watts(machine.metered);
      node.expected = *node.measured;
    }
    for (std::uint32_t l = 0; l < input_.limits.size(); ++l) {
      input_.limits[l].load =
          *base::power_from_watts(sum(l, &Machine::metered) * base::to_watts(input_.limits[l].full));
    }
  }

  [[nodiscard]] double sum(std::uint32_t limit, double Machine::*what) const {
    double total = 0;
    for (std::size_t m = 0; m < machines_.size(); ++m) {
      for (const LimitShare& share : input_.nodes[m].limits) {
        if (share.limit == limit) total += base::to_ratio(share.share) * (machines_[m].*what);
      }
    }
    return total / base::to_watts(input_.limits[limit].capacity);
  }

  std::mt19937 random_;
  AllocateInput input_ = make_room();
  std::array<Machine, kMachines> machines_{};
  AllocateMemory memory_;
  Allocation last_;
  std::size_t writes_ = 0;
};

// What lasts shorter than this is a transient: a lower, its acknowledgement, a raise, its acknowledgement.
constexpr int kSettling = 10;

struct Streak {
  int wrong = 0;  // steps in a row
  int longest = 0;

  void note(bool is_wrong) {
    wrong = is_wrong ? wrong + 1 : 0;
    longest = std::max(longest, wrong);
  }
};

class PlantDay : public testing::TestWithParam<unsigned> {};

TEST_P(PlantDay, UsesEveryLimitWhileDemandIsThereAndHoldsNobodyBackWhileItIsNot) {
  Day day(GetParam());
  Streak unused;
  Streak held_back;
  int starved_steps = 0;
  int slack_steps = 0;
  int slack_for = 0;
  for (int step = 0; step < kStepsADay; ++step) {
    day.step(step);
    double most_wanted = 0;
    double most_used = 0;
    for (std::uint32_t l = 0; l < day.limits(); ++l) {
      ASSERT_LE(day.used(l), 1.0 + 1e-9) << "limit " << l << " at step " << step;
      most_wanted = std::max(most_wanted, day.wanted(l));
      most_used = std::max(most_used, day.used(l));
      // Until the first orders are acknowledged every machine counts at its class maximum.
      if (step >= kSettling) {
        ASSERT_EQ(day.last().limits[l].excess, Power()) << "limit " << l << " at step " << step;
      }
    }
    // Of the limits that all machines share, the fullest must be used while there is more demand than it carries; a
    // rack's limit holds its own machines back and may leave some of the feeds unused.
    const bool starved = day.wanted(0) > 1.0;
    starved_steps += starved ? 1 : 0;
    unused.note(starved && most_used < 0.95);
    slack_for = most_wanted < 0.85 ? slack_for + 1 : 0;
    slack_steps += slack_for > kSettling ? 1 : 0;
    held_back.note(slack_for > kSettling && day.held_back() > 0);
    ASSERT_LE(unused.longest, kSettling) << "step " << step << ": " << day.describe();
    ASSERT_LE(held_back.longest, kSettling) << "step " << step << ": " << day.describe();
  }
  EXPECT_GT(starved_steps, kStepsADay / 20) << "the day must have hours of too much demand";
  EXPECT_GT(slack_steps, kStepsADay / 5) << "and hours of too little";
  EXPECT_LT(day.writes(), static_cast<std::size_t>(kStepsADay)) << "orders must not chatter";
}

INSTANTIATE_TEST_SUITE_P(Seeds, PlantDay, testing::Values(1U, 20251123U));

}  // namespace
}  // namespace headroom::policy
