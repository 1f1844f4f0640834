// What an NVML return code means to the agent. Decided here and nowhere else.
#pragma once

#include <string>

#include "rapl-agent/core/access.h"
#include "rapl-agent/gpu/nvml_abi.h"

namespace headroom::rapl_agent::gpu {

[[nodiscard]] core::Outcome outcome_of(NvmlCode code);

// "insufficient permissions: setting a limit needs root and CAP_SYS_ADMIN"; "NVML error 42" for unnamed ones.
[[nodiscard]] std::string hint_of(NvmlCode code);

// The attachment to the driver is worth nothing any more: shut down and attach anew.
[[nodiscard]] bool breaks_attachment(NvmlCode code);

// Attaching anew in the same process has no prospect after a few tries: the library does not fit the driver any more,
// or the process lost its devices' cgroup. A fresh process (and in Kubernetes a fresh container) may do better.
[[nodiscard]] bool wants_new_process(NvmlCode code);

}  // namespace headroom::rapl_agent::gpu
