// A libnvidia-ml.so.1 without a GPU behind it: what it answers stands in stub_state.h. Compiled twice: whole, and as
// the library of an old driver that lacks the later versions of functions (NVML_STUB_OLD).
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string>

#include "rapl-agent/gpu/nvml_abi.h"
#include "test/rigs/nvml/futex.h"
#include "test/rigs/nvml/stub_state.h"

namespace {

using namespace headroom::rapl_agent::gpu;  // NOLINT: the library's own types
using headroom::test::kHang;
using headroom::test::kStubDevices;
using headroom::test::StubCall;
using headroom::test::StubDevice;
using headroom::test::StubFault;
using headroom::test::StubState;
using headroom::test::Word;

StubState* map_state() {
  Dl_info self{};
  if (::dladdr(reinterpret_cast<const void*>(&map_state), &self) == 0) return nullptr;
  const std::string path = std::string(self.dli_fname) + ".state";
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return nullptr;
  void* mapped = ::mmap(nullptr, sizeof(StubState), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ::close(fd);
  if (mapped == MAP_FAILED) return nullptr;
  auto* state = static_cast<StubState*>(mapped);
  return state->magic == headroom::test::kStubMagic ? state : nullptr;
}

StubState* state() {
  static StubState* const mapped = map_state();
  return mapped;
}

// Handles carry the count of inits, so that one from before a shutdown is known as such.
std::atomic<std::uintptr_t> inits{0};
std::atomic<int> initialized{0};

NvmlDevice handle_of(std::uint32_t place) {
  // Opaque to everybody, and a pointer to nothing.
  return reinterpret_cast<NvmlDevice>((inits.load() << 8) | (place + 1));  // NOLINT(performance-no-int-to-ptr)
}

// One call: counts it, waits where it shall hang, and tells what it shall answer instead of the truth.
class Entered {
 public:
  explicit Entered(StubCall call, std::uint32_t device = kStubDevices) : call_(call), device_(device) {
    ++word(state()->calls);
    headroom::test::futex_wake(word(state()->calls));
    ++word(state()->inside);
    headroom::test::futex_wake(word(state()->inside));
    code_ = struck(state()->faults[index()]);
    if (code_ == 0 && device < kStubDevices) code_ = struck(state()->devices[device].faults[index()]);
  }
  ~Entered() {
    --word(state()->inside);
    headroom::test::futex_wake(word(state()->inside));
  }
  Entered(const Entered&) = delete;
  Entered& operator=(const Entered&) = delete;

  [[nodiscard]] bool refused() const { return code_ != 0; }
  [[nodiscard]] NvmlCode code() const { return static_cast<NvmlCode>(code_); }

  NvmlCode logged(std::uint64_t value, NvmlCode code) const {
    const auto at = state()->logged.load() % headroom::test::kStubLog;
    state()->log[at] = {static_cast<std::uint32_t>(call_), device_, value, static_cast<std::int32_t>(code)};
    ++state()->logged;
    headroom::test::futex_wake(state()->logged);
    return code;
  }

 private:
  [[nodiscard]] std::uint32_t index() const { return static_cast<std::uint32_t>(call_); }
  [[nodiscard]] Word& word(Word* words) const { return words[index()]; }

  static std::int32_t struck(StubFault& fault) {
    std::int32_t code = fault.code.load();
    if (code == 0) return 0;
    if (fault.times.load() > 0 && fault.times.fetch_sub(1) == 1) fault.code.compare_exchange_strong(code, 0);
    if (code != kHang) return code;
    while (fault.code.load() == kHang) headroom::test::futex_wait(fault.code, kHang);
    return fault.code.load();
  }

  StubCall call_;
  std::uint32_t device_;
  std::int32_t code_ = 0;
};

// The device behind a handle, with the fault checks of the call; null: answer `entered` or the handle's own failure.
struct About {
  About(StubCall call, NvmlDevice handle) : place(place_of(handle)), entered(call, place) {
    if (entered.refused()) {
      code = entered.code();
    } else if (initialized.load() == 0 || reinterpret_cast<std::uintptr_t>(handle) >> 8 != inits.load()) {
      code = NvmlCode::uninitialized;
    } else if (place >= kStubDevices) {
      code = NvmlCode::invalid_argument;
    }
  }
  static std::uint32_t place_of(NvmlDevice handle) {
    const auto low = reinterpret_cast<std::uintptr_t>(handle) & 0xff;
    return low == 0 || low > kStubDevices ? kStubDevices : static_cast<std::uint32_t>(low - 1);
  }
  [[nodiscard]] bool ok() const { return code == NvmlCode::success; }
  // REQUIRES: ok(). Without it the answer is some device, which nobody then uses.
  [[nodiscard]] StubDevice& device() const { return state()->devices[place % kStubDevices]; }

  std::uint32_t place;
  Entered entered;
  NvmlCode code = NvmlCode::success;
};

template <class To, class From>
NvmlCode answer(const About& about, To* to, const From& from) {
  if (!about.ok()) return about.code;
  *to = static_cast<To>(from.load());
  return NvmlCode::success;
}

NvmlCode text(const About& about, char* to, unsigned size, const char* from) {
  if (!about.ok()) return about.code;
  std::snprintf(to, size, "%s", from);
  return NvmlCode::success;
}

std::uint32_t enforced(const StubDevice& device) {
  const auto outside = device.out_of_band_mw.load();
  return outside != 0 && outside < device.limit_mw.load() ? outside : device.limit_mw.load();
}

// One limit of a device and between what it may be set.
struct Settable {
  Word& limit;
  const Word& low;
  const Word& high;
};

NvmlCode set(const About& about, const Settable& to, std::uint32_t milliwatts) {
  if (!about.ok()) return about.entered.logged(milliwatts, about.code);
  if (about.device().is_mig.load() != 0) return about.entered.logged(milliwatts, NvmlCode::not_supported);
  if (milliwatts < to.low.load() || milliwatts > to.high.load())
    return about.entered.logged(milliwatts, NvmlCode::invalid_argument);
  to.limit.store(milliwatts);
  return about.entered.logged(milliwatts, NvmlCode::success);
}

NvmlCode found(const Entered& entered, std::uint32_t place, NvmlDevice* device) {
  if (entered.refused()) return entered.code();
  if (initialized.load() == 0) return NvmlCode::uninitialized;
  if (place >= kStubDevices) return NvmlCode::not_found;
  *device = handle_of(place);
  return NvmlCode::success;
}

std::uint32_t place_on_bus(const char* wanted, const char* (*of)(const StubDevice&)) {
  for (std::uint32_t index = 0; index < state()->count.load(); ++index) {
    const auto place = state()->order[index].load();
    if (std::strcmp(of(state()->devices[place]), wanted) == 0) return place;
  }
  return kStubDevices;
}

#ifndef NVML_STUB_OLD
bool field_of(const StubDevice& device, NvmlField field, std::uint32_t scope, std::uint32_t* value) {
  const bool module = scope == static_cast<std::uint32_t>(NvmlScope::module);
  if (module && device.has_module.load() == 0) return false;
  switch (field) {
    case NvmlField::power_limit_min: *value = module ? device.module_min_mw : device.min_mw; return true;
    case NvmlField::power_limit_max: *value = module ? device.module_max_mw : device.max_mw; return true;
    case NvmlField::power_limit_default: *value = module ? device.module_default_mw : device.default_mw; return true;
    case NvmlField::power_limit_enforced:
      *value = module ? device.module_limit_mw.load() : enforced(device);
      return true;
    case NvmlField::power_limit_requested: *value = module ? device.module_limit_mw : device.limit_mw; return true;
    case NvmlField::power_average:
    case NvmlField::power_instant: *value = device.power_mw; return true;
  }
  return false;
}
#endif

}  // namespace

// NOLINTBEGIN(readability-identifier-naming): these are the library's names.
#pragma GCC visibility push(default)
extern "C" {

NvmlCode nvmlInit_v2() {
  if (state() == nullptr) return NvmlCode::driver_not_loaded;
  const Entered entered(StubCall::init);
  if (entered.refused()) return entered.logged(0, entered.code());
  ++inits;
  initialized.store(1);
  return entered.logged(0, NvmlCode::success);
}

NvmlCode nvmlShutdown() {
  const Entered entered(StubCall::shutdown);
  if (entered.refused()) return entered.logged(0, entered.code());
  if (initialized.exchange(0) == 0) return NvmlCode::uninitialized;
  return entered.logged(0, NvmlCode::success);
}

NvmlCode nvmlSystemGetDriverVersion(char* version, unsigned size) {
  const Entered entered(StubCall::driver_version);
  if (entered.refused()) return entered.code();
  std::snprintf(version, size, "570.00-stub");
  return NvmlCode::success;
}

NvmlCode nvmlDeviceGetCount_v2(unsigned* count) {
  const Entered entered(StubCall::count);
  if (entered.refused()) return entered.code();
  if (initialized.load() == 0) return NvmlCode::uninitialized;
  *count = state()->count.load();
  return NvmlCode::success;
}

NvmlCode nvmlDeviceGetHandleByIndex_v2(unsigned index, NvmlDevice* device) {
  const std::uint32_t place = index < state()->count.load() ? state()->order[index].load() : kStubDevices;
  const Entered entered(StubCall::handle_by_index, place);
  return place == kStubDevices && !entered.refused() ? NvmlCode::invalid_argument : found(entered, place, device);
}

NvmlCode nvmlDeviceGetHandleByUUID(const char* uuid, NvmlDevice* device) {
  const auto place = place_on_bus(uuid, [](const StubDevice& of) { return of.uuid; });
  return found(Entered(StubCall::handle_by_uuid, place), place, device);
}

NvmlCode nvmlDeviceGetHandleByPciBusId_v2(const char* pci, NvmlDevice* device) {
  const auto place = place_on_bus(pci, [](const StubDevice& of) { return of.pci; });
  return found(Entered(StubCall::handle_by_pci, place), place, device);
}

NvmlCode nvmlDeviceGetUUID(NvmlDevice device, char* uuid, unsigned size) {
  const About about(StubCall::uuid, device);
  return text(about, uuid, size, about.ok() ? about.device().uuid : "");
}

NvmlCode nvmlDeviceGetName(NvmlDevice device, char* name, unsigned size) {
  const About about(StubCall::name, device);
  return text(about, name, size, about.ok() ? about.device().name : "");
}

NvmlCode nvmlDeviceGetPciInfo_v3(NvmlDevice device, NvmlPciInfo* info) {
  const About about(StubCall::pci_info, device);
  *info = {};
  return text(about, info->bus_id, sizeof(info->bus_id), about.ok() ? about.device().pci : "");
}

NvmlCode nvmlDeviceIsMigDeviceHandle(NvmlDevice device, unsigned* is) {
  const About about(StubCall::is_mig, device);
  return answer(about, is, about.device().is_mig);
}

NvmlCode nvmlDeviceGetDeviceHandleFromMigDeviceHandle(NvmlDevice device, NvmlDevice* parent) {
  const About about(StubCall::mig_parent, device);
  if (!about.ok()) return about.code;
  *parent = handle_of(about.device().mig_parent.load());
  return NvmlCode::success;
}

NvmlCode nvmlDeviceGetVirtualizationMode(NvmlDevice device, NvmlVirtualization* mode) {
  const About about(StubCall::virtualization, device);
  return answer(about, mode, about.device().virtualization);
}

NvmlCode nvmlDeviceGetPersistenceMode(NvmlDevice device, unsigned* mode) {
  const About about(StubCall::persistence, device);
  return answer(about, mode, about.device().persistence);
}

NvmlCode nvmlDeviceGetPowerUsage(NvmlDevice device, unsigned* milliwatts) {
  const About about(StubCall::power_usage, device);
  return answer(about, milliwatts, about.device().power_mw);
}

NvmlCode nvmlDeviceGetEnforcedPowerLimit(NvmlDevice device, unsigned* milliwatts) {
  const About about(StubCall::enforced_limit, device);
  if (!about.ok()) return about.code;
  *milliwatts = enforced(about.device());
  return NvmlCode::success;
}

NvmlCode nvmlDeviceGetPowerManagementLimit(NvmlDevice device, unsigned* milliwatts) {
  const About about(StubCall::limit, device);
  return answer(about, milliwatts, about.device().limit_mw);
}

NvmlCode nvmlDeviceGetPowerManagementDefaultLimit(NvmlDevice device, unsigned* milliwatts) {
  const About about(StubCall::default_limit, device);
  return answer(about, milliwatts, about.device().default_mw);
}

NvmlCode nvmlDeviceGetPowerManagementLimitConstraints(NvmlDevice device, unsigned* low, unsigned* high) {
  const About about(StubCall::constraints, device);
  const auto code = answer(about, low, about.device().min_mw);
  return code != NvmlCode::success ? code : answer(about, high, about.device().max_mw);
}

NvmlCode nvmlDeviceSetPowerManagementLimit(NvmlDevice device, unsigned milliwatts) {
  const About about(StubCall::set_limit, device);
  StubDevice& of = about.device();
  return set(about, {of.limit_mw, of.min_mw, of.max_mw}, milliwatts);
}

NvmlCode nvmlDeviceGetTotalEnergyConsumption(NvmlDevice device, unsigned long long* millijoules) {
  const About about(StubCall::energy, device);
  return answer(about, millijoules, about.device().energy_mj);
}

NvmlCode nvmlDeviceGetTemperature(NvmlDevice device, NvmlTemperatureSensor, unsigned* celsius) {
  const About about(StubCall::temperature, device);
  return answer(about, celsius, about.device().temperature);
}

NvmlCode nvmlDeviceSetGpuLockedClocks(NvmlDevice device, unsigned low, unsigned high) {
  const About about(StubCall::set_locked_clocks, device);
  if (!about.ok()) return about.entered.logged(high, about.code);
  about.device().clock_min_mhz.store(low);
  about.device().clock_max_mhz.store(high);
  return about.entered.logged(high, NvmlCode::success);
}

NvmlCode nvmlDeviceResetGpuLockedClocks(NvmlDevice device) {
  const About about(StubCall::reset_locked_clocks, device);
  if (!about.ok()) return about.entered.logged(0, about.code);
  about.device().clock_min_mhz.store(0);
  about.device().clock_max_mhz.store(0);
  return about.entered.logged(0, NvmlCode::success);
}

#ifndef NVML_STUB_OLD
NvmlCode nvmlDeviceSetPowerManagementLimit_v2(NvmlDevice device, NvmlPowerValue* wanted) {
  const About about(StubCall::set_limit_v2, device);
  StubDevice& of = about.device();
  if (wanted->version != kNvmlPowerValueVersion)
    return about.entered.logged(wanted->milliwatts, NvmlCode::argument_version_mismatch);
  if (wanted->scope != NvmlScope::module) return set(about, {of.limit_mw, of.min_mw, of.max_mw}, wanted->milliwatts);
  if (about.ok() && of.has_module.load() == 0) return about.entered.logged(wanted->milliwatts, NvmlCode::not_supported);
  return set(about, {of.module_limit_mw, of.module_min_mw, of.module_max_mw}, wanted->milliwatts);
}

NvmlCode nvmlDeviceGetFieldValues(NvmlDevice device, int count, NvmlFieldValue* values) {
  const About about(StubCall::field_values, device);
  if (!about.ok()) return about.code;
  for (int n = 0; n < count; ++n) {
    std::uint32_t value = 0;
    const bool known = field_of(about.device(), values[n].field, values[n].scope_id, &value);
    values[n].code = known ? NvmlCode::success : NvmlCode::not_supported;
    values[n].type = NvmlValueType::uint32;
    values[n].value.uint64 = 0;
    values[n].value.uint32 = value;
  }
  return NvmlCode::success;
}
#endif

}  // extern "C"
#pragma GCC visibility pop
// NOLINTEND(readability-identifier-naming)
