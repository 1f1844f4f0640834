// `rapl-agent gpu-helper`: the helper's command line.
#pragma once

namespace headroom::rapl_agent::gpu {

// Runs the helper until SIGTERM or until only a new process helps; the exit status: 0 stopped, 2 it cannot serve (said
// on standard error), kRestartExitCode. `arguments[0]` is the command's name. Called by main before any thread exists.
//
//   --socket=PATH        where to listen (required)
//   --driver-root=PATH   where the host's driver is mounted besides "" and /run/nvidia/driver; repeatable
//   --library=PATH       this library and no other
//   --lifeline-fd=N      stop when this descriptor comes to its end
[[nodiscard]] int run_helper_command(int count, const char* const* arguments);

}  // namespace headroom::rapl_agent::gpu
