#include "cluster/cluster_state.h"

#include <algorithm>
#include <set>
#include <utility>
#include <variant>

#include "policy/node_power_cap_json.h"
#include "policy/parse_policy.h"
#include "topology/parse_topology.h"

namespace headroom::cluster {
namespace {

constexpr base::Seconds kDeletedNodeKept{15 * 60};
constexpr base::Seconds kDeletedPodKept{5 * 60};

// Puts a custom resource, parsed, or the reason why it cannot be.
template <class T>
bool put_parsed(ObjectTable<T>& table, const kube::ObjectEntry& entry, base::Result<T> (*parse)(std::string_view)) {
  const auto* raw = std::get_if<std::shared_ptr<const kube::RawObject>>(&entry.object);
  if (raw == nullptr) return table.put_unreadable(entry.key, entry.error);
  auto parsed = parse((*raw)->json);
  if (!parsed) return table.put_unreadable(entry.key, parsed.error().message);
  return table.put(entry.key, std::make_shared<const T>(*std::move(parsed)));
}

bool put_claim(ObjectTable<model::DeviceClaim>& table, const kube::ObjectEntry& entry) {
  const auto* claim = std::get_if<std::shared_ptr<const model::DeviceClaim>>(&entry.object);
  return claim == nullptr ? table.put_unreadable(entry.key, entry.error) : table.put(entry.key, *claim);
}

}  // namespace

bool ClusterState::apply(Change change, base::WallTime now) {
  const std::size_t at = index(change.source);
  if (change.what == Change::What::status) {
    statuses_[at] = std::move(change.status);
    return true;
  }
  bool changed = false;
  if (change.what == Change::What::replace) {
    listed_[at] = true;
    replace(change.source, std::move(change.entries), now);
    changed = true;
  }
  for (kube::ObjectEntry& entry : change.entries) {
    if (change.what == Change::What::remove) {
      change.source == SourceKind::pods ? pods_.remove(entry, now) : remove(change.source, entry.key, now);
      changed = true;
    } else if (change.source == SourceKind::pods) {
      pods_.update(std::move(entry), now);
      changed = true;
    } else {
      changed = put(change.source, entry) || changed;
    }
  }
  if (changed) ++versions_[at];
  return changed;
}

void ClusterState::replace(SourceKind kind, std::vector<kube::ObjectEntry> all, base::WallTime now) {
  if (kind == SourceKind::pods) return pods_.replace(std::move(all), now);
  std::set<std::string> listed;
  for (const kube::ObjectEntry& entry : all) listed.insert(entry.key);
  for (const std::string& name : names(kind)) {
    if (!listed.contains(name)) remove(kind, name, now);
  }
  if (kind == SourceKind::last_valid) last_valid_.clear();
  for (const kube::ObjectEntry& entry : all) put(kind, entry);
}

bool ClusterState::put(SourceKind kind, const kube::ObjectEntry& entry) {
  switch (kind) {
    case SourceKind::nodes: return put_node(entry);
    case SourceKind::policies: return put_parsed(policies_, entry, policy::parse_policy);
    case SourceKind::topologies: return put_parsed(topologies_, entry, topology::parse_topology);
    case SourceKind::last_valid: return put_last_valid(entry);
    case SourceKind::node_power_caps: return put_parsed(node_power_caps_, entry, policy::parse_node_power_cap);
    case SourceKind::resource_claims: return put_claim(resource_claims_, entry);
    case SourceKind::resource_claim_templates: return put_claim(resource_claim_templates_, entry);
    case SourceKind::pods: return false;  // a table of their own
  }
  return false;
}

void ClusterState::remove(SourceKind kind, const std::string& name, base::WallTime now) {
  switch (kind) {
    case SourceKind::nodes: return remove_node(name, now);
    case SourceKind::policies: policies_.remove(name); return;
    case SourceKind::topologies: topologies_.remove(name); return;
    case SourceKind::last_valid: last_valid_.clear(); return;
    case SourceKind::node_power_caps: node_power_caps_.remove(name); return;
    case SourceKind::resource_claims: resource_claims_.remove(name); return;
    case SourceKind::resource_claim_templates: resource_claim_templates_.remove(name); return;
    case SourceKind::pods: return;
  }
}

bool ClusterState::put_node(const kube::ObjectEntry& entry) {
  const auto* node = std::get_if<std::shared_ptr<const model::Node>>(&entry.object);
  if (node == nullptr) return nodes_.put_unreadable(entry.key, entry.error);
  deleted_nodes_.erase(entry.key);
  return nodes_.put(entry.key, *node);
}

void ClusterState::remove_node(const std::string& name, base::WallTime now) {
  auto last = nodes_.remove(name);
  if (last) deleted_nodes_.insert_or_assign(name, model::DeletedNode{std::move(last), now});
}

// One ConfigMap; each value is one object as topology::print_topology wrote it. What a person broke there is left out:
// it is only a fallback, and without it the component is refused.
bool ClusterState::put_last_valid(const kube::ObjectEntry& entry) {
  last_valid_.clear();
  const auto* map = std::get_if<std::shared_ptr<const kube::ConfigMap>>(&entry.object);
  if (map == nullptr) return true;
  for (const auto& [key, text] : (*map)->data) {
    auto parsed = topology::parse_topology(text);
    if (parsed) last_valid_.push_back(std::make_shared<const model::TopologyObject>(*std::move(parsed)));
  }
  return true;
}

std::vector<std::string> ClusterState::names(SourceKind kind) const {
  switch (kind) {
    case SourceKind::nodes: return nodes_.names();
    case SourceKind::policies: return policies_.names();
    case SourceKind::topologies: return topologies_.names();
    case SourceKind::node_power_caps: return node_power_caps_.names();
    case SourceKind::resource_claims: return resource_claims_.names();
    case SourceKind::resource_claim_templates: return resource_claim_templates_.names();
    case SourceKind::pods:
    case SourceKind::last_valid: return {};
  }
  return {};
}

std::size_t ClusterState::objects(SourceKind kind) const {
  switch (kind) {
    case SourceKind::nodes: return nodes_.size();
    case SourceKind::pods: return pods_.size();
    case SourceKind::policies: return policies_.size();
    case SourceKind::topologies: return topologies_.size();
    case SourceKind::last_valid: return last_valid_.size();
    case SourceKind::node_power_caps: return node_power_caps_.size();
    case SourceKind::resource_claims: return resource_claims_.size();
    case SourceKind::resource_claim_templates: return resource_claim_templates_.size();
  }
  return 0;
}

// Made anew only after a change: who works with it tells by the pointer whether there was one.
std::shared_ptr<const model::DeviceClaims> ClusterState::device_claims() {
  const std::array<std::uint64_t, 2> versions{version(SourceKind::resource_claims),
                                              version(SourceKind::resource_claim_templates)};
  if (versions == device_claims_versions_) return device_claims_;
  auto made = std::make_shared<model::DeviceClaims>();
  for (auto& claim : resource_claims_.objects()) made->claims.emplace(claim->key, claim);
  for (auto& claim : resource_claim_templates_.objects()) made->templates.emplace(claim->key, claim);
  device_claims_versions_ = versions;
  device_claims_ = std::move(made);
  return device_claims_;
}

base::WallTime ClusterState::next_expiry() const {
  base::WallTime next = base::WallTime::max();
  for (const auto& [name, node] : deleted_nodes_) next = std::min(next, node.deleted_at + kDeletedNodeKept);
  return next;
}

std::shared_ptr<const model::ClusterSnapshot> ClusterState::snapshot(
    base::WallTime now, std::shared_ptr<const model::TelemetrySnapshot> telemetry) {
  std::erase_if(deleted_nodes_, [&](const auto& item) { return item.second.deleted_at + kDeletedNodeKept <= now; });
  pods_.forget_deleted_before(now - kDeletedPodKept);

  auto made = std::make_shared<model::ClusterSnapshot>();
  made->sequence = ++sequence_;
  made->built_at = now;
  made->sync.nodes = listed_[index(SourceKind::nodes)];
  made->sync.pods = listed_[index(SourceKind::pods)];
  made->sync.policies = listed_[index(SourceKind::policies)];
  made->sync.topologies = listed_[index(SourceKind::topologies)];
  made->sync.node_power_caps = listed_[index(SourceKind::node_power_caps)];
  made->sync.node_power_caps_missing =
      status(SourceKind::node_power_caps).state == kube::ReflectorState::resource_missing;
  made->sync.crds_missing = status(SourceKind::policies).state == kube::ReflectorState::resource_missing ||
                            status(SourceKind::topologies).state == kube::ReflectorState::resource_missing;
  made->nodes = nodes_.objects();
  made->unreadable_nodes = nodes_.unreadable();
  for (const auto& [name, node] : deleted_nodes_) made->deleted_nodes.push_back(node);
  made->pods = pods_.pods();
  made->unreadable_pods = pods_.unreadable();
  made->pod_list_generation = pods_.list_generation();
  made->deleted_pods = pods_.deleted();
  made->device_claims = device_claims();
  made->policies = policies_.objects();
  made->unreadable_policies = policies_.unreadable();
  made->topologies = topologies_.objects();
  made->unreadable_topologies = topologies_.unreadable();
  made->node_power_caps = node_power_caps_.objects();
  made->unreadable_node_power_caps = node_power_caps_.unreadable();
  made->last_valid_topologies = last_valid_;
  made->telemetry = std::move(telemetry);
  return made;
}

}  // namespace headroom::cluster
