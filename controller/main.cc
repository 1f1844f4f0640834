// headroom-controller: writes the status of policies and topologies.
#include <cstdio>

#include "controller/app.h"
#include "kube/config.h"
#include "runtime/lifecycle.h"
#include "runtime/logging.h"
#include "runtime/system_clock.h"

namespace {

int fail(const headroom::base::Error& error) {
  std::fprintf(stderr, "headroom-controller: %s\n", error.message.c_str());
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace headroom;
  const auto parsed = controller::parse_flags(argc, argv);
  if (parsed.exit_code) return *parsed.exit_code;
  auto config = controller::effective_config(parsed.flags);
  if (!config) return fail(config.error());
  if (parsed.flags.check_config) return std::puts("configuration is in order") < 0 ? 1 : 0;
  auto api_server = kube::find_config(config->kubeconfig);
  if (!api_server) return fail(api_server.error());

  runtime::configure_logging(config->log);
  runtime::ShutdownSignals signals;  // before any thread
  runtime::SystemClock clock;
  controller::App app(*config, *std::move(api_server), clock);
  const auto port = app.start();
  if (!port) return fail(port.error());
  signals.wait();
  app.stop();
  return 0;
}
