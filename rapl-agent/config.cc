#include "rapl-agent/config.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "runtime/config_reader.h"

namespace headroom::rapl_agent {
namespace {

using runtime::ConfigReader;

constexpr double kMostWatts = 1e9;

std::optional<core::AgentMode> parse_mode(std::string text) {
  std::erase(text, '-');
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (text == "observe") return core::AgentMode::observe;
  if (text == "dryrun") return core::AgentMode::dry_run;
  if (text == "enforce") return core::AgentMode::enforce;
  return std::nullopt;
}
constexpr std::string_view kModes = "must be Observe, DryRun or Enforce";

core::AgentMode read_mode(const ConfigReader& root) {
  const auto mode = parse_mode(root.text("mode", "Observe"));
  if (!mode) root.problem("mode", kModes);
  return mode.value_or(core::AgentMode::observe);
}

base::Power power_of(double watts) {
  return base::power_from_watts(watts).value_or(base::Power());
}

// A cap of 0 W or less never makes sense, in no place of this file.
std::map<std::string, base::Power> read_watts_map(const ConfigReader& section, std::string_view key) {
  std::map<std::string, base::Power> all;
  for (const auto& [name, watts] : section.named_numbers(key)) {
    if (!(watts >= 1 && watts <= kMostWatts)) {
      section.problem(std::string(key) + "." + name, "must be between 1 and 1000000000");
    }
    all.emplace(name, power_of(watts));
  }
  return all;
}

void read_limits(const ConfigReader& section, core::AgentSettings& settings) {
  settings.floors = read_watts_map(section, "floorWatts");
  settings.ceilings = read_watts_map(section, "ceilingWatts");
  for (const auto& [name, floor] : settings.floors) {
    const auto ceiling = settings.ceilings.find(name);
    if (ceiling != settings.ceilings.end() && ceiling->second < floor) {
      section.problem("ceilingWatts." + name, "must not be below floorWatts." + name);
    }
  }
  settings.smallest_floor = power_of(section.number(
      "smallestFloorWatts", {.fallback = base::to_watts(settings.smallest_floor), .least = 1, .most = kMostWatts}));
  settings.short_term = base::percent(section.integer("shortTermPercent", {.fallback = 110, .least = 1, .most = 200}));
  settings.pl2 = static_cast<core::Pl2Policy>(section.choice("pl2Policy", {"ratio", "leave"}, 0));
  if (section.has("timeWindow")) {
    settings.time_window = section.duration(
        "timeWindow",
        {.fallback = base::Seconds(1), .least = base::Milliseconds(1), .most = base::Milliseconds(3'600'000)});
  }
  settings.cap_dram = section.flag("dram", settings.cap_dram);
}

// Clocks are a control of their own, in their files' units, and only this algorithm asks for them.
void read_clocks(const ConfigReader& root, Config& result) {
  result.clocks = root.choice("algorithm", {"power", "frequency"}, 0) == 1;
  std::map<std::string, std::uint64_t> limits;
  for (const auto& [name, megahertz] : root.named_numbers("clockLimitsMHz")) {
    const std::string key = "clockLimitsMHz." + name;
    const bool cpu = name == "cpufreq" || name.starts_with("cpufreq/");
    if (!cpu && name != "gpu-clock" && !name.starts_with("gpu-clock/")) {
      root.problem(key, "must be cpufreq, cpufreq/policyN, gpu-clock or gpu-clock/UUID");
    }
    if (!(megahertz >= 1 && megahertz <= 100'000)) {
      root.problem(key, "must be between 1 and 100000");
      continue;
    }
    limits.emplace(name, static_cast<std::uint64_t>(cpu ? megahertz * 1'000 : megahertz));
  }
  if (result.clocks && limits.empty()) root.problem("clockLimitsMHz", "algorithm frequency needs at least one");
  if (result.clocks) result.settings.clock_limits = std::move(limits);
}

void read_reserve(const ConfigReader& section, core::AgentSettings& settings) {
  settings.static_reserve = power_of(section.number("staticWatts", {.fallback = 0, .least = 0, .most = kMostWatts}));
  settings.measure_reserve = section.flag("measure", settings.measure_reserve);
}

void read_timing(const ConfigReader& section, core::Timing& timing) {
  using base::Milliseconds;
  timing.tick =
      section.duration("tick", {.fallback = timing.tick, .least = Milliseconds(100), .most = Milliseconds(5'000)});
  timing.verify = section.duration(
      "verify", {.fallback = timing.verify, .least = Milliseconds(1'000), .most = Milliseconds(60'000)});
  timing.heartbeat_ttl =
      section.duration("heartbeatTTL", {.fallback = timing.heartbeat_ttl, .least = Milliseconds(10'000)});
  timing.grace = section.duration("grace", {.fallback = timing.grace, .least = Milliseconds(10'000)});
  if (timing.grace < timing.heartbeat_ttl) section.problem("grace", "must not be below heartbeatTTL");
  const auto scale = section.integer("scale", {.fallback = 1, .least = 1, .most = 1'000});
  timing = core::scaled(timing, static_cast<int>(scale));
}

void read_paths(const ConfigReader& root, Config& result) {
  result.sysfs_root = root.text("sysfsRoot", result.sysfs_root);
  result.powercap_root = root.text("powercapRoot", result.powercap_root);
  result.proc_root = root.text("procRoot", result.proc_root);
  result.journal_path = root.text("journalPath", result.journal_path);
  result.memory_path = root.text("memoryPath", result.memory_path);
  result.write_outside_sysfs = root.flag("testAllowNonSysfs", false);
  for (const auto& [key, path] :
       {std::pair("sysfsRoot", &result.sysfs_root), std::pair("powercapRoot", &result.powercap_root),
        std::pair("journalPath", &result.journal_path)}) {
    if (!path->starts_with('/')) root.problem(key, "must be an absolute path");
  }
}

void read_devices(const ConfigReader& root, Config& result) {
  result.rapl_surfaces =
      static_cast<powercap::Surfaces>(root.section("rapl").choice("surfaces", {"both", "msr", "mmio"}, 0));
  result.sysfs_deadline = root.section("rapl").duration(
      "deadline",
      {.fallback = result.sysfs_deadline, .least = base::Milliseconds(10), .most = base::Milliseconds(5'000)});
  const ConfigReader gpu = root.section("gpu");
  result.gpu_socket = gpu.text("socket", result.gpu_socket);
  result.gpu_helper = static_cast<Config::GpuHelper>(gpu.choice("helper", {"separate", "child"}, 0));
  result.gpu_nvml_path = gpu.text("nvmlPath", "");
  result.gpu_driver_roots = gpu.text_list("driverRoots");
  if (result.gpu_helper == Config::GpuHelper::child && result.gpu_socket.empty()) {
    gpu.problem("socket", "a helper as a child needs one");
  }
  const ConfigReader hwmon = root.section("hwmon");
  result.hwmon_caps = hwmon.flag("caps", result.hwmon_caps);
  result.hwmon_temperatures = hwmon.flag("temperatures", result.hwmon_temperatures);
  const ConfigReader dcmi = root.section("dcmi");
  result.dcmi.enabled = dcmi.flag("enabled", result.dcmi.enabled);
  result.dcmi.program = dcmi.text("program", result.dcmi.program);
  result.dcmi.interval =
      dcmi.duration("interval", {.fallback = result.dcmi.interval, .least = base::Milliseconds(10'000)});
  result.dcmi.timeout = dcmi.duration(
      "timeout",
      {.fallback = result.dcmi.timeout, .least = base::Milliseconds(100), .most = base::Milliseconds(60'000)});
}

bool below_real_sys(const std::string& path) {
  return path == "/sys" || path.starts_with(std::string("/sys") + "/");
}

// Writing to plain files caps nothing and says that it did: for rigs only, and never near the real tree.
base::Status check_surroundings(const Config& config, const Surroundings& around) {
  if (config.gpu_helper == Config::GpuHelper::child && around.in_kubernetes) {
    return base::invalid_input(
        "gpu.helper: child is refused inside Kubernetes (KUBERNETES_SERVICE_HOST is set): there the helper is a "
        "container of its own, deploy/manifests/gpu-helper.yaml, so that the agent needs no capability");
  }
  if (!config.write_outside_sysfs || around.uid != 0) return base::ok_status();
  if (!below_real_sys(config.sysfs_root) && !below_real_sys(config.powercap_root)) return base::ok_status();
  return base::invalid_input(
      "testAllowNonSysfs: refused to user 0 when sysfsRoot or powercapRoot is the machine's own /sys");
}

Config read_all(const ConfigReader& root) {
  Config result;
  core::AgentSettings& settings = result.settings;
  settings.mode = read_mode(root);
  if (root.has("fallbackWatts")) {
    settings.fallback = power_of(root.number("fallbackWatts", {.fallback = 1, .least = 1, .most = kMostWatts}));
  }
  settings.on_exit = static_cast<core::OnExit>(root.choice("onExit", {"hold", "restore", "fallback"}, 0));
  read_limits(root.section("limits"), settings);
  read_clocks(root, result);
  read_reserve(root.section("reserve"), settings);
  read_timing(root.section("timing"), settings.timing);
  result.kubeconfig = root.text("kubeconfig", "");
  result.node_name = root.text("nodeName", "");
  result.system_namespace = root.text("systemNamespace", result.system_namespace);
  result.health = config::read_listen(root.section("listen"), "health", result.health);
  result.health.tls = config::read_tls(root.section("tls"), "health");
  result.log = config::read_log(root.section("log"));
  read_paths(root, result);
  read_devices(root, result);
  return result;
}

}  // namespace

base::Result<Config> read_config(const runtime::ConfigValue& tree, std::string_view source) {
  const ConfigReader root(tree, std::string(source));
  Config result = read_all(root);
  if (auto status = root.finish(); !status) return std::move(status).error();
  return result;
}

std::vector<std::string> config_keys() {
  const runtime::ConfigValue nothing;
  const ConfigReader root(nothing, "");
  (void)read_all(root);
  return root.asked();
}

base::Result<Config> load_config(const std::string& path) {
  if (path.empty()) return read_config(runtime::ConfigValue(), "configuration");
  auto tree = runtime::read_yaml_file(path);
  if (!tree) return std::move(tree).error();
  return read_config(*tree, path);
}

base::Result<Config> effective_config(const Flags& flags, const Surroundings& around) {
  auto result = load_config(flags.config_file);
  if (!result) return result;
  if (flags.kubeconfig) result->kubeconfig = *flags.kubeconfig;
  if (flags.node_name) result->node_name = *flags.node_name;
  if (flags.mode) {
    const auto mode = parse_mode(*flags.mode);
    if (!mode) return base::invalid_input("--mode: " + std::string(kModes));
    result->settings.mode = *mode;
  }
  if (flags.listen_health) {
    auto listen = config::parse_listen(*flags.listen_health);
    if (!listen) return base::with_context(std::move(listen).error(), "--listen-health");
    listen->tls = std::move(result->health.tls);
    result->health = *std::move(listen);
  }
  if (auto status = check_surroundings(*result, around); !status) return std::move(status).error();
  return result;
}

}  // namespace headroom::rapl_agent
