// A policy's performancePowerRatio: how many watts its members may draw so that performance by power stays near the
// target. Pure; time is a parameter.
//
//   ratio     (performance / its best 5-minute mean of the last 24 h) / (members' watts / powerCapLimit), both means
//             over the settling time
//   within    target x (1 +- tolerance): nothing moves
//   below     the members are held to a step less than they draw, or than they were held to
//   above     they are given a step back, at last all of powerCapLimit
//   a step    5 %, or the tolerance where that is less: a ratio outside does not jump over what is within. One per
//             settling time: a minute, and no order on its way
//   a turn    from lowering to giving back or the other way round needs the ratio off by the tolerance, and by 10 % at
//             least: caps move in steps of their own (allocate.h) and machines draw a little less than their caps,
//             which must not make the ratio swing around a narrow tolerance
//
// Without data (of performance or of watts), under 5 % of the best, until a best is known, and where orders are not
// acknowledged for ten minutes, nothing moves. After a minute without a round (another replica led) what was held is
// given back, and the best is remembered. Whose caps bring the watts, the division decides (allocate.h): first those
// that nobody draws, then by priority; never past floors or charges.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/units.h"
#include "model/policy.h"

namespace headroom::policy {

// Means of 5 minutes over 24 hours: 288 of them, and no more.
class BestMean {
 public:
  void add(double value, base::MonoTime now);
  // The largest mean of 5 minutes of which 4 were seen; nothing before such ones are over.
  [[nodiscard]] std::optional<double> best(base::MonoTime now) const;

 private:
  static constexpr std::int64_t kSlotSeconds = 300;
  static constexpr std::int64_t kEnoughSeconds = 240;
  static constexpr std::size_t kSlots = std::int64_t{24} * 3600 / kSlotSeconds;
  struct Slot {
    std::int64_t number = -1;  // since the clock's epoch
    std::int64_t first = 0;    // s, of its samples
    std::int64_t last = 0;
    double sum = 0;
    std::int64_t count = 0;
  };
  std::array<Slot, kSlots> slots_{};
};

struct RatioFacts {
  std::optional<double> performance;  // a fresh sample, finite and not negative
  std::optional<base::Power> drawn;   // by the members, freshly metered
  base::Power limit;                  // powerCapLimit
  bool settled = true;                // every order under the limit is acknowledged
  base::Power least{};                // what they draw where every node is at its floor: no step holds them to less
  bool may_step = true;               // enforced, and not paused
};

enum class RatioVerdict { no_data, within, below, above };

// Why there is no data. The order is that in which it is looked for.
enum class RatioLack {
  nodes,        // none that the policy may act on
  performance,  // no fresh sample
  watts,        // a node is not freshly metered, or nothing is drawn
  best,         // 5 minutes are not over yet, or it is 0
  load,         // performance is under 5 % of its best
  orders,       // on their way for ten minutes
};

// About 12 kB. Not thread-safe.
struct RatioMemory {
  BestMean best;
  double performance = 0;  // sums since the last step
  double watts = 0;
  std::int64_t samples = 0;
  std::optional<base::MonoTime> round;  // the last one
  std::optional<base::MonoTime> since;  // the last step, or when it became so that nothing could be known
  std::optional<base::MonoTime> told;   // when data was last judged, or first came
  std::optional<double> ratio;          // of the last settling time
  RatioVerdict verdict = RatioVerdict::no_data;
  RatioLack lack = RatioLack::nodes;               // with no_data
  std::optional<base::Power> held_to;              // below powerCapLimit; nothing: all of it
  RatioVerdict direction = RatioVerdict::no_data;  // below, above: of the last step; no_data: none yet
};

void step_ratio(const model::PerformancePowerRatio& wanted, const RatioFacts& facts, base::MonoTime now,
                RatioMemory& memory);

}  // namespace headroom::policy
