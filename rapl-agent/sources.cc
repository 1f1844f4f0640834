#include "rapl-agent/sources.h"

#include <atomic>
#include <utility>

#include "rapl-agent/gpu/helper_client.h"
#include "rapl-agent/hwmon/cpufreq_backend.h"
#include "rapl-agent/hwmon/dcmi.h"
#include "rapl-agent/hwmon/hwmon_backend.h"
#include "rapl-agent/sysfs/deadlined.h"
#include "rapl-agent/sysfs/files.h"
#include "rapl-agent/sysfs/process_facts.h"

namespace headroom::rapl_agent {
namespace {

sysfs::WriteTo write_to(const Config& config) {
  return config.write_outside_sysfs ? sysfs::WriteTo::any_for_tests : sysfs::WriteTo::sysfs_only;
}

hwmon::HwmonOptions hwmon_options(const Config& config) {
  return {config.sysfs_root, config.hwmon_caps ? hwmon::Caps::on : hwmon::Caps::off,
          config.hwmon_temperatures ? hwmon::Temperatures::show : hwmon::Temperatures::hide};
}

powercap::RaplOptions rapl_options(const Config& config) {
  powercap::RaplOptions options;
  options.powercap_root = config.powercap_root;
  options.sysfs_root = config.sysfs_root;
  options.surfaces = config.rapl_surfaces;
  options.dram = config.settings.cap_dram ? powercap::DramLimits::cap : powercap::DramLimits::leave_alone;
  options.write_to = write_to(config);
  options.permission_hint = sysfs::permission_hint(sysfs::process_facts(config.proc_root));
  return options;
}

// The child listens where a helper of its own pod would.
gpu::HelperProcessOptions child_of(const Config& config) {
  gpu::HelperProcessOptions start;
  start.program = config.proc_root + "/self/exe";
  start.arguments = {"gpu-helper", "--socket=" + config.gpu_socket};
  if (!config.gpu_nvml_path.empty()) start.arguments.push_back("--library=" + config.gpu_nvml_path);
  for (const std::string& root : config.gpu_driver_roots) start.arguments.push_back("--driver-root=" + root);
  return start;
}

gpu::ClientOptions gpu_options(const Config& config) {
  gpu::ClientOptions options;
  options.socket = config.gpu_socket;
  if (config.clocks) options.clocks = gpu::ClockControls::listed;
  if (config.gpu_helper == Config::GpuHelper::child) options.start = child_of(config);
  return options;
}

// A node whose helper never came is a node without GPUs. Once its socket has been seen, a helper that is away is a
// fault.
class GpusWhereHelped final : public core::Backend, public core::Meter {
 public:
  GpusWhereHelped(gpu::ClientOptions options, base::Clock& clock)
      : socket_(options.socket), seen_(options.start.has_value()), client_(std::move(options), clock) {}

  core::Inventory discover() override {
    seen_ = seen_ || sysfs::exists(socket_);
    return seen_ ? noted(client_.discover()) : core::Inventory{};
  }
  core::Access read(const core::ControlKey& key) override { return noted(client_.read(key)); }
  core::Access write(const core::ControlKey& key, std::uint64_t value) override {
    return noted(client_.write(key, value));
  }
  core::MeterReading sample(const std::string& domain) override { return noted(client_.sample(domain)); }

  // Any thread.
  [[nodiscard]] std::string state() const { return seen_ ? std::string(gpu::to_string(state_)) : std::string(); }

 private:
  template <class Answer>
  Answer noted(Answer answer) {
    state_ = client_.state();
    return answer;
  }

  const std::string socket_;
  std::atomic<bool> seen_;  // one that is ours to start is never waited for
  gpu::HelperClient client_;
  std::atomic<gpu::HelperState> state_ = gpu::HelperState::unreachable;
};

}  // namespace

struct SourceSet::Parts {
  Parts(const Config& config, base::Clock& clock)
      : rapl(std::make_shared<powercap::RaplBackend>(rapl_options(config))),
        powercap({rapl, rapl}, config.sysfs_deadline, clock) {
    const std::string hint = sysfs::permission_hint(sysfs::process_facts(config.proc_root));
    const auto chips = std::make_shared<hwmon::HwmonBackend>(hwmon_options(config), write_to(config), hint);
    hwmon = std::make_unique<sysfs::Deadlined>(sysfs::Wrapped{chips, chips}, config.sysfs_deadline, clock);
    if (config.clocks) {
      const auto policies = std::make_shared<hwmon::CpufreqBackend>(config.sysfs_root, write_to(config), hint);
      cpufreq = std::make_unique<sysfs::Deadlined>(sysfs::Wrapped{policies, nullptr}, config.sysfs_deadline, clock);
    }
    if (config.dcmi.enabled) {
      dcmi = std::make_unique<hwmon::DcmiMeter>(
          hwmon::DcmiOptions{config.dcmi.program, config.dcmi.interval, config.dcmi.timeout}, clock);
    }
    if (!config.gpu_socket.empty()) gpus = std::make_unique<GpusWhereHelped>(gpu_options(config), clock);
  }
  const std::shared_ptr<powercap::RaplBackend> rapl;
  sysfs::Deadlined powercap;
  std::unique_ptr<sysfs::Deadlined> hwmon;
  std::unique_ptr<sysfs::Deadlined> cpufreq;
  std::unique_ptr<hwmon::DcmiMeter> dcmi;
  std::unique_ptr<GpusWhereHelped> gpus;
};

SourceSet::SourceSet(const Config& config, base::Clock& clock) : parts_(std::make_unique<Parts>(config, clock)) {}
SourceSet::~SourceSet() = default;

std::vector<core::Source> SourceSet::sources() const {
  std::vector<core::Source> all{{"powercap", &parts_->powercap, &parts_->powercap, &parts_->powercap}};
  all.push_back({"hwmon", parts_->hwmon.get(), parts_->hwmon.get(), parts_->hwmon.get()});
  if (parts_->cpufreq != nullptr) {
    all.push_back({"cpufreq", parts_->cpufreq.get(), nullptr, parts_->cpufreq.get()});
  }
  if (parts_->dcmi != nullptr) all.push_back({"dcmi", parts_->dcmi.get(), parts_->dcmi.get()});
  if (parts_->gpus != nullptr) all.push_back({"nvml", parts_->gpus.get(), parts_->gpus.get()});
  return all;
}

bool SourceSet::powercap_mount_is_stale() const {
  return parts_->rapl->mount_is_stale();
}

std::string SourceSet::gpu_helper() const {
  return parts_->gpus != nullptr ? parts_->gpus->state() : std::string();
}

}  // namespace headroom::rapl_agent
