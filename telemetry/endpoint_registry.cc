#include "telemetry/endpoint_registry.h"

#include <set>
#include <utility>

namespace headroom::telemetry {
namespace {

// What a job remembers of an address is worth keeping only while it is the same exporter of the same node.
[[nodiscard]] bool same(const Endpoint& endpoint, const SourceJob& job) {
  return endpoint.key() == job.endpoint.key() && endpoint.name == job.endpoint.name &&
         endpoint.join.node == job.endpoint.join.node;
}

}  // namespace

EndpointRegistry::EndpointRegistry(const TelemetryConfig& config, PollQueue& queue, JobId first_id)
    : config_(config), queue_(queue), next_id_(first_id) {
  rebuild(base::MonoTime());
}

void EndpointRegistry::set_nodes(const std::vector<NodeIdentity>& nodes) {
  if (nodes == nodes_) return;
  nodes_ = nodes;
  directory_ = std::make_shared<const NodeDirectory>(nodes_, config_.bmc_nodes, found_.addresses);
}

void EndpointRegistry::set_found(Discovered found, base::MonoTime now) {
  found_ = std::move(found);
  rebuild(now);
}

EndpointRegistry::JobPtr EndpointRegistry::job(JobId id) const {
  const auto found = jobs_.find(id);
  return found == jobs_.end() ? nullptr : found->second;
}

void EndpointRegistry::keep_only(const std::map<std::string_view, const Endpoint*>& wanted) {
  std::erase_if(jobs_, [&](const auto& entry) {
    const auto found = wanted.find(entry.second->endpoint.key());
    const bool kept = found != wanted.end() && same(*found->second, *entry.second);
    if (!kept) queue_.remove(entry.first);
    return !kept;
  });
}

void EndpointRegistry::rebuild(base::MonoTime now) {
  std::vector<Endpoint> wanted = configured_endpoints(config_);
  wanted.insert(wanted.end(), found_.endpoints.begin(), found_.endpoints.end());
  wanted = unique_endpoints(std::move(wanted));
  prometheus_.clear();
  std::map<std::string_view, const Endpoint*> polled;
  for (const Endpoint& endpoint : wanted) {
    if (endpoint.kind == EndpointKind::prometheus) prometheus_.push_back(endpoint);
    if (endpoint.read_exporters) polled.emplace(endpoint.key(), &endpoint);
  }
  keep_only(polled);
  std::set<std::string_view> known;
  for (const auto& [id, job] : jobs_) known.insert(job->endpoint.key());
  for (const auto& [key, endpoint] : polled) {
    if (known.find(key) != known.end()) continue;
    const JobId id = next_id_++;
    jobs_.emplace(id, std::make_shared<SourceJob>(id, *endpoint));
    const bool exporter = endpoint->kind == EndpointKind::exporter;
    queue_.add(id, exporter ? config_.scrape_interval : config_.prometheus_interval, now);
  }
  directory_ = std::make_shared<const NodeDirectory>(nodes_, config_.bmc_nodes, found_.addresses);
}

}  // namespace headroom::telemetry
