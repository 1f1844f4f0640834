// headroom-extender: parse, load, build, run.
#include <iostream>
#include <utility>

#include "extender/app.h"
#include "extender/config.h"
#include "extender/flags.h"
#include "extender/world.h"
#include "kube/config.h"
#include "runtime/lifecycle.h"
#include "runtime/logging.h"
#include "runtime/metrics.h"
#include "runtime/system_clock.h"

namespace {

namespace extender = headroom::extender;
namespace runtime = headroom::runtime;

constexpr int kBadConfiguration = 2;

int failed(const headroom::base::Error& error, int code) {
  std::cerr << "headroom-extender: " << error.message << "\n";
  return code;
}

int run(const extender::Config& config, const runtime::ShutdownSignals& signals) {
  auto api = headroom::kube::find_config(config.kubeconfig);
  if (!api) return failed(api.error(), kBadConfiguration);
  runtime::SystemClock clock;
  runtime::MetricsRegistry metrics;
  extender::World world(config, *api, clock);
  extender::App app(config, world.edges(metrics));
  if (auto started = app.start(); !started) return failed(started.error(), 1);
  world.start([&app] { app.snapshot_published(); });
  signals.wait();
  runtime::log_info("extender", "stopping");
  world.cancel_calls();
  app.stop();
  world.stop();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const extender::ParsedFlags parsed = extender::parse_flags(argc, argv);
  if (parsed.exit_code) return *parsed.exit_code;
  const auto config = extender::effective_config(parsed.flags);
  if (!config) return failed(config.error(), kBadConfiguration);
  if (parsed.flags.print_config) std::cout << extender::print_config(*config) << "\n";
  if (parsed.flags.check_config) std::cout << "configuration is valid\n";
  if (parsed.flags.print_config || parsed.flags.check_config) return 0;
  runtime::configure_logging(config->log);
  const runtime::ShutdownSignals signals;
  runtime::log_info("extender", "configuration",
                    {{"effective", extender::print_config(*config, extender::ConfigLayout::one_line)}});
  return run(*config, signals);
}
