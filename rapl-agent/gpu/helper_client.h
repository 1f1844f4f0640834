// NVIDIA GPUs as a backend of the agent: every question goes to the GPU helper over its socket, with a deadline.
//
// No call into the driver happens in this process, so none can hang or end it. A question whose answer is late gives
// `hung`; until that answer has come, further questions give `hung` at once and nothing is sent. A helper that is not
// there, went away, or speaks another version gives `library_broken` with the reason, and is looked for again at the
// next question. A node whose helper finds no NVIDIA library has no domains and a note: it is a node without GPUs.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/clock.h"
#include "rapl-agent/core/backend.h"
#include "rapl-agent/gpu/frame_stream.h"
#include "rapl-agent/gpu/helper_process.h"
#include "rapl-agent/gpu/protocol.h"

namespace headroom::rapl_agent::gpu {

enum class ClockControls { off, listed };  // listed: locked clocks appear as domains of kind frequency

struct ClientOptions {
  std::string socket;
  // For the driver. The helper's own word is waited for half a second longer.
  base::Milliseconds deadline{5'000};
  ClockControls clocks = ClockControls::off;
  // Outside Kubernetes: the helper is started as a child.
  std::optional<HelperProcessOptions> start;
};

enum class HelperState {
  unreachable,  // nobody answers on the socket
  no_driver,    // it answers and has no library or no driver
  attached,
  hung,  // an answer is late
};
[[nodiscard]] std::string_view to_string(HelperState state);

// One thread uses it: the agent's loop, or a worker of it.
class HelperClient final : public core::Backend, public core::Meter {
 public:
  HelperClient(ClientOptions options, base::Clock& clock);

  // Domains "gpu/<UUID>" with the fields long_term_limit and enforced_limit, and "gpu-clock/<UUID>" with locked_clock
  // where asked for.
  [[nodiscard]] core::Inventory discover() override;
  [[nodiscard]] core::Access read(const core::ControlKey& key) override;
  [[nodiscard]] core::Access write(const core::ControlKey& key, std::uint64_t value) override;
  [[nodiscard]] core::MeterReading sample(const std::string& domain) override;

  // As of the last question; for metrics.
  [[nodiscard]] HelperState state() const { return state_; }
  // Null where the helper is not ours to start.
  [[nodiscard]] const HelperProcess* process() const { return process_.get(); }

 private:
  // The reply, or one made here that says why there is none.
  [[nodiscard]] Reply ask(Request request);
  [[nodiscard]] std::optional<Reply> blocked();
  [[nodiscard]] std::optional<Reply> connect();
  [[nodiscard]] std::optional<Reply> drain_late();
  [[nodiscard]] Reply lost_helper(const base::Error& error);
  [[nodiscard]] Reply still_hung();

  ClientOptions options_;
  base::Clock& clock_;
  std::unique_ptr<HelperProcess> process_;
  std::optional<FrameStream> stream_;
  std::optional<std::uint64_t> late_;  // id of the request whose answer has not come
  std::uint64_t last_id_ = 0;
  std::set<std::string> gone_;  // a restarted helper has forgotten whom it once saw
  HelperState state_ = HelperState::unreachable;
};

}  // namespace headroom::rapl_agent::gpu
