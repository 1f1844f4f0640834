// libnvidia-ml.so.1, loaded at run time: the one place that calls it. Nothing is linked and no header of NVIDIA's is
// needed, so a node without the library is a node without GPUs and not an error at start.
//
// The functions stand behind typed methods that take the later version of a symbol where the library has it and the
// earlier one otherwise. Every method may block for ever: it is called on the task runner's thread only
// (task_runner.h), one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "rapl-agent/gpu/nvml_abi.h"

namespace headroom::rapl_agent::gpu {

// Where a node may have the library: by the loader's own search, in the host's directories under each driver root (""
// for this file system, "/run/nvidia/driver" with a driver container), in that order.
[[nodiscard]] std::vector<std::string> library_candidates(const std::vector<std::string>& driver_roots);

// A value or the code that the library gave instead.
template <class T>
struct NvmlAnswer {
  NvmlCode code = NvmlCode::unknown;
  T value{};

  [[nodiscard]] bool ok() const { return code == NvmlCode::success; }
};

struct PowerRange {
  std::uint32_t min_mw = 0;
  std::uint32_t max_mw = 0;

  bool operator==(const PowerRange&) const = default;
};

struct LockedClocks {
  std::uint32_t min_mhz = 0;
  std::uint32_t max_mhz = 0;
};

// Owns the loaded library; the destructor unloads it. Device handles die with shutdown() and with the library.
class NvmlLibrary {
 public:
  // The first candidate that loads and has the calls without which nothing works. not_found: none could be loaded, and
  // the message lists what the loader said; unsupported: one loaded lacks a call.
  [[nodiscard]] static base::Result<NvmlLibrary> open(const std::vector<std::string>& candidates);

  NvmlLibrary(NvmlLibrary&&) noexcept;
  NvmlLibrary& operator=(NvmlLibrary&&) noexcept;
  ~NvmlLibrary();

  [[nodiscard]] const std::string& path() const { return path_; }
  // False: this library cannot speak of the module's scope.
  [[nodiscard]] bool has_scopes() const;

  NvmlCode init();
  NvmlCode shutdown();
  NvmlAnswer<std::string> driver_version();

  NvmlAnswer<std::uint32_t> count();
  NvmlAnswer<NvmlDevice> by_index(std::uint32_t index);
  NvmlAnswer<NvmlDevice> by_pci(const std::string& bus_id);
  // The physical GPU of a MIG device; the device itself where it is none or the library knows no MIG.
  NvmlAnswer<NvmlDevice> physical(NvmlDevice device);

  NvmlAnswer<std::string> uuid(NvmlDevice device);
  NvmlAnswer<std::string> name(NvmlDevice device);
  NvmlAnswer<std::string> pci_bus_id(NvmlDevice device);
  NvmlAnswer<NvmlVirtualization> virtualization(NvmlDevice device);
  NvmlAnswer<bool> persistence(NvmlDevice device);

  NvmlAnswer<PowerRange> range(NvmlDevice device, NvmlScope scope);
  NvmlAnswer<std::uint32_t> default_limit(NvmlDevice device, NvmlScope scope);
  // What was asked for last.
  NvmlAnswer<std::uint32_t> limit(NvmlDevice device, NvmlScope scope);
  // The lowest of all limiters, those out of band included.
  NvmlAnswer<std::uint32_t> enforced_limit(NvmlDevice device, NvmlScope scope);
  NvmlCode set_limit(NvmlDevice device, NvmlScope scope, std::uint32_t milliwatts);

  NvmlAnswer<std::uint32_t> power_mw(NvmlDevice device, NvmlScope scope);
  NvmlAnswer<std::uint64_t> energy_mj(NvmlDevice device);
  NvmlAnswer<std::uint32_t> temperature(NvmlDevice device);

  NvmlCode lock_clocks(NvmlDevice device, LockedClocks clocks);
  NvmlCode reset_clocks(NvmlDevice device);

 private:
  struct Functions;
  NvmlLibrary(std::string path, void* handle, std::unique_ptr<Functions> functions);

  NvmlAnswer<std::uint32_t> field(NvmlDevice device, NvmlScope scope, NvmlField field);

  std::string path_;
  void* handle_ = nullptr;
  std::unique_ptr<Functions> functions_;
};

}  // namespace headroom::rapl_agent::gpu
