// What must survive the agent's death: what the controls were before us, what we last wrote, and by which order we act.
// rapl-agent/journal keeps it in files; the agent's loop decides when.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "rapl-agent/core/cap_order.h"
#include "rapl-agent/core/control.h"

namespace headroom::rapl_agent::core {

struct JournalControl {
  ControlKey key;
  std::optional<std::uint64_t> original;
  bool original_certain = true;               // false: recorded after the journal was lost; never written back
  std::optional<std::uint64_t> last_written;  // confirmed or at least attempted; nothing: never written by us
  std::optional<std::uint64_t> pending;       // announced before a write, cleared after its read-back

  bool operator==(const JournalControl&) const = default;
};

struct JournalState {
  std::string boot_id;
  std::vector<JournalControl> controls;  // sorted by key
  std::optional<CapOrder> order;         // the newest accepted one
  std::optional<base::WallTime> heartbeat;
  std::optional<base::MonoTime> heartbeat_seen;  // CLOCK_BOOTTIME when it was seen to change

  bool operator==(const JournalState&) const = default;
};

struct Recovered {
  enum class Kind {
    nothing,    // first start since boot, or ever
    same_boot,  // originals and order are those of the agent before us
    rebooted,   // the caps went with the boot; only the order is left
    corrupt,    // there was a journal and it cannot be read: current values may be ours, so no original is certain
    locked,     // another agent holds it: observe
  };
  Kind kind = Kind::nothing;
  JournalState state;  // same_boot: all of it; rebooted, corrupt: boot_id is the present one, `order` where it survived
  std::vector<std::string> notes;
};

class JournalStore {
 public:
  virtual ~JournalStore() = default;
  // On the medium when it returns ok: written ahead of every change of a control. An error stops nothing but is
  // reported.
  virtual base::Status save(const JournalState& state) = 0;
};

}  // namespace headroom::rapl_agent::core
