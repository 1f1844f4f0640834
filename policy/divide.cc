#include "policy/divide.h"

#include <algorithm>
#include <limits>

namespace headroom::policy {
namespace {

using base::Power;

constexpr double kFull = 1e-3;  // W: less room than this is none
// 399.9999999 W are 400 W; what that adds to a sum stays within what is held back of every limit.
constexpr double kDust = 1e-7;
constexpr double kRounding = 1e-2;
constexpr double kNever = std::numeric_limits<double>::infinity();

// The level is the part of its range that every rising claim has got in this pass, in arbitrary common units.
class Filling {
 public:
  explicit Filling(const DivideInput& input) : input_(input) {
    for (const Power power : input.start) given_.push_back(base::to_watts(power));
    for (const Power power : input.capacity) room_.push_back(base::to_watts(power) - kRounding);
    slope_.assign(room_.size(), 0);
    under_.resize(room_.size());
    for (std::uint32_t i = 0; i < input.claims.size(); ++i) {
      for (const DivideShare& share : input.claims[i].limits) {
        room_[share.limit] -= base::to_ratio(share.share) * given_[i];
        under_[share.limit].push_back(i);
      }
    }
  }

  void run(const DividePass& pass) {
    begin(pass);
    std::size_t next = 0;
    while (rising_count_ > 0) {
      while (next < order_.size() && !rising_[order_[next].claim]) ++next;
      double step = level_to_full();
      if (next < order_.size()) step = std::min(step, order_[next].level - level_);
      if (step == kNever) break;
      advance(std::max(step, 0.0));
      while (next < order_.size() && order_[next].level <= level_) stop(order_[next++].claim);
      stop_under_full_limits();
    }
  }

  [[nodiscard]] std::vector<Power> result() const {
    std::vector<Power> result;
    result.reserve(given_.size());
    for (std::size_t i = 0; i < given_.size(); ++i) {
      result.push_back(std::max(input_.start[i], base::watts(static_cast<std::int64_t>(given_[i] + kDust))));
    }
    return result;
  }

 private:
  struct Stop {
    double level = 0;  // at which the claim has what it wants
    std::uint32_t claim = 0;
  };

  void begin(const DividePass& pass) {
    level_ = 0;
    order_.clear();
    rising_.assign(given_.size(), 0);
    rising_count_ = 0;
    std::fill(slope_.begin(), slope_.end(), 0);
    for (std::size_t m = 0; m < pass.members.size(); ++m) {
      const std::uint32_t claim = pass.members[m];
      const double want = base::to_watts(pass.wanted[m]) - given_[claim];
      if (want <= 0) continue;
      order_.push_back({want / range_of(claim), claim});
      rising_[claim] = 1;
      ++rising_count_;
      for (const DivideShare& share : input_.claims[claim].limits) slope_[share.limit] += slope_part(claim, share);
    }
    std::sort(order_.begin(), order_.end(),
              [](const Stop& a, const Stop& b) { return a.level != b.level ? a.level < b.level : a.claim < b.claim; });
    stop_under_full_limits();
  }

  [[nodiscard]] double range_of(std::uint32_t claim) const {
    return std::max(base::to_watts(input_.claims[claim].range), 1.0);
  }
  [[nodiscard]] double slope_part(std::uint32_t claim, const DivideShare& share) const {
    return base::to_ratio(share.share) * range_of(claim);
  }

  [[nodiscard]] double level_to_full() const {
    double least = kNever;
    for (std::size_t l = 0; l < room_.size(); ++l) {
      if (slope_[l] > kFull) least = std::min(least, room_[l] / slope_[l]);
    }
    return least;
  }

  void advance(double step) {
    level_ += step;
    for (std::size_t l = 0; l < room_.size(); ++l) room_[l] -= slope_[l] * step;
  }

  // The claim keeps what it has at this level.
  void stop(std::uint32_t claim) {
    if (!rising_[claim]) return;
    rising_[claim] = 0;
    --rising_count_;
    given_[claim] += level_ * range_of(claim);
    for (const DivideShare& share : input_.claims[claim].limits) slope_[share.limit] -= slope_part(claim, share);
  }

  void stop_under_full_limits() {
    for (std::size_t l = 0; l < room_.size(); ++l) {
      if (room_[l] > kFull || slope_[l] <= kFull) continue;
      for (const std::uint32_t claim : under_[l]) stop(claim);
      slope_[l] = 0;
    }
  }

  const DivideInput& input_;
  std::vector<double> given_;  // of claims that do not rise now
  std::vector<double> room_;   // by limit
  std::vector<double> slope_;  // by limit: watts that its rising claims take for each unit of level
  std::vector<std::vector<std::uint32_t>> under_;
  std::vector<Stop> order_;
  std::vector<std::uint8_t> rising_;
  std::size_t rising_count_ = 0;
  double level_ = 0;
};

}  // namespace

std::vector<Power> divide(const DivideInput& input) {
  Filling filling(input);
  for (const DividePass& pass : input.passes) filling.run(pass);
  return filling.result();
}

}  // namespace headroom::policy
