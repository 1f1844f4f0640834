// The write protocol: announce in the journal, read what stands there, write in the safe order, read back, judge.
// Not thread-safe.
#pragma once

#include <functional>
#include <vector>

#include "rapl-agent/core/catalog.h"

namespace headroom::rapl_agent::core {

struct WriteJob {
  DomainRecord* record = nullptr;
  std::size_t surface = 0;  // of record->surfaces
  FieldValues wanted;
};

// What has to happen to a control so that it holds what is wanted, by its newest reads.
enum class Needs { nothing, lower, raise };
[[nodiscard]] Needs needs_of(const SurfaceState& surface, const FieldValues& wanted);

// NVML cannot be asked for its lock: the helper remembers what it set, and a new one has forgotten what its predecessor
// did. Our own memory says that there is a lock: giving it back writes, whatever is read.
[[nodiscard]] bool forgotten_lock(const SurfaceState& surface);

class Executor {
 public:
  // `announce` puts the present memory of all controls, their pending values included, on the medium.
  Executor(const Timing& timing, const Catalog& catalog, std::function<void()> announce)
      : timing_(timing), catalog_(catalog), announce_(std::move(announce)) {}

  // Runs one phase, all lowers or all raises. CPUs go first: they are quick. True: every job's control reads back as
  // asked or is better.
  bool run(SurfaceState::Doing phase, std::vector<WriteJob> jobs, base::MonoTime now);

  [[nodiscard]] std::uint64_t refused_values() const { return refused_values_; }

 private:
  struct Prepared;
  bool write_all(const Prepared& prepared, base::MonoTime now);
  bool write_one(const Prepared& prepared, FieldWrite write, base::MonoTime now);
  bool read_back(const Prepared& prepared, base::MonoTime now);

  Timing timing_;
  const Catalog& catalog_;
  std::function<void()> announce_;
  std::uint64_t refused_values_ = 0;
};

// A value that must never reach a limit: 0, or above what was there before us and above what the interface knows as its
// largest. Registers wrap around silently.
[[nodiscard]] bool dangerous(const SurfaceState& surface, FieldWrite write);

}  // namespace headroom::rapl_agent::core
