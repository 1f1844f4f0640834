// headroom-demo: the whole chain on one machine, with stand-ins only for what is not Headroom's (API server, kubelets,
// exporters, kube-scheduler, the machines' power limits) and the real extender, controller and agents among them.
// scripts/demo builds and runs it.
#include <unistd.h>
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <string>

#include "demo/embedded_cluster.h"
#include "runtime/lifecycle.h"
#include "runtime/logging.h"

int main(int argc, char** argv) {
  headroom::runtime::ShutdownSignals signals;
  headroom::runtime::configure_logging({headroom::runtime::LogLevel::warning, headroom::runtime::LogFormat::automatic});
  headroom::demo::EmbeddedOptions options;
  options.programs = std::filesystem::path(argv[0]).parent_path().string();
  options.live = ::isatty(STDOUT_FILENO) != 0;

  CLI::App app("Headroom's demo: three racks of eight nodes, power and temperature limits, and a stream of pods.");
  app.add_flag("--once", options.once, "play the story once and exit; non-zero when something expected did not happen");
  app.add_option("--programs", options.programs, "the folder with Headroom's programs and raplfs")
      ->capture_default_str();
  app.add_option("--layouts", options.layouts, "the folder with raplfs's machines")->capture_default_str();
  app.add_option("--crds", options.crds, "the folder with the CustomResourceDefinitions")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  options.stop = signals.token();

  const auto result = headroom::demo::run_embedded_cluster(options);
  if (!result) {
    std::fprintf(stderr, "headroom-demo: %s\n", result.error().message.c_str());
    return 1;
  }
  return *result;
}
