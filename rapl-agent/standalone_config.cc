#include <utility>

#include "rapl-agent/config.h"

namespace headroom::rapl_agent {

base::Result<Config> with_standalone(Config config, const Flags& flags, const standalone::Environment& environment,
                                     std::string_view program) {
  if (!standalone::is_selected(environment, program)) return config;
  auto settings = standalone::read_environment(environment);
  if (!settings) return std::move(settings).error();
  config.node_name = settings->node_name;
  config.standalone = *std::move(settings);
  if (!flags.mode) config.settings.mode = core::AgentMode::enforce;
  config.gpu_socket.clear();
  config.hwmon_caps = false;
  config.clocks = false;
  config.settings.clock_limits.clear();
  // A configuration file may name other places; without one they are where powercap's DaemonSet mounts them.
  if (flags.config_file.empty()) {
    config.sysfs_root = "/sys";
    config.powercap_root = config.sysfs_root + "/devices/virtual/powercap";
  }
  return config;
}

}  // namespace headroom::rapl_agent
