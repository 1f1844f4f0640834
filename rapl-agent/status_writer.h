// Writes the agent's status to its NodePowerCap, from a thread of its own: the loop only leaves a report behind.
//
// Server-side apply of the status subresource with the object's uid: it can neither recreate a deleted object nor speak
// about one that it has not seen. While there is no object nothing is written. A failed write is tried again with
// back-off; the newest report is what gets written.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/published.h"
#include "kube/api_client.h"
#include "kube/events.h"
#include "model/node_power_cap.h"
#include "rapl-agent/cap_watch.h"
#include "rapl-agent/core/agent_report.h"
#include "runtime/wake.h"

namespace headroom::rapl_agent {

struct StatusWriterCounts {
  std::uint64_t written = 0;
  std::uint64_t failed = 0;
};

class StatusWriter {
 public:
  // Where the status goes; errors as ApiClient's. Thread-safe.
  using Write = std::function<base::Status(const model::NodePowerCap& cap)>;
  // All outlive it.
  struct Parts {
    base::Clock& clock;
    std::function<std::optional<model::NodePowerCap>()> object;        // as last seen
    std::function<std::shared_ptr<const core::AgentReport>()> report;  // null before the first
    Write write;
  };
  explicit StatusWriter(Parts parts);
  ~StatusWriter();  // stops
  StatusWriter(const StatusWriter&) = delete;
  StatusWriter& operator=(const StatusWriter&) = delete;

  void start();
  // Writes what is still to be said, once, and ends.
  void stop();
  // A new report, or a new object. Any thread.
  void notify() { wake_.notify(); }
  [[nodiscard]] StatusWriterCounts counts() const;

 private:
  void run(const std::stop_token& stop);
  // The time by which to look again.
  base::MonoTime round();
  [[nodiscard]] bool attempt(model::NodePowerCap object, model::NodePowerCapStatus wanted);

  const Parts parts_;
  runtime::Wake wake_;
  // Of the thread.
  std::string uid_;
  std::optional<model::NodePowerCapStatus> written_;
  base::MonoTime written_at_{};
  base::MonoTime not_before_{};
  int failures_ = 0;
  mutable std::mutex mutex_;
  StatusWriterCounts counts_;  // guarded by mutex_
  std::jthread thread_;
};

// The body of the server-side apply.
[[nodiscard]] std::string status_apply_body(const model::NodePowerCap& cap);
// Applies the status over `client`.
[[nodiscard]] StatusWriter::Write apply_status(kube::ApiClient& client);

}  // namespace headroom::rapl_agent
