#include "controller/kube_edges.h"

#include <utility>

#include "base/names.h"
#include "controller/event_choice.h"
#include "controller/status_json.h"
#include "kube/config_map.h"
#include "kube/resource.h"

namespace headroom::controller {
namespace {

kube::Resource resource_of(const ObjectKey& key) {
  return key.kind == ObjectKind::policy ? kube::resources::policies(key.ns) : kube::resources::topologies();
}

class KubeStatusStore final : public StatusStore {
 public:
  explicit KubeStatusStore(kube::ApiClient& client) : client_(client) {}

  base::Result<std::vector<ExistingStatus>> existing() override {
    std::vector<ExistingStatus> all;
    for (const auto kind : {ObjectKind::policy, ObjectKind::topology}) {
      if (auto status = add(kind, all); !status) return std::move(status).error();
    }
    return all;
  }

  base::Status write(const StatusWrite& write) override {
    kube::PatchRequest request;
    request.path = resource_of(write.status.key).object_path(write.status.key.name, "status");
    request.kind = kube::PatchKind::apply;
    request.body = status_body(write, client_.clock().wall_now());
    request.field_manager = kFieldManager;
    request.force = true;
    auto reply = client_.patch(request);
    if (!reply) return std::move(reply).error();
    return base::ok_status();
  }

 private:
  base::Status add(ObjectKind kind, std::vector<ExistingStatus>& all) {
    const std::string path = resource_of({kind, "", ""}).collection_path();
    std::string token;
    do {
      runtime::QueryParameters query{{"limit", "500"}};
      if (!token.empty()) query.emplace("continue", token);
      auto body = client_.get(path, query);
      if (!body) return std::move(body).error();
      auto page = read_statuses(kind, *body);
      if (!page) return std::move(page).error();
      for (auto& status : page->statuses) all.push_back(std::move(status));
      token = page->continue_token;
    } while (!token.empty());
    return base::ok_status();
  }

  kube::ApiClient& client_;
};

class KubeSpecStore final : public SpecStore {
 public:
  KubeSpecStore(kube::ApiClient& client, std::string ns) : client_(client), ns_(std::move(ns)) {}

  base::Result<StoredSpecs> load() override {
    auto map = kube::get_config_map(client_, ns_, std::string(base::names::kLastValidTopologyConfigMap));
    if (map) return std::move(map->data);
    if (map.error().kind == base::ErrorKind::not_found) return StoredSpecs{};
    return std::move(map).error();
  }

  base::Status store(const StoredSpecs& specs) override {
    return kube::apply_config_map(client_, {ns_, std::string(base::names::kLastValidTopologyConfigMap), specs},
                                  kFieldManager);
  }

 private:
  kube::ApiClient& client_;
  const std::string ns_;
};

class KubeEventSink final : public EventSink {
 public:
  explicit KubeEventSink(kube::EventRecorder& recorder) : recorder_(recorder) {}

  void status_changed(const DesiredStatus& status, const StatusCondition& condition) override {
    const bool is_policy = status.key.kind == ObjectKind::policy;
    kube::Event event;
    event.regarding = {std::string(base::names::kApiGroupVersion),
                       std::string(is_policy ? base::names::kPolicyKind : base::names::kTopologyKind), status.key.ns,
                       status.key.name, status.uid};
    event.type = is_trouble(condition) ? kube::EventType::warning : kube::EventType::normal;
    event.reason = condition.reason;
    event.action = "StatusChanged";
    event.note = condition.type + ": " + condition.message;
    recorder_.record(std::move(event));
  }

  void let_pass(const model::Pod& pod, const std::string& reason) override {
    kube::Event event;
    event.regarding = {"v1", "Pod", pod.ns, pod.name, pod.uid};
    event.reason = "WouldRefuse";
    event.action = "Scheduling";
    event.note =
        "placed on " + pod.node_name + " because of mode Recommend; mode Enforce would have refused it: " + reason;
    recorder_.record(std::move(event));
  }

 private:
  kube::EventRecorder& recorder_;
};

}  // namespace

std::unique_ptr<StatusStore> make_status_store(kube::ApiClient& client) {
  return std::make_unique<KubeStatusStore>(client);
}
std::unique_ptr<SpecStore> make_spec_store(kube::ApiClient& client, std::string ns) {
  return std::make_unique<KubeSpecStore>(client, std::move(ns));
}
std::unique_ptr<EventSink> make_event_sink(kube::EventRecorder& recorder) {
  return std::make_unique<KubeEventSink>(recorder);
}

}  // namespace headroom::controller
