// What the collector polls and how it joins: endpoints configured and found, their jobs, the node directory. Not
// thread-safe: the collector guards it.
#pragma once

#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "telemetry/discovery.h"
#include "telemetry/node_directory.h"
#include "telemetry/poll_queue.h"
#include "telemetry/source_job.h"
#include "telemetry/telemetry_config.h"

namespace headroom::telemetry {

class EndpointRegistry {
 public:
  using JobPtr = std::shared_ptr<SourceJob>;

  // Puts the configured endpoints into `queue`, under ids from `first_id` on. Both outlive this.
  EndpointRegistry(const TelemetryConfig& config, PollQueue& queue, JobId first_id);

  void set_nodes(const std::vector<NodeIdentity>& nodes);
  // Jobs of endpoints that stay are kept, with what they remember; new ones are due at `now`.
  void set_found(Discovered found, base::MonoTime now);

  // Null: removed meanwhile.
  [[nodiscard]] JobPtr job(JobId id) const;
  [[nodiscard]] const std::map<JobId, JobPtr>& jobs() const { return jobs_; }
  // In the order in which they are asked for PowerTopology's queries.
  [[nodiscard]] const std::vector<Endpoint>& prometheus() const { return prometheus_; }
  [[nodiscard]] const std::shared_ptr<const NodeDirectory>& directory() const { return directory_; }

 private:
  void rebuild(base::MonoTime now);
  void keep_only(const std::map<std::string_view, const Endpoint*>& wanted);

  const TelemetryConfig& config_;
  PollQueue& queue_;
  JobId next_id_;
  std::vector<NodeIdentity> nodes_;
  Discovered found_;
  std::vector<Endpoint> prometheus_;
  std::map<JobId, JobPtr> jobs_;
  std::shared_ptr<const NodeDirectory> directory_;
};

}  // namespace headroom::telemetry
