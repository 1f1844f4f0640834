// What the stub libnvidia-ml.so.1 is and does: plain memory in a file, mapped by the library in whatever process loads
// it and by the test that scripts it. The library finds it beside itself, as "<library file>.state".
//
// A change holds from the next call on, in every process. Limits, once set, stay in the file as a real driver keeps
// them beyond the life of a client. One test writes; the library writes limits, the log and its counters.
#pragma once

#include <atomic>
#include <cstdint>

namespace headroom::test {

// The library's functions, by what they do. Several versions of one function share an entry, but for the set calls.
enum class StubCall : std::uint32_t {
  init,
  shutdown,
  driver_version,
  count,
  handle_by_index,
  handle_by_uuid,
  handle_by_pci,
  uuid,
  name,
  pci_info,
  is_mig,
  mig_parent,
  virtualization,
  persistence,
  power_usage,
  enforced_limit,
  limit,
  default_limit,
  constraints,
  set_limit,
  set_limit_v2,
  energy,
  temperature,
  field_values,
  set_locked_clocks,
  reset_locked_clocks,
};
inline constexpr std::uint32_t kStubCalls = 26;
inline constexpr std::uint32_t kStubDevices = 16;
inline constexpr std::uint32_t kStubLog = 4096;
inline constexpr std::uint32_t kStubMagic = 0x4e564d31;

// Returned instead of the true answer. 0: none. kHang: the call does not return before the value changes.
inline constexpr std::int32_t kHang = -1;

using Word = std::atomic<std::uint32_t>;
static_assert(Word::is_always_lock_free && std::atomic<std::uint64_t>::is_always_lock_free);

struct StubFault {
  std::atomic<std::int32_t> code;  // 0, an NVML code, or kHang
  Word times;                      // how many calls it still meets; 0: all
};

struct StubDevice {
  char uuid[96];
  char pci[32];
  char name[96];
  Word limit_mw, default_mw, min_mw, max_mw;
  Word out_of_band_mw;  // a limit of the BMC; 0: none
  Word power_mw;
  Word temperature;
  Word persistence;
  Word virtualization;
  Word is_mig, mig_parent;  // a MIG device and the place of its physical GPU in `devices`
  Word has_module;          // constraints of the module scope exist
  Word module_limit_mw, module_default_mw, module_min_mw, module_max_mw;
  Word clock_min_mhz, clock_max_mhz;  // locked clocks; 0: not locked
  std::atomic<std::uint64_t> energy_mj;
  StubFault faults[kStubCalls];  // only for calls about this device
};

struct StubLogEntry {
  std::uint32_t call;
  std::uint32_t device;  // kStubDevices: none
  std::uint64_t value;   // what was set, in mW or MHz
  std::int32_t code;
};

struct StubState {
  std::uint32_t magic;
  Word count;                // how many devices are on the bus
  Word order[kStubDevices];  // index -> place in `devices`
  StubDevice devices[kStubDevices];
  StubFault faults[kStubCalls];
  Word calls[kStubCalls];   // entered so far
  Word inside[kStubCalls];  // at this moment
  Word logged;
  StubLogEntry log[kStubLog];  // what changed something: the set and clock calls, init and shutdown
};

}  // namespace headroom::test
