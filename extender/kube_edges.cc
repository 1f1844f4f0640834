#include "extender/kube_edges.h"

#include <utility>

#include "kube/decode.h"
#include "kube/lease.h"
#include "kube/resource.h"

namespace headroom::extender {
namespace {

class KubePodBinder final : public PodBinder {
 public:
  explicit KubePodBinder(kube::ApiClient& client) : client_(client) {}

  kube::BindReply bind(const kube::BindRequest& request) override { return kube::bind_pod(client_, request); }

  base::Result<model::Pod> get_pod(const std::string& ns, const std::string& name) override {
    auto body = client_.get(kube::resources::pods(ns).object_path(name));
    if (!body) return std::move(body).error();
    return kube::decode_pod(kube::PaddedJson::of(*body));
  }

 private:
  kube::ApiClient& client_;
};

class KubeConditionWriter final : public PodConditionWriter {
 public:
  explicit KubeConditionWriter(kube::ApiClient& client) : client_(client) {}

  base::Status write(const kube::PodRef& pod, const kube::PodCondition& condition) override {
    return kube::patch_pod_condition(client_, pod, condition);
  }

 private:
  kube::ApiClient& client_;
};

class KubeSchedulerLease final : public SchedulerLease {
 public:
  KubeSchedulerLease(kube::ApiClient& client, std::string ns, std::string name)
      : client_(client), ns_(std::move(ns)), name_(std::move(name)) {}

  base::Result<std::optional<std::string>> holder() override {
    if (name_.empty()) return std::optional<std::string>();
    auto lease = kube::get_lease(client_, ns_, name_);
    if (lease) return std::optional(lease->holder);
    if (lease.error().kind == base::ErrorKind::not_found) return std::optional<std::string>();
    return std::move(lease).error();
  }

 private:
  kube::ApiClient& client_;
  const std::string ns_;
  const std::string name_;
};

}  // namespace

std::unique_ptr<PodBinder> make_pod_binder(kube::ApiClient& bind_client) {
  return std::make_unique<KubePodBinder>(bind_client);
}

std::unique_ptr<PodConditionWriter> make_condition_writer(kube::ApiClient& client) {
  return std::make_unique<KubeConditionWriter>(client);
}

std::unique_ptr<SchedulerLease> make_scheduler_lease(kube::ApiClient& client, std::string ns, std::string name) {
  return std::make_unique<KubeSchedulerLease>(client, std::move(ns), std::move(name));
}

}  // namespace headroom::extender
