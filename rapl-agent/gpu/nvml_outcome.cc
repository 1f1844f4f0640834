#include "rapl-agent/gpu/nvml_outcome.h"

#include <string>

namespace headroom::rapl_agent::gpu {

core::Outcome outcome_of(NvmlCode code) {
  switch (code) {
    case NvmlCode::success: return core::Outcome::ok;
    case NvmlCode::invalid_argument: return core::Outcome::invalid;
    case NvmlCode::not_supported:
    case NvmlCode::function_not_found:
    case NvmlCode::argument_version_mismatch: return core::Outcome::unsupported;
    case NvmlCode::no_permission: return core::Outcome::no_permission;
    case NvmlCode::not_found:
    case NvmlCode::gpu_not_found: return core::Outcome::gone;
    case NvmlCode::gpu_is_lost:
    case NvmlCode::reset_required: return core::Outcome::lost;
    case NvmlCode::uninitialized:
    case NvmlCode::driver_not_loaded:
    case NvmlCode::operating_system:
    case NvmlCode::library_version_mismatch:
    case NvmlCode::unknown: return core::Outcome::library_broken;
    case NvmlCode::timeout:
    case NvmlCode::in_use: return core::Outcome::busy;
  }
  return core::Outcome::transient;
}

std::string hint_of(NvmlCode code) {
  switch (code) {
    case NvmlCode::success: return {};
    case NvmlCode::uninitialized: return "the library is not initialised";
    case NvmlCode::invalid_argument: return "the driver refuses the value";
    case NvmlCode::not_supported: return "the GPU does not support it";
    case NvmlCode::no_permission:
      return "insufficient permissions: setting a limit needs root and CAP_SYS_ADMIN "
             "(securityContext.capabilities.add: "
             "[SYS_ADMIN] of the GPU helper)";
    case NvmlCode::driver_not_loaded: return "the NVIDIA driver is not loaded";
    case NvmlCode::gpu_is_lost: return "the GPU is lost: it fell off the bus or is inaccessible";
    case NvmlCode::reset_required: return "the GPU needs a reset";
    case NvmlCode::operating_system: return "the operating system blocks the GPU (device cgroup)";
    case NvmlCode::library_version_mismatch: return "the driver was upgraded under the running helper";
    case NvmlCode::function_not_found:
    case NvmlCode::argument_version_mismatch: return "the NVIDIA library is older than this call";
    case NvmlCode::not_found:
    case NvmlCode::gpu_not_found: return "no such GPU";
    case NvmlCode::timeout: return "the driver timed out";
    case NvmlCode::in_use: return "the GPU is in use";
    case NvmlCode::unknown: return "unknown error of the driver, as after the loss of the container's device cgroup";
  }
  return "NVML error " + std::to_string(static_cast<int>(code));
}

bool breaks_attachment(NvmlCode code) {
  return outcome_of(code) == core::Outcome::library_broken;
}

bool wants_new_process(NvmlCode code) {
  return code == NvmlCode::operating_system || code == NvmlCode::library_version_mismatch || code == NvmlCode::unknown;
}

}  // namespace headroom::rapl_agent::gpu
