#include "rapl-agent/gpu/nvml_library.h"

#include <dlfcn.h>

#include <array>
#include <bit>
#include <optional>

namespace headroom::rapl_agent::gpu {

struct NvmlLibrary::Functions {
  NvmlCode (*init)();
  NvmlCode (*shutdown)();
  NvmlCode (*driver_version)(char*, unsigned);
  NvmlCode (*count)(unsigned*);
  NvmlCode (*by_index)(unsigned, NvmlDevice*);
  NvmlCode (*by_pci)(const char*, NvmlDevice*);
  NvmlCode (*is_mig)(NvmlDevice, unsigned*);
  NvmlCode (*mig_parent)(NvmlDevice, NvmlDevice*);
  NvmlCode (*uuid)(NvmlDevice, char*, unsigned);
  NvmlCode (*name)(NvmlDevice, char*, unsigned);
  NvmlCode (*pci_info)(NvmlDevice, NvmlPciInfo*);
  NvmlCode (*virtualization)(NvmlDevice, NvmlVirtualization*);
  NvmlCode (*persistence)(NvmlDevice, unsigned*);
  NvmlCode (*range)(NvmlDevice, unsigned*, unsigned*);
  NvmlCode (*default_limit)(NvmlDevice, unsigned*);
  NvmlCode (*limit)(NvmlDevice, unsigned*);
  NvmlCode (*enforced_limit)(NvmlDevice, unsigned*);
  NvmlCode (*set_limit)(NvmlDevice, unsigned);
  NvmlCode (*set_limit_scoped)(NvmlDevice, NvmlPowerValue*);
  NvmlCode (*power)(NvmlDevice, unsigned*);
  NvmlCode (*energy)(NvmlDevice, unsigned long long*);
  NvmlCode (*temperature)(NvmlDevice, NvmlTemperatureSensor, unsigned*);
  NvmlCode (*fields)(NvmlDevice, int, NvmlFieldValue*);
  NvmlCode (*lock_clocks)(NvmlDevice, unsigned, unsigned);
  NvmlCode (*reset_clocks)(NvmlDevice);
};

namespace {

// The newest of the named symbols that the library has; null: it has none.
template <class Function>
void bind(void* handle, Function& function, const std::array<const char*, 2>& names) {
  function = nullptr;
  for (const char* name : names) {
    if (name == nullptr || function != nullptr) continue;
    function = std::bit_cast<Function>(::dlsym(handle, name));
  }
}
template <class Function>
void bind(void* handle, Function& function, const char* name) {
  bind(handle, function, {name, nullptr});
}

template <class T, class Function, class... Arguments>
NvmlAnswer<T> ask(Function function, Arguments... arguments) {
  if (function == nullptr) return {NvmlCode::function_not_found, {}};
  NvmlAnswer<T> answer;
  answer.code = function(arguments..., &answer.value);
  return answer;
}

template <std::size_t size, class Function>
NvmlAnswer<std::string> ask_text(Function function, NvmlDevice device) {
  if (function == nullptr) return {NvmlCode::function_not_found, {}};
  std::array<char, size> text{};
  const NvmlCode code = function(device, text.data(), static_cast<unsigned>(size));
  text.back() = '\0';
  return {code, code == NvmlCode::success ? std::string(text.data()) : std::string()};
}

template <class Functions>
void bind_identity(void* handle, Functions& to) {
  bind(handle, to.init, {"nvmlInit_v2", "nvmlInit"});
  bind(handle, to.shutdown, "nvmlShutdown");
  bind(handle, to.driver_version, "nvmlSystemGetDriverVersion");
  bind(handle, to.count, {"nvmlDeviceGetCount_v2", "nvmlDeviceGetCount"});
  bind(handle, to.by_index, {"nvmlDeviceGetHandleByIndex_v2", "nvmlDeviceGetHandleByIndex"});
  bind(handle, to.by_pci, {"nvmlDeviceGetHandleByPciBusId_v2", "nvmlDeviceGetHandleByPciBusId"});
  bind(handle, to.is_mig, "nvmlDeviceIsMigDeviceHandle");
  bind(handle, to.mig_parent, "nvmlDeviceGetDeviceHandleFromMigDeviceHandle");
  bind(handle, to.uuid, "nvmlDeviceGetUUID");
  bind(handle, to.name, "nvmlDeviceGetName");
  // Earlier versions fill another layout, and without one the UUID still identifies.
  bind(handle, to.pci_info, "nvmlDeviceGetPciInfo_v3");
  bind(handle, to.virtualization, "nvmlDeviceGetVirtualizationMode");
  bind(handle, to.persistence, "nvmlDeviceGetPersistenceMode");
}

template <class Functions>
void bind_power(void* handle, Functions& to) {
  bind(handle, to.range, "nvmlDeviceGetPowerManagementLimitConstraints");
  bind(handle, to.default_limit, "nvmlDeviceGetPowerManagementDefaultLimit");
  bind(handle, to.limit, "nvmlDeviceGetPowerManagementLimit");
  bind(handle, to.enforced_limit, "nvmlDeviceGetEnforcedPowerLimit");
  bind(handle, to.set_limit, "nvmlDeviceSetPowerManagementLimit");
  bind(handle, to.set_limit_scoped, "nvmlDeviceSetPowerManagementLimit_v2");
  bind(handle, to.power, "nvmlDeviceGetPowerUsage");
  bind(handle, to.energy, "nvmlDeviceGetTotalEnergyConsumption");
  bind(handle, to.temperature, "nvmlDeviceGetTemperature");
  bind(handle, to.fields, "nvmlDeviceGetFieldValues");
  bind(handle, to.lock_clocks, "nvmlDeviceSetGpuLockedClocks");
  bind(handle, to.reset_clocks, "nvmlDeviceResetGpuLockedClocks");
}

template <class Functions>
bool complete(const Functions& functions) {
  return functions.init != nullptr && functions.shutdown != nullptr && functions.count != nullptr &&
         functions.by_index != nullptr && functions.uuid != nullptr && functions.limit != nullptr;
}

}  // namespace

std::vector<std::string> library_candidates(const std::vector<std::string>& driver_roots) {
  constexpr const char* kName = "libnvidia-ml.so.1";
  constexpr std::array kDirectories = {"/usr/lib64", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu",
                                       "/lib64",     "/lib/x86_64-linux-gnu",     "/lib/aarch64-linux-gnu"};
  std::vector<std::string> candidates = {kName};
  for (const auto& root : driver_roots) {
    for (const char* directory : kDirectories) candidates.push_back(root + directory + "/" + kName);
  }
  return candidates;
}

NvmlLibrary::NvmlLibrary(std::string path, void* handle, std::unique_ptr<Functions> functions)
    : path_(std::move(path)), handle_(handle), functions_(std::move(functions)) {}

NvmlLibrary::NvmlLibrary(NvmlLibrary&& other) noexcept
    : path_(std::move(other.path_)),
      handle_(std::exchange(other.handle_, nullptr)),
      functions_(std::move(other.functions_)) {}

NvmlLibrary& NvmlLibrary::operator=(NvmlLibrary&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(handle_, other.handle_);
  std::swap(functions_, other.functions_);
  return *this;
}

NvmlLibrary::~NvmlLibrary() {
  if (handle_ != nullptr) ::dlclose(handle_);
}

base::Result<NvmlLibrary> NvmlLibrary::open(const std::vector<std::string>& candidates) {
  std::string said;
  for (const auto& candidate : candidates) {
    void* handle = ::dlopen(candidate.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
      const char* why = ::dlerror();
      said += (said.empty() ? "" : "; ") + std::string(why == nullptr ? candidate : why);
      continue;
    }
    auto functions = std::make_unique<Functions>();
    bind_identity(handle, *functions);
    bind_power(handle, *functions);
    const bool usable = complete(*functions);
    NvmlLibrary library(candidate, handle, std::move(functions));
    if (!usable) return base::unsupported(candidate + ": lacks the calls that tell GPUs and their limits");
    return library;
  }
  return base::not_found("no libnvidia-ml.so.1: " + said);
}

bool NvmlLibrary::has_scopes() const {
  return functions_->fields != nullptr && functions_->set_limit_scoped != nullptr;
}

NvmlCode NvmlLibrary::init() {
  return functions_->init();
}
NvmlCode NvmlLibrary::shutdown() {
  return functions_->shutdown();
}

NvmlAnswer<std::string> NvmlLibrary::driver_version() {
  if (functions_->driver_version == nullptr) return {NvmlCode::function_not_found, {}};
  std::array<char, kNvmlVersionLength> text{};
  const NvmlCode code = functions_->driver_version(text.data(), static_cast<unsigned>(text.size()));
  text.back() = '\0';
  return {code, text.data()};
}

NvmlAnswer<std::uint32_t> NvmlLibrary::count() {
  return ask<std::uint32_t>(functions_->count);
}

NvmlAnswer<NvmlDevice> NvmlLibrary::by_index(std::uint32_t index) {
  return ask<NvmlDevice>(functions_->by_index, index);
}

NvmlAnswer<NvmlDevice> NvmlLibrary::by_pci(const std::string& bus_id) {
  return ask<NvmlDevice>(functions_->by_pci, bus_id.c_str());
}

NvmlAnswer<NvmlDevice> NvmlLibrary::physical(NvmlDevice device) {
  const auto is_mig = ask<unsigned>(functions_->is_mig, device);
  if (is_mig.code == NvmlCode::function_not_found || is_mig.code == NvmlCode::not_supported)
    return {NvmlCode::success, device};
  if (!is_mig.ok()) return {is_mig.code, {}};
  if (is_mig.value == 0) return {NvmlCode::success, device};
  return ask<NvmlDevice>(functions_->mig_parent, device);
}

NvmlAnswer<std::string> NvmlLibrary::uuid(NvmlDevice device) {
  return ask_text<kNvmlUuidLength>(functions_->uuid, device);
}

NvmlAnswer<std::string> NvmlLibrary::name(NvmlDevice device) {
  return ask_text<kNvmlNameLength>(functions_->name, device);
}

NvmlAnswer<std::string> NvmlLibrary::pci_bus_id(NvmlDevice device) {
  auto info = ask<NvmlPciInfo>(functions_->pci_info, device);
  info.value.bus_id[sizeof(info.value.bus_id) - 1] = '\0';
  return {info.code, info.ok() ? std::string(info.value.bus_id) : std::string()};
}

NvmlAnswer<NvmlVirtualization> NvmlLibrary::virtualization(NvmlDevice device) {
  return ask<NvmlVirtualization>(functions_->virtualization, device);
}

NvmlAnswer<bool> NvmlLibrary::persistence(NvmlDevice device) {
  const auto mode = ask<unsigned>(functions_->persistence, device);
  return {mode.code, mode.value != 0};
}

NvmlAnswer<std::uint32_t> NvmlLibrary::field(NvmlDevice device, NvmlScope scope, NvmlField field) {
  if (functions_->fields == nullptr) return {NvmlCode::function_not_found, {}};
  NvmlFieldValue value{};
  value.field = field;
  value.scope_id = static_cast<std::uint32_t>(scope);
  const NvmlCode code = functions_->fields(device, 1, &value);
  if (code != NvmlCode::success) return {code, {}};
  if (value.code != NvmlCode::success) return {value.code, {}};
  switch (value.type) {
    case NvmlValueType::uint32: return {NvmlCode::success, value.value.uint32};
    case NvmlValueType::unsigned_long:
    case NvmlValueType::uint64:
      if (value.value.uint64 <= UINT32_MAX) return {NvmlCode::success, static_cast<std::uint32_t>(value.value.uint64)};
      break;
    case NvmlValueType::number_double: break;
  }
  return {NvmlCode::not_supported, {}};
}

NvmlAnswer<PowerRange> NvmlLibrary::range(NvmlDevice device, NvmlScope scope) {
  if (scope == NvmlScope::gpu) {
    if (functions_->range == nullptr) return {NvmlCode::function_not_found, {}};
    NvmlAnswer<PowerRange> answer;
    answer.code = functions_->range(device, &answer.value.min_mw, &answer.value.max_mw);
    return answer;
  }
  const auto low = field(device, scope, NvmlField::power_limit_min);
  if (!low.ok()) return {low.code, {}};
  const auto high = field(device, scope, NvmlField::power_limit_max);
  return {high.code, {low.value, high.value}};
}

NvmlAnswer<std::uint32_t> NvmlLibrary::default_limit(NvmlDevice device, NvmlScope scope) {
  if (scope == NvmlScope::gpu) return ask<std::uint32_t>(functions_->default_limit, device);
  return field(device, scope, NvmlField::power_limit_default);
}

NvmlAnswer<std::uint32_t> NvmlLibrary::limit(NvmlDevice device, NvmlScope scope) {
  if (scope == NvmlScope::gpu) return ask<std::uint32_t>(functions_->limit, device);
  return field(device, scope, NvmlField::power_limit_requested);
}

NvmlAnswer<std::uint32_t> NvmlLibrary::enforced_limit(NvmlDevice device, NvmlScope scope) {
  if (scope == NvmlScope::gpu) return ask<std::uint32_t>(functions_->enforced_limit, device);
  return field(device, scope, NvmlField::power_limit_enforced);
}

NvmlCode NvmlLibrary::set_limit(NvmlDevice device, NvmlScope scope, std::uint32_t milliwatts) {
  if (functions_->set_limit_scoped != nullptr) {
    NvmlPowerValue value{.version = kNvmlPowerValueVersion, .scope = scope, .milliwatts = milliwatts};
    const NvmlCode code = functions_->set_limit_scoped(device, &value);
    // A library that exports the call may still not know it for this device or this layout.
    const bool unknown = code == NvmlCode::function_not_found || code == NvmlCode::argument_version_mismatch ||
                         code == NvmlCode::not_supported;
    if (!unknown || scope != NvmlScope::gpu) return code;
  }
  if (scope != NvmlScope::gpu || functions_->set_limit == nullptr) return NvmlCode::function_not_found;
  return functions_->set_limit(device, milliwatts);
}

NvmlAnswer<std::uint32_t> NvmlLibrary::power_mw(NvmlDevice device, NvmlScope scope) {
  if (scope == NvmlScope::gpu) return ask<std::uint32_t>(functions_->power, device);
  return field(device, scope, NvmlField::power_average);
}

NvmlAnswer<std::uint64_t> NvmlLibrary::energy_mj(NvmlDevice device) {
  const auto energy = ask<unsigned long long>(functions_->energy, device);
  return {energy.code, energy.value};
}

NvmlAnswer<std::uint32_t> NvmlLibrary::temperature(NvmlDevice device) {
  return ask<std::uint32_t>(functions_->temperature, device, NvmlTemperatureSensor::gpu);
}

NvmlCode NvmlLibrary::lock_clocks(NvmlDevice device, LockedClocks clocks) {
  if (functions_->lock_clocks == nullptr) return NvmlCode::function_not_found;
  return functions_->lock_clocks(device, clocks.min_mhz, clocks.max_mhz);
}

NvmlCode NvmlLibrary::reset_clocks(NvmlDevice device) {
  if (functions_->reset_clocks == nullptr) return NvmlCode::function_not_found;
  return functions_->reset_clocks(device);
}

}  // namespace headroom::rapl_agent::gpu
