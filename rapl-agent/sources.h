// The interfaces that this machine may have, as the agent's loop holds them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "rapl-agent/config.h"
#include "rapl-agent/core/backend.h"
#include "rapl-agent/powercap/rapl_backend.h"

namespace headroom::rapl_agent {

// Owns the backends behind sources(). Each has its own deadlines, so that no call of the loop hangs.
class SourceSet {
 public:
  // `clock` must outlive it.
  SourceSet(const Config& config, base::Clock& clock);
  ~SourceSet();
  SourceSet(const SourceSet&) = delete;
  SourceSet& operator=(const SourceSet&) = delete;

  [[nodiscard]] std::vector<core::Source> sources() const;
  // See RaplBackend::mount_is_stale(). Any thread.
  [[nodiscard]] bool powercap_mount_is_stale() const;
  // The GPU helper's state in a word, as of the last question; empty: this node has had none. Any thread.
  [[nodiscard]] std::string gpu_helper() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace headroom::rapl_agent
