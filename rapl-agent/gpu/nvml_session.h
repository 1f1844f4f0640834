// The helper's attachment to the NVIDIA driver: loads the library, initialises it, lists GPUs by UUID, answers
// requests, and attaches anew after the driver left or came late.
//
// An attachment has a generation number, and handles live in it only: every request looks its GPU up by UUID, so a
// stale handle is never used. Attaching is tried at the next request after a pause that doubles with each failure. A
// GPU that the driver calls lost stays in the list, as not present, until it is gone from the bus; a new attachment is
// tried for its sake, since the driver shows a returned GPU only to those.
//
// Every method may block for ever inside the driver: only the task runner's thread calls them (task_runner.h).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "rapl-agent/gpu/nvml_library.h"
#include "rapl-agent/gpu/protocol.h"

namespace headroom::rapl_agent::gpu {

struct SessionOptions {
  std::vector<std::string> libraries;  // candidates for NvmlLibrary::open
  base::Milliseconds first_pause{1'000};
  base::Milliseconds longest_pause{60'000};
};

class NvmlSession {
 public:
  explicit NvmlSession(SessionOptions options) : options_(std::move(options)), pause_(options_.first_pause) {}

  [[nodiscard]] Reply answer(const Request& request, base::MonoTime now);
  // Three attachments in a row after the first have failed in a way that only a new process can mend.
  [[nodiscard]] bool wants_new_process() const { return hopeless_ > kHopelessAttachments; }
  // Lets the driver go. The next request attaches again.
  void close();

 private:
  static constexpr int kHopelessAttachments = 3;

  struct Gpu {
    NvmlDevice handle = nullptr;
    DeviceFacts facts;
    std::uint32_t locked_mhz = 0;  // what we locked; the driver does not tell
  };
  using Gpus = std::map<std::string, Gpu>;

  [[nodiscard]] bool attach(base::MonoTime now);
  [[nodiscard]] bool load();
  // Forgets the library after `code` broke the attachment.
  void detach(NvmlCode code, base::MonoTime now);
  void reattach_for_lost(base::MonoTime now);
  // Attempts before one that lasted say nothing about the next.
  void calm_after_long_attachment(base::MonoTime now);
  void pause(base::MonoTime now);
  [[nodiscard]] core::Access away() const;
  // The outcome of a call about one GPU, with what the code does to the session and the GPU.
  [[nodiscard]] core::Access judged(NvmlCode code, Gpu& gpu, base::MonoTime now);

  void discover(Reply& reply, base::MonoTime now);
  [[nodiscard]] NvmlCode enumerate();
  [[nodiscard]] NvmlAnswer<Gpu> examine(NvmlDevice listed);
  [[nodiscard]] NvmlCode examine_limits(Gpu& gpu);
  void examine_meters(Gpu& gpu);
  void keep_lost(Gpus& found);
  void adopt(Gpus found);

  [[nodiscard]] core::Access read(Gpu& gpu, const Request& request, base::MonoTime now);
  [[nodiscard]] core::Access write(Gpu& gpu, const Request& request, base::MonoTime now);
  [[nodiscard]] core::Access write_limit(Gpu& gpu, std::uint64_t microwatts, base::MonoTime now);
  [[nodiscard]] core::Access write_clock(Gpu& gpu, std::uint64_t megahertz, base::MonoTime now);
  [[nodiscard]] core::MeterReading sample(Gpu& gpu, base::MonoTime now);

  SessionOptions options_;
  std::optional<NvmlLibrary> library_;
  bool attached_ = false;
  bool ever_attached_ = false;
  base::MonoTime attached_at_{};
  std::uint64_t generation_ = 0;
  std::uint64_t valid_since_ = 0;  // generation since which the driver has kept what was set
  std::string why_away_;
  NvmlCode away_code_ = NvmlCode::success;  // success: there is no library
  base::Milliseconds pause_;
  base::MonoTime next_attempt_{};
  int hopeless_ = 0;
  Gpus gpus_;
  std::set<std::string> gone_;
};

}  // namespace headroom::rapl_agent::gpu
