#include "test/rigs/nvml/nvml_stub.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <new>
#include <stdexcept>

#include "test/rigs/nvml/futex.h"

namespace headroom::test {
namespace {

constexpr auto kPatience = std::chrono::seconds(30);

std::size_t index_of(StubCall call) {
  return static_cast<std::size_t>(call);
}

void set_fault(StubFault& fault, int code, std::uint32_t times = 0) {
  fault.times.store(times);
  fault.code.store(code);
  futex_wake(fault.code);
}

StubState* create_state(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) throw std::runtime_error("cannot create " + path);
  if (::ftruncate(fd, sizeof(StubState)) != 0) throw std::runtime_error("cannot size " + path);
  void* mapped = ::mmap(nullptr, sizeof(StubState), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ::close(fd);
  if (mapped == MAP_FAILED) throw std::runtime_error("cannot map " + path);
  return new (mapped) StubState{};
}

void describe(StubDevice& device, std::uint32_t place) {
  std::snprintf(device.uuid, sizeof(device.uuid), "GPU-00000000-0000-0000-0000-%012u", place);
  std::snprintf(device.pci, sizeof(device.pci), "00000000:%02X:00.0", 0x10 + place);
  std::snprintf(device.name, sizeof(device.name), "Stub GPU");
  device.limit_mw = device.default_mw = device.max_mw = 700'000;
  device.min_mw = 200'000;
  device.power_mw = 350'000;
  device.temperature = 55;
  device.persistence = 1;
  device.energy_mj = 1'000'000;
  device.module_limit_mw = device.module_default_mw = device.module_max_mw = 1'000'000;
  device.module_min_mw = 400'000;
}

template <class Reached>
void await(Word& word, const Reached& reached, const char* what) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (auto seen = word.load(); !reached(seen); seen = word.load()) {
    if (std::chrono::steady_clock::now() > deadline) {
      ADD_FAILURE() << what;
      return;
    }
    futex_wait(word, seen);
  }
}

}  // namespace

NvmlStub::NvmlStub(StubLibrary library, std::uint32_t devices) : library_(directory_.path("libnvidia-ml.so.1")) {
  const char* built = library == StubLibrary::old ? HEADROOM_NVML_STUB_OLD : HEADROOM_NVML_STUB;
  std::filesystem::copy_file(built, library_);
  state_ = create_state(library_ + ".state");
  state_->magic = kStubMagic;
  state_->count = devices;
  for (std::uint32_t place = 0; place < kStubDevices; ++place) {
    state_->order[place] = place;
    describe(state_->devices[place], place);
  }
}

NvmlStub::~NvmlStub() {
  for (std::uint32_t call = 0; call < kStubCalls; ++call) {
    set_fault(state_->faults[call], 0);
    for (auto& device : state_->devices) set_fault(device.faults[call], 0);
  }
  ::munmap(state_, sizeof(StubState));
}

void NvmlStub::reorder(const std::vector<std::uint32_t>& order) {
  for (std::size_t index = 0; index < order.size(); ++index) state_->order[index] = order[index];
  state_->count = static_cast<std::uint32_t>(order.size());
}

void NvmlStub::fail(StubCall call, int code, std::uint32_t times) {
  set_fault(state_->faults[index_of(call)], code, times);
}

void NvmlStub::fail(std::uint32_t device, StubCall call, int code) {
  set_fault(state_->devices[device].faults[index_of(call)], code);
}

void NvmlStub::mend(StubCall call) {
  set_fault(state_->faults[index_of(call)], 0);
  for (auto& device : state_->devices) set_fault(device.faults[index_of(call)], 0);
}

void NvmlStub::lose(std::uint32_t device, int code) {
  for (auto& fault : state_->devices[device].faults) set_fault(fault, code);
}

std::uint32_t NvmlStub::calls(StubCall call) const {
  return state_->calls[index_of(call)].load();
}

void NvmlStub::await_calls(StubCall call, std::uint32_t at_least) const {
  await(
      state_->calls[index_of(call)], [&](std::uint32_t seen) { return seen >= at_least; }, "the call never came");
}

void NvmlStub::await_inside(StubCall call) const {
  await(
      state_->inside[index_of(call)], [](std::uint32_t seen) { return seen > 0; }, "nobody entered the call");
}

std::vector<StubLogEntry> NvmlStub::sets() const {
  const auto count = std::min(state_->logged.load(), kStubLog);
  std::vector<StubLogEntry> found;
  for (std::uint32_t at = 0; at < count; ++at) {
    const auto call = static_cast<StubCall>(state_->log[at].call);
    if (call != StubCall::init && call != StubCall::shutdown) found.push_back(state_->log[at]);
  }
  return found;
}

}  // namespace headroom::test
