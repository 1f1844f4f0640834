// What the agent remembers of one control of a domain, and how trouble with it goes on: which failures are tried again
// and when, when it counts as locked, contested or broken, and what brings it back. No I/O; not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "base/clock.h"
#include "rapl-agent/core/access.h"
#include "rapl-agent/core/judge.h"
#include "rapl-agent/core/timing.h"
#include "rapl-agent/core/wanted.h"

namespace headroom::rapl_agent::core {

inline constexpr int kTriesBeforeGivingUp = 3;
inline constexpr std::size_t kContestReasserts = 5;

class SurfaceState {
 public:
  enum class Doing { reading, lowering, raising };

  explicit SurfaceState(Control control) : control_(std::move(control)) {}

  // --- facts
  [[nodiscard]] const Control& control() const { return control_; }
  void set_control(Control control) { control_ = std::move(control); }
  FieldValues originals;          // recorded before our first write
  bool originals_certain = true;  // false: recorded after the journal was lost
  FieldValues requested;          // last written by us; absent: never, or given back
  FieldValues pending;            // announced in the journal, not read back yet
  FieldValues read;               // newest successful reads
  [[nodiscard]] bool ours() const { return requested.any(); }

  // The limit that acts through this control; nothing: not known, or not enabled.
  [[nodiscard]] std::optional<base::Power> enforced() const;

  // --- trouble
  [[nodiscard]] Health health() const { return health_; }
  [[nodiscard]] const std::string& detail() const { return detail_; }
  // OK and no lower is waiting to be tried again: a budget may count on it. A raise that failed leaves it lower than it
  // may be, which endangers nobody.
  [[nodiscard]] bool reliable() const {
    return health_ == Health::ok && (tries_ == 0 || (doing_ == Doing::raising && enforced()));
  }
  [[nodiscard]] bool due(base::MonoTime now) const { return !retry_at_ || now >= *retry_at_; }
  [[nodiscard]] bool due_to_lower(base::MonoTime now) const { return due(now) || reliable(); }
  [[nodiscard]] std::optional<base::MonoTime> retry_at() const { return retry_at_; }
  // Set when the last failure may mean that things moved: list all domains again.
  [[nodiscard]] bool wants_discovery() const { return wants_discovery_; }
  void discovery_done() { wants_discovery_ = false; }

  void failed(const Access& access, Doing doing, base::MonoTime now, const Timing& timing);
  // After a write of ours was read back.
  void wrote(ReadBack verdict, base::MonoTime now, const Timing& timing);
  // A read that works ends what only kept us from reading: hung, lost, garbage. Called before drifted() and calm().
  void read_works();
  // A verification found something else than we wrote. Contested: re-asserted seldom from now on.
  void drifted(ReadBack verdict, base::MonoTime now, const Timing& timing);
  // A verification found everything as it should be. Trouble with writing stays until a write works.
  void calm(base::MonoTime now, const Timing& timing);
  // The device left; it came back (perhaps another generation: everything is to be written again).
  [[nodiscard]] bool away() const { return retry_at_ == base::MonoTime::max(); }
  void lost(const std::string& why);
  void returned(base::MonoTime now);

  // --- what others impose
  // The lowest limit that the firmware takes, once it has shown it.
  [[nodiscard]] std::optional<base::Power> firmware_floor() const { return firmware_floor_; }
  // What acts is less than what was asked for: somebody outside (a BMC) limits it too. Called after each read.
  void heed_outer_limit(base::MonoTime now, const Timing& timing);
  // A lower limit than ours that we respect for now.
  [[nodiscard]] std::optional<base::Power> foreign_ceiling(base::MonoTime now) const;
  // `wanted` with a short-term limit of at most what came of the last one asked for: firmware that takes no more is
  // not asked again at every turn.
  [[nodiscard]] FieldValues as_far_as_taken(FieldValues wanted, base::MonoTime now) const;
  [[nodiscard]] std::uint64_t external_changes() const { return external_changes_; }

 private:
  void again(base::MonoTime at, std::string detail);
  void give_up(Health health, base::MonoTime retry_at, std::string detail);
  void recover(base::MonoTime now, const Timing& timing);
  void clear();
  void forget_old_reasserts(base::MonoTime now, const Timing& timing);
  void heed_lower_short_term(base::MonoTime now, const Timing& timing);
  void retry_or(Health health, base::MonoTime give_up_until, std::string detail, base::MonoTime now,
                const Timing& timing);

  Control control_;
  Health health_ = Health::ok;
  std::string detail_;
  Doing doing_ = Doing::reading;  // what the last trouble was with
  int tries_ = 0;
  std::optional<base::MonoTime> trouble_since_;
  std::optional<base::MonoTime> retry_at_;
  bool wants_discovery_ = false;
  std::deque<base::MonoTime> reasserts_;
  std::optional<base::Power> firmware_floor_;
  std::optional<base::Power> foreign_;
  base::MonoTime foreign_until_{};
  std::optional<std::uint64_t> short_term_taken_;
  base::MonoTime short_term_until_{};
  std::uint64_t external_changes_ = 0;
};

}  // namespace headroom::rapl_agent::core
