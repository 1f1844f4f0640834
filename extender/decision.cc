#include "extender/decision.h"

#include <algorithm>

namespace headroom::extender {

std::shared_ptr<const model::Pod> find_pod_by_uid(const model::ClusterSnapshot& snapshot, std::string_view uid) {
  const auto found = std::lower_bound(snapshot.pods.begin(), snapshot.pods.end(), uid,
                                      [](const auto& pod, std::string_view wanted) { return pod->uid < wanted; });
  return found != snapshot.pods.end() && (*found)->uid == uid ? *found : nullptr;
}

std::shared_ptr<const model::Pod> find_pod(const model::ClusterSnapshot& snapshot, std::string_view key) {
  const std::size_t slash = key.find('/');
  if (slash == std::string_view::npos) return find_pod_by_uid(snapshot, key);
  const std::string_view ns = key.substr(0, slash);
  const std::string_view name = key.substr(slash + 1);
  const auto found = std::find_if(snapshot.pods.begin(), snapshot.pods.end(),
                                  [&](const auto& pod) { return pod->name == name && pod->ns == ns; });
  return found == snapshot.pods.end() ? nullptr : *found;
}

std::string not_synced(const model::ClusterSnapshot* snapshot) {
  if (snapshot == nullptr) return "NotSynced: nothing has been read from the API server yet";
  const model::SyncState& sync = snapshot->sync;
  if (sync.complete()) return "";
  if (sync.crds_missing) {
    return "CRDsMissing: the API server does not serve powercappingpolicies or powertopologies; apply deploy/crds";
  }
  std::string missing;
  const auto add = [&](bool have, std::string_view what) {
    if (have) return;
    missing += (missing.empty() ? "" : ", ");
    missing += what;
  };
  add(sync.nodes, "nodes");
  add(sync.pods, "pods");
  add(sync.policies, "powercappingpolicies");
  add(sync.topologies, "powertopologies");
  return "NotSynced: waiting for the first list of " + missing;
}

std::string not_usable(const Decision* decision, const Freshness& freshness) {
  if (decision == nullptr) return "NotSynced: no books yet";
  const auto age = std::chrono::duration_cast<base::Milliseconds>(freshness.now - decision->kept_at);
  if (age <= freshness.max_age) return "";
  return "BooksTooOld: the books are " + std::to_string(age.count() / 1'000) + " s old";
}

}  // namespace headroom::extender
