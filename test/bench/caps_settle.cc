// From an element's load crossing its limit to the caps below it being inside, at sizes that no machine here can run:
// the controller's real deciding (policy::allocate) with the product's intervals, against simulated meters, API server
// and agents. No clock is read: every figure is simulated time, the same on every machine. Prints a table beside trip
// times.
//
// At 0 s every node draws its cap, and the element's limit is their sum. Then the element may carry only that over the
// overload, as when one of two feeds is lost and the meters show what the other carries.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "policy/allocate.h"
#include "test/unit/policy/allocate_fixture.h"

namespace headroom::bench {
namespace {

using policy::AllocateInput;
using policy::Allocation;
using policy::CapNode;
using policy::CapWrite;

// Seconds. What the controller's timing, telemetry's intervals and the agent's Timing say; the way from a write to the
// value read back is what `scripts/bench --caps` measures on a real API server, rounded up.
constexpr double kScrape = 5;
constexpr double kPublish = 0.5;
constexpr double kPeriod = 3;
constexpr double kLeastInterval = 1;
constexpr double kWritesPerSecond = 100;
constexpr double kReadBack = 0.2;
constexpr double kWindow = 1;

constexpr std::int64_t kCap = 880;  // of machines of 100 to 1000 W
constexpr double kGiveUp = 600;

struct Effect {
  double at = 0;
  std::uint32_t node = 0;
  double watts = 0;
  double ack_at = 0;
  model::CapStamp stamp;
};

struct Settled {
  double decided = 0;  // the first order is written
  double inside = 0;   // the sum of read-back caps is inside
};

// One element of `count` nodes. `phase`, in [0, 1): where in the intervals of meters and rounds the load crosses.
class Element {
 public:
  Element(int count, double overload) : caps_(static_cast<std::size_t>(count), kCap) {
    std::vector<CapNode> nodes;
    for (int i = 0; i < count; ++i) {
      nodes.push_back(test_node(i));
    }
    limit_ = static_cast<double>(kCap) * count / overload;
    input_ = policy::test::room(std::move(nodes), kCap * count);
    input_.settings.newly_capped_a_minute = count;
    policy::CapLimit& element = input_.limits[0];
    (void)run_round();  // as before: nothing to do
    element.capacity = element.full = *base::power_from_watts(limit_);
    element.emergency = base::scaled_down(element.full, base::percent(125));  // 100 % of rated over 80 %
  }

  Settled run(double phase) {
    Settled settled;
    double now = kScrape * phase + kPublish + kPeriod * std::fmod(phase * 7, 1.0);
    double last = 0;
    double tokens = kWritesPerSecond;
    settled.decided = now;
    while (now < kGiveUp) {
      advance(now, last);
      if (inside_) break;
      tokens = std::min(kWritesPerSecond, tokens + (now - last) * kWritesPerSecond);
      last = now;
      now += write(run_round(), now, tokens) ? kLeastInterval : kPeriod;
    }
    settled.inside = inside_at_;
    return settled;
  }

 private:
  static CapNode test_node(int number) {
    std::array<char, 16> name{};
    std::snprintf(name.data(), name.size(), "n%05d", number);
    CapNode node = policy::test::held(name.data(), kCap, kCap);
    policy::test::change_cap(node, [](model::NodePowerCap& cap) {
      cap.spec.fallback = base::watts(kCap);
      cap.spec.reserve = base::watts(60);
    });
    return node;
  }

  Allocation run_round() {
    Allocation allocation = policy::allocate(input_, std::move(memory_));
    memory_ = std::move(allocation.memory);
    return allocation;
  }

  // In their order, as many as the budget of writes allows; true: some are left.
  bool write(const Allocation& allocation, double now, double& tokens) {
    double at = now;
    for (const CapWrite& one : allocation.writes) {
      if (tokens < 1) return true;
      tokens -= 1;
      at += 1 / kWritesPerSecond;
      policy::test::store(input_, one);
      const auto& cap = *input_.nodes[one.node].cap;
      const double budget = base::to_watts(one.spec.budget.value_or(base::watts(kCap)));
      const double watts = one.spec.brake_until ? 150 : budget;
      effects_.push_back({at + kReadBack, one.node, watts, at + kReadBack + kWindow, cap.spec.stamp});
    }
    return false;
  }

  // What has come into force and been acknowledged by `now`; meters show what was drawn at the last scrape.
  void advance(double now, double before) {
    std::sort(effects_.begin(), effects_.end(), [](const Effect& a, const Effect& b) { return a.at < b.at; });
    double sum = 0;
    for (const double cap : caps_) sum += cap;
    for (Effect& effect : effects_) {
      if (effect.at > now) break;
      if (effect.at > before) {
        sum += effect.watts - caps_[effect.node];
        caps_[effect.node] = effect.watts;
        if (!inside_ && sum <= limit_) {
          inside_ = true;
          inside_at_ = effect.at;
        }
      }
      if (effect.ack_at <= now && input_.nodes[effect.node].cap->spec.stamp == effect.stamp) {
        policy::test::acknowledge(input_.nodes[effect.node]);
      }
    }
    std::erase_if(effects_, [&](const Effect& effect) { return effect.ack_at <= now; });
    if (now >= scraped_at_ + kScrape) read_meters(now, sum);
    const auto passed = base::Milliseconds(static_cast<std::int64_t>((now - before) * 1000));
    input_.now.mono += passed;
    input_.now.wall += passed;
  }

  void read_meters(double now, double sum) {
    scraped_at_ = now;
    input_.limits[0].load = *base::power_from_watts(sum);
    for (std::size_t i = 0; i < caps_.size(); ++i) {
      input_.nodes[i].measured = input_.nodes[i].expected = *base::power_from_watts(caps_[i]);
    }
  }

  std::vector<double> caps_;  // in force, by node
  double limit_ = 0;
  AllocateInput input_;
  policy::AllocateMemory memory_;
  std::vector<Effect> effects_;
  double scraped_at_ = 0;
  bool inside_ = false;
  double inside_at_ = kGiveUp;
};

// A rack's breaker, through 1020 s at 1.10 and 60 s at 1.40 (published; log-log between them).
double rack_breaker(double overload) {
  return 9.3 / std::pow(overload - 1, 2.04);
}
// A UPS, the worst of four manuals.
double ups(double overload) {
  return overload <= 1.3 ? 30 : 1.5;
}

void print_row(int count, double overload) {
  const int phases = count > 100 ? 5 : 20;
  Settled worst;
  double mean = 0;
  for (int i = 0; i < phases; ++i) {
    const Settled settled = Element(count, overload).run((i + 0.5) / phases);
    mean += settled.inside / phases;
    worst.inside = std::max(worst.inside, settled.inside);
    worst.decided = std::max(worst.decided, settled.decided);
  }
  std::printf("| %d | %.2f | %.1f s | %.1f s | %.1f s | %.0f s | %.1f s |\n", count, overload, worst.decided, mean,
              worst.inside, rack_breaker(overload), ups(overload));
}

}  // namespace
}  // namespace headroom::bench

int main() {
  std::puts(
      "\n| nodes below the element | load / limit | first order after, at most | caps inside, mean | worst |"
      " rack breaker trips after | UPS gives up after |\n|---|---|---|---|---|---|---|");
  for (const int count : {1, 8, 24, 500, 5000}) {
    for (const double overload : {1.10, 1.25, 1.40}) headroom::bench::print_row(count, overload);
  }
}
