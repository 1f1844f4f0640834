// rapl-agent: applies this node's power caps. `rapl-agent gpu-helper` is the process that speaks to the NVIDIA driver.
#include <unistd.h>

#include <cstdio>
#include <optional>
#include <string_view>

#include "kube/config.h"
#include "rapl-agent/app.h"
#include "rapl-agent/gpu/helper_command.h"
#include "runtime/lifecycle.h"
#include "runtime/logging.h"
#include "runtime/system_clock.h"

namespace {

// The container is to be started again, with new mounts.
constexpr int kRemountExitCode = 75;

int fail(const headroom::base::Error& error) {
  std::fprintf(stderr, "rapl-agent: %s\n", error.message.c_str());
  return 2;
}

// Outside a cluster, and without a kubeconfig, the agent runs by itself; a kubeconfig that is named must be right.
headroom::base::Result<std::optional<headroom::kube::ClientConfig>> api_server_of(
    const headroom::rapl_agent::Config& config) {
  using headroom::kube::ClientConfig;
  auto found = headroom::kube::find_config(config.kubeconfig);
  if (found && config.node_name.empty()) {
    return headroom::base::invalid_input("nodeName: required with an API server (NODE_NAME in the environment)");
  }
  if (found) return std::optional<ClientConfig>(*std::move(found));
  if (!config.kubeconfig.empty()) return std::move(found).error();
  headroom::runtime::log_warning("agent", "no API server: running by itself", {{"why", found.error().message}});
  return std::optional<ClientConfig>();
}

}  // namespace

int main(int argc, char** argv) {
  using namespace headroom;
  if (argc > 1 && std::string_view(argv[1]) == "gpu-helper")
    return rapl_agent::gpu::run_helper_command(argc - 1, argv + 1);
  const auto parsed = rapl_agent::parse_flags(argc, argv);
  if (parsed.exit_code) return *parsed.exit_code;
  const auto environment = rapl_agent::standalone::environment_of(environ);
  auto config = rapl_agent::effective_config(
      parsed.flags, {.uid = ::geteuid(), .in_kubernetes = environment.contains("KUBERNETES_SERVICE_HOST")});
  if (!config) return fail(config.error());
  config = rapl_agent::with_standalone(*std::move(config), parsed.flags, environment, argv[0]);
  if (!config) return fail(config.error());
  if (parsed.flags.check_config) return std::puts("configuration is in order") < 0 ? 1 : 0;

  runtime::configure_logging(config->log);
  runtime::ShutdownSignals signals;  // before any thread
  auto api_server = api_server_of(*config);
  if (!api_server) return fail(api_server.error());
  runtime::BootClock boot;
  runtime::SystemClock system;
  rapl_agent::App app(*config, *std::move(api_server), {boot, system}, [&signals] { signals.request_stop(); });
  const auto port = app.start();
  if (!port) return fail(port.error());
  signals.wait();
  app.stop();
  return app.wants_remount() ? kRemountExitCode : 0;
}
