// What stands between the deciding code and an interface of the kernel or a library.
//
// A backend only moves values: no retries, no policy, no memory of what was asked. The exceptions keep people's
// machines safe and are the backend's own: it never writes 0 to a limit, it writes only where the kernel answers
// (statfs), it opens with neither O_CREAT nor O_TRUNC, and every call returns within its deadline (sysfs 1 s, NVML 5
// s), `hung` otherwise and until the late call has come back. Methods are called by one thread, the agent's loop.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rapl-agent/core/access.h"
#include "rapl-agent/core/domain.h"

namespace headroom::rapl_agent::core {

struct Inventory {
  // Anything but ok: nothing could be listed now and `domains` is empty; the agent keeps those it knows.
  Outcome outcome = Outcome::ok;
  std::vector<Domain> domains{};     // sorted by id, ids unique over all backends
  std::vector<std::string> notes{};  // hints for people, each a sentence; shown in log, status and /debug/state
  // Ids of domains that are not listed because they are without power (CPUs offline, PCI device gone): they count
  // nothing. One that is neither listed nor here has only left our sight and counts at its ceiling.
  std::vector<std::string> dark{};
};

class Backend {
 public:
  virtual ~Backend() = default;
  // Everything there is now. Called at start, every Timing::discovery, and after an access said gone or lost.
  [[nodiscard]] virtual Inventory discover() = 0;
  [[nodiscard]] virtual Access read(const ControlKey& key) = 0;
  [[nodiscard]] virtual Access write(const ControlKey& key, std::uint64_t value) = 0;
};

// What a domain draws. Absent members are not measured there. `outcome` other than ok: skip this sample.
struct MeterReading {
  Outcome outcome = Outcome::ok;
  int code = 0;
  std::optional<base::Energy> energy{};  // the counter as it stands; differences are the agent's business
  std::optional<base::Power> power{};
  std::optional<base::Temperature> temperature{};
};

class Meter {
 public:
  virtual ~Meter() = default;
  [[nodiscard]] virtual MeterReading sample(const std::string& domain) = 0;
};

// Many reads in one call, for whoever pays for each call (a change of threads). Answers come in the order of the keys,
// and each is what the single call would have brought.
class BatchReader {
 public:
  virtual ~BatchReader() = default;
  [[nodiscard]] virtual std::vector<Access> read_all(const std::vector<ControlKey>& keys) = 0;
  [[nodiscard]] virtual std::vector<MeterReading> sample_all(const std::vector<std::string>& domains) = 0;
};

// One interface as the agent holds it. Backend and meter may be one object; each may be absent, and both outlive the
// agent.
struct Source {
  std::string name;  // "powercap", "nvml", "hwmon": label of metrics and log lines
  Backend* backend = nullptr;
  Meter* meter = nullptr;        // for the domains that this backend lists
  BatchReader* batch = nullptr;  // where there is one, reads go through it
};

}  // namespace headroom::rapl_agent::core
