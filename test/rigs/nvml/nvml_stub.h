// A test's hold on one stub library: a copy of libnvidia-ml.so.1 in a directory of its own, with the memory that
// scripts it. Any process that loads shared_object() sees the same devices.
//
//   NvmlStub stub;                                   // one GPU: 200 W to 700 W, at its default of 700 W
//   stub.device(0).min_mw = 250'000;
//   stub.fail(StubCall::set_limit, 4);               // until mend()
//   stub.hang(StubCall::power_usage);                // calls enter and do not return before mend()
//   stub.await_inside(StubCall::power_usage);
//
// One thread uses it. The destructor lets whatever hangs return.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rapl-agent/gpu/nvml_abi.h"
#include "test/rigs/nvml/stub_state.h"
#include "test/support/temporary_directory.h"

namespace headroom::test {

enum class StubLibrary { current, old };  // old: without the set call's second version and without fields

class NvmlStub {
 public:
  explicit NvmlStub(StubLibrary library = StubLibrary::current, std::uint32_t devices = 1);
  ~NvmlStub();
  NvmlStub(const NvmlStub&) = delete;
  NvmlStub& operator=(const NvmlStub&) = delete;

  [[nodiscard]] std::string shared_object() const { return library_; }
  [[nodiscard]] StubDevice& device(std::uint32_t place) { return state_->devices[place]; }
  // Whose place on the bus changes: indices and count as given.
  void reorder(const std::vector<std::uint32_t>& order);

  // What every call of this kind answers from now on; `times` 0: until mend().
  void fail(StubCall call, int code, std::uint32_t times = 0);
  void fail(std::uint32_t device, StubCall call, int code);
  void hang(StubCall call) { fail(call, kHang); }
  // Ends the fault and wakes what hangs in it.
  void mend(StubCall call);
  // The device answers every call with this code (15: lost); 0: it answers again.
  void lose(std::uint32_t device, int code = 15);

  [[nodiscard]] std::uint32_t calls(StubCall call) const;
  // Waits until that many calls were entered, or one is inside; fails the test after half a minute.
  void await_calls(StubCall call, std::uint32_t at_least) const;
  void await_inside(StubCall call) const;
  // What was set, in order; without init and shutdown.
  [[nodiscard]] std::vector<StubLogEntry> sets() const;

 private:
  TemporaryDirectory directory_;
  std::string library_;
  StubState* state_ = nullptr;
};

}  // namespace headroom::test
