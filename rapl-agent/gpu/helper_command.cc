#include "rapl-agent/gpu/helper_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include "rapl-agent/gpu/helper.h"
#include "runtime/lifecycle.h"
#include "runtime/logging.h"
#include "runtime/system_clock.h"

namespace headroom::rapl_agent::gpu {

int run_helper_command(int count, const char* const* arguments) {
  HelperOptions options;
  std::vector<std::string> roots;
  std::string library;
  CLI::App app("Sets and reads the power limits of NVIDIA GPUs for the node agent", "rapl-agent gpu-helper");
  app.add_option("--socket", options.socket, "Unix socket to listen on")->required();
  app.add_option("--driver-root", roots, "where the host's driver is mounted");
  app.add_option("--library", library, "libnvidia-ml.so.1 to load");
  app.add_option("--lifeline-fd", options.lifeline_fd, "stop when this descriptor comes to its end");
  try {
    app.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  roots.insert(roots.begin(), {"", "/run/nvidia/driver"});
  options.session.libraries = library.empty() ? library_candidates(roots) : std::vector<std::string>{library};

  runtime::configure_logging({});
  runtime::ShutdownSignals signals;
  runtime::SystemClock clock;
  const auto end = serve_gpus(options, clock, signals.token());
  if (!end) {
    std::fprintf(stderr, "rapl-agent gpu-helper: %s\n", end.error().message.c_str());
    return 2;
  }
  return *end == HelperEnd::stopped ? 0 : kRestartExitCode;
}

}  // namespace headroom::rapl_agent::gpu
