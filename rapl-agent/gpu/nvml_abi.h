// The facts of NVIDIA's management library (NVML) that this program uses: names, numbers and layouts of its binary
// interface, written down here so that neither its header nor the library is needed to build. The library itself is
// loaded at run time (nvml_library.h).
//
// Units on this interface: milliwatts, millijoules, degrees Celsius, MHz. All functions return NvmlCode.
// Versioned structs carry sizeof | version << 24 in their first field.
#pragma once

#include <cstdint>

namespace headroom::rapl_agent::gpu {

// nvmlReturn_t. Only those that somebody acts upon are named; any other number may come.
enum class NvmlCode : int {
  success = 0,
  uninitialized = 1,
  invalid_argument = 2,  // a limit outside the constraints, a bad handle
  not_supported = 3,     // the device lacks it; a vGPU guest
  no_permission = 4,     // setting without root or without CAP_SYS_ADMIN
  not_found = 6,
  driver_not_loaded = 9,
  timeout = 10,
  function_not_found = 13,  // the library is older than its caller
  gpu_is_lost = 15,
  reset_required = 16,
  operating_system = 17,          // the device cgroup blocks it
  library_version_mismatch = 18,  // the driver was upgraded under a running process
  in_use = 19,
  argument_version_mismatch = 25,  // a versioned struct of another version
  gpu_not_found = 28,
  unknown = 999,  // among others: the device cgroup was lost
};

// An opaque pointer of the library. Dead once the library was shut down.
struct NvmlDeviceObject;
using NvmlDevice = NvmlDeviceObject*;

// nvmlPciInfo_t of nvmlDeviceGetPciInfo_v3.
struct NvmlPciInfo {
  char bus_id_legacy[16];
  std::uint32_t domain;
  std::uint32_t bus;
  std::uint32_t device;
  std::uint32_t pci_device_id;
  std::uint32_t pci_subsystem_id;
  char bus_id[32];  // "00000000:3B:00.0"
};
static_assert(sizeof(NvmlPciInfo) == 68);

enum class NvmlScope : std::uint8_t {
  gpu = 0,
  module = 1,  // GPU and CPU of one module (GH200, GB200): one supply, one limit
};

// nvmlPowerValue_v2_t.
struct NvmlPowerValue {
  std::uint32_t version;
  NvmlScope scope;
  std::uint32_t milliwatts;
};
static_assert(sizeof(NvmlPowerValue) == 12);
inline constexpr std::uint32_t kNvmlPowerValueVersion = 0x0200000C;

// Fields of nvmlDeviceGetFieldValues; scope_id is an NvmlScope for all of them.
enum class NvmlField : std::uint32_t {
  power_average = 185,
  power_instant = 186,
  power_limit_min = 187,
  power_limit_max = 188,
  power_limit_default = 189,
  power_limit_enforced = 190,
  power_limit_requested = 192,
};

enum class NvmlValueType : std::uint32_t { number_double = 0, uint32 = 1, unsigned_long = 2, uint64 = 3 };

// nvmlFieldValue_t. Each field has a return code of its own.
struct NvmlFieldValue {
  NvmlField field;
  std::uint32_t scope_id;
  std::int64_t timestamp_us;
  std::int64_t latency_us;
  NvmlValueType type;
  NvmlCode code;
  union {
    double number;
    std::uint32_t uint32;
    std::uint64_t uint64;
  } value;
};
static_assert(sizeof(NvmlFieldValue) == 40);

enum class NvmlTemperatureSensor : std::uint32_t { gpu = 0 };

// nvmlGpuVirtualizationMode_t.
enum class NvmlVirtualization : std::uint32_t {
  none = 0,
  passthrough = 1,  // the whole device in a virtual machine: capped as a bare one
  vgpu = 2,         // a guest's slice: nothing to cap
  host_vgpu = 3,
  host_vsga = 4,
};

// Lengths that suffice for every text of the library.
inline constexpr unsigned kNvmlUuidLength = 96;
inline constexpr unsigned kNvmlNameLength = 96;
inline constexpr unsigned kNvmlVersionLength = 96;

}  // namespace headroom::rapl_agent::gpu
