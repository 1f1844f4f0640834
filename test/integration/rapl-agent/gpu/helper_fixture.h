// A stub library, a helper that serves it on a thread of the test, and a client.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "rapl-agent/gpu/helper.h"
#include "rapl-agent/gpu/helper_client.h"
#include "runtime/system_clock.h"
#include "test/rigs/nvml/nvml_stub.h"
#include "test/support/temporary_directory.h"

namespace headroom::rapl_agent::gpu {

using test::NvmlStub;
using test::StubCall;
using test::StubLibrary;

inline core::ControlKey limit_of(std::uint32_t place) {
  char uuid[64];
  std::snprintf(uuid, sizeof(uuid), "gpu/GPU-00000000-0000-0000-0000-%012u", place);
  return {uuid, core::Surface::nvml, core::Field::long_term_limit};
}
inline core::ControlKey enforced_of(std::uint32_t place) {
  auto key = limit_of(place);
  key.field = core::Field::enforced_limit;
  return key;
}
inline constexpr std::uint64_t watts(std::uint64_t n) {
  return n * 1'000'000;
}

class HelperThread {
 public:
  HelperThread(std::string library, const std::string& socket) : HelperThread(options_for(library, socket)) {}
  explicit HelperThread(HelperOptions options) : options_(std::move(options)) {
    thread_ = std::jthread([this](const std::stop_token& stop) {
      const auto end = serve_gpus(options_, clock_, stop);
      if (end.ok()) end_ = *end;
    });
  }
  static HelperOptions options_for(const std::string& library, const std::string& socket) {
    HelperOptions options;
    options.socket = socket;
    options.session.libraries = {library};
    options.session.first_pause = base::Milliseconds(1);
    options.session.longest_pause = base::Milliseconds(4);
    return options;
  }
  // Stops it, or waits for its own end, and gives how it ended.
  std::optional<HelperEnd> stopped() {
    thread_.request_stop();
    return ended();
  }
  std::optional<HelperEnd> ended() {
    if (thread_.joinable()) thread_.join();
    return end_;
  }

 private:
  HelperOptions options_;
  runtime::SystemClock clock_;
  std::optional<HelperEnd> end_;
  std::jthread thread_;
};

class HelperTest : public testing::Test {
 protected:
  HelperTest() { stub_ = std::make_unique<NvmlStub>(); }

  void use(std::uint32_t devices, StubLibrary library = StubLibrary::current) {
    stub_ = std::make_unique<NvmlStub>(library, devices);
  }
  [[nodiscard]] std::string socket() const { return directory_.path("helper.sock"); }

  // A helper and a client of it, which has seen the GPUs.
  HelperClient& started() {
    helper_.emplace(stub_->shared_object(), socket());
    return connected();
  }
  HelperClient& connected() {
    ClientOptions options;
    options.socket = socket();
    options.deadline = deadline_;
    options.clocks = clocks_;
    client_.emplace(std::move(options), clock_);
    // The helper's thread may not listen yet.
    EXPECT_TRUE(eventually([&] {
      inventory_ = client_->discover();
      return client_->state() != HelperState::unreachable;
    }));
    return *client_;
  }
  // Asks until it is so, for half a minute.
  template <class Question>
  [[nodiscard]] bool eventually(const Question& question) {
    const auto deadline = clock_.mono_now() + base::Seconds(30);
    while (!question()) {
      if (clock_.mono_now() > deadline) return false;
      (void)clock_.wait_until(clock_.mono_now() + base::Milliseconds(2), {});
    }
    return true;
  }
  [[nodiscard]] std::optional<core::Domain> domain(const std::string& id) const {
    for (const auto& known : inventory_.domains) {
      if (known.id == id) return known;
    }
    return std::nullopt;
  }

  test::TemporaryDirectory directory_;
  runtime::SystemClock clock_;
  base::Milliseconds deadline_{20'000};
  ClockControls clocks_ = ClockControls::off;
  std::unique_ptr<NvmlStub> stub_;
  std::optional<HelperThread> helper_;
  std::optional<HelperClient> client_;
  core::Inventory inventory_;
};

}  // namespace headroom::rapl_agent::gpu
