// The GPU helper: a process of its own that speaks to the NVIDIA driver for the agent. It needs root and CAP_SYS_ADMIN
// to set limits, which the agent must not have, and it may hang inside the driver for ever, which the agent must not.
//
// One helper per socket: a lock file beside the socket (<socket>.lock) is held for the life of the process, so that an
// abandoned helper that still sits in a call keeps its successor from starting. It answers while a call hangs (`hung`),
// and on a stop it ends at once unless a call is setting something: then it stays until that call has returned, however
// long that takes. Killing a process there has frozen GPUs.
//
// In Kubernetes it is a container of a second DaemonSet and its socket lies on a hostPath; elsewhere the agent starts
// it (helper_process.h).
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "rapl-agent/gpu/nvml_session.h"

namespace headroom::rapl_agent::gpu {

struct HelperOptions {
  std::string socket;
  SessionOptions session;
  // A descriptor whose end of file means that whoever started the helper is gone: an orderly stop. -1: none.
  int lifeline_fd = -1;
  base::Milliseconds longest_call{5'000};  // the longest deadline granted to a request
  base::Milliseconds parting{2'000};       // for letting the driver go when stopping
  // A new process is asked for at most once in this time, told by the age of <socket>.restarted.
  base::Milliseconds restart_pause{600'000};
};

enum class HelperEnd {
  stopped,
  wants_restart,  // the library cannot be attached again in this process: exit with kRestartExitCode
};
inline constexpr int kRestartExitCode = 75;

// Serves until `stop`, or until only a new process helps. Errors: conflict (another helper holds the lock), unavailable
// and denied (lock or socket cannot be made). The clock gives deadlines; the driver is attached at the first request.
[[nodiscard]] base::Result<HelperEnd> serve_gpus(const HelperOptions& options, base::Clock& clock,
                                                 const std::stop_token& stop);

}  // namespace headroom::rapl_agent::gpu
