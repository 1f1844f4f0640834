// Everything of the demo put together and run.
#pragma once

#include <stop_token>
#include <string>

#include "base/result.h"

namespace headroom::demo {

struct EmbeddedOptions {
  bool once = false;
  bool live = false;     // standard output is a terminal: the table is drawn over itself
  std::string programs;  // the folder with headroom-extender, headroom-controller, rapl-agent and raplfs
  std::string layouts = "test/rigs/raplfs/layouts";  // of simulated machines
  std::string crds = "deploy/crds";
  std::stop_token stop;
};

// The program's exit code: 0 when everything expected happened. Errors: what kept the demo from starting.
[[nodiscard]] base::Result<int> run_embedded_cluster(const EmbeddedOptions& options);

}  // namespace headroom::demo
