#include "cluster/sources.h"

#include "base/names.h"

namespace headroom::cluster {

kube::ReflectorOptions reflector_options(SourceKind kind, const std::string& system_namespace) {
  kube::ReflectorOptions options;
  switch (kind) {
    case SourceKind::nodes:
      options.resource = kube::resources::nodes();
      options.decode = kube::decode_as_node;
      break;
    case SourceKind::pods:
      options.resource = kube::resources::pods();
      options.decode = kube::decode_as_pod;
      break;
    case SourceKind::policies:
      options.resource = kube::resources::policies();
      options.decode = kube::decode_as_raw;
      options.guard_deletions = true;
      break;
    case SourceKind::topologies:
      options.resource = kube::resources::topologies();
      options.decode = kube::decode_as_raw;
      options.guard_deletions = true;
      break;
    case SourceKind::node_power_caps:
      options.resource = kube::resources::node_power_caps();
      options.decode = kube::decode_as_raw;
      options.guard_deletions = true;
      break;
    case SourceKind::resource_claims:
      options.resource = kube::resources::resource_claims();
      options.decode = kube::decode_as_device_claim;
      break;
    case SourceKind::resource_claim_templates:
      options.resource = kube::resources::resource_claim_templates();
      options.decode = kube::decode_as_device_claim_template;
      break;
    case SourceKind::last_valid:
      options.resource = kube::resources::config_maps(system_namespace);
      options.decode = kube::decode_as_config_map;
      options.field_selector = "metadata.name=" + std::string(base::names::kLastValidTopologyConfigMap);
      break;
  }
  return options;
}

std::string name_of(SourceKind kind) {
  return kind == SourceKind::last_valid ? std::string(base::names::kLastValidTopologyConfigMap)
                                        : reflector_options(kind, "").resource.display();
}

void QueueSink::replace(std::vector<kube::ObjectEntry> all) {
  push_({source_, Change::What::replace, std::move(all), {}});
}

void QueueSink::update(kube::ObjectEntry entry) {
  push_one(Change::What::update, std::move(entry));
}

void QueueSink::remove(const kube::ObjectEntry& last) {
  push_one(Change::What::remove, last);
}

void QueueSink::status(const kube::ReflectorStatus& status) {
  push_({source_, Change::What::status, {}, status});
}

void QueueSink::push_one(Change::What what, kube::ObjectEntry entry) {
  Change change{source_, what, {}, {}};
  change.entries.push_back(std::move(entry));
  push_(std::move(change));
}

}  // namespace headroom::cluster
