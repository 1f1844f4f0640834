// The node agent's configuration: one YAML file, every key with a default, so that an empty file is a working
// configuration in a pod. Defaults write nothing to hardware. docs/configuration.md describes each key.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/durations.h"
#include "base/names.h"
#include "base/result.h"
#include "base/units.h"
#include "config/sections.h"
#include "rapl-agent/core/settings.h"
#include "rapl-agent/powercap/rapl_backend.h"
#include "rapl-agent/standalone/environment.h"
#include "runtime/config_file.h"

namespace headroom::rapl_agent {

struct Config {
  core::AgentSettings settings;  // mode, timing, floors, ceilings, reserve, fallback, ...

  std::string kubeconfig;  // a path or an http(s) URL; empty: KUBECONFIG, else in-cluster
  std::string node_name;   // NODE_NAME in the deployment; needed with an API server
  std::string system_namespace{base::names::kSystemNamespace};
  config::ListenConfig health{"0.0.0.0", 9880, {}};
  runtime::LogOptions log;

  // Where the machine is mounted.
  std::string sysfs_root = "/host/sys";
  std::string powercap_root = "/host/powercap";
  std::string proc_root = "/proc";
  std::string journal_path = "/run/headroom";     // on a tmpfs of the host
  std::string memory_path = "/var/lib/headroom";  // on its disk; empty: no order survives a reboot
  bool write_outside_sysfs = false;               // for rigs; refused to user 0 on the real tree

  powercap::Surfaces rapl_surfaces = powercap::Surfaces::msr_and_mmio;
  base::Milliseconds sysfs_deadline{1'000};

  std::string gpu_socket = "/run/headroom/gpu/helper.sock";  // of the GPU helper; empty: no NVIDIA GPUs
  // Who starts the helper. As a child only outside Kubernetes, where the agent itself may do what the helper has to.
  enum class GpuHelper { separate, child };
  GpuHelper gpu_helper = GpuHelper::separate;
  std::string gpu_nvml_path;                  // of the child: this libnvidia-ml.so.1 and no other; empty: looked for
  std::vector<std::string> gpu_driver_roots;  // of the child: where else the driver is mounted

  bool hwmon_caps = false;  // GPUs and sockets that hwmon can cap
  bool hwmon_temperatures = true;
  bool clocks = false;  // clocks as controls: `algorithm` asks for them, or some are ours and are to be given back
  struct Dcmi {
    bool enabled = false;
    std::string program = "/usr/bin/ipmitool";
    base::Milliseconds interval{10'000};
    base::Milliseconds timeout{10'000};
  } dcmi;

  // In the place of powercap: caps come from a source of this node's own.
  std::optional<standalone::Settings> standalone;
};

// Errors: invalid_input with every problem at once, one per line, each naming the key.
[[nodiscard]] base::Result<Config> read_config(const runtime::ConfigValue& tree, std::string_view source);
// Every key that such a file may have, sorted; of a map with free keys the map's own.
[[nodiscard]] std::vector<std::string> config_keys();
[[nodiscard]] base::Result<Config> load_config(const std::string& path);  // empty path: all defaults

struct Flags {
  std::string config_file;
  bool check_config = false;
  // Set: stands in place of the file's key.
  std::optional<std::string> kubeconfig;
  std::optional<std::string> listen_health;
  std::optional<std::string> mode;
  std::optional<std::string> node_name;  // also NODE_NAME
};

// What of the process decides whether a configuration is allowed here.
struct Surroundings {
  unsigned uid = 0;
  bool in_kubernetes = false;  // KUBERNETES_SERVICE_HOST is set
};

// Either flags, or the exit code of a program that has already said what it had to (--help, a wrong flag).
struct ParsedFlags {
  Flags flags;
  std::optional<int> exit_code;
};
[[nodiscard]] ParsedFlags parse_flags(int argc, const char* const* argv);

// The file with the flags over it. Errors beside those of the file: test settings of user 0 on the real tree; a GPU
// helper as a child inside Kubernetes.
[[nodiscard]] base::Result<Config> effective_config(const Flags& flags, const Surroundings& around);

// As powercap's DaemonSet wants it, where the environment or the program's name asks for that: it caps CPU packages
// only, through the kernel's own path, and Enforce is the default. Otherwise as given. Errors: those of the
// environment.
[[nodiscard]] base::Result<Config> with_standalone(Config config, const Flags& flags,
                                                   const standalone::Environment& environment,
                                                   std::string_view program);

}  // namespace headroom::rapl_agent
