#include "controller/kube_cap_edges.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/names.h"
#include "kube/api_time.h"
#include "kube/lease.h"
#include "kube/list.h"
#include "kube/resource.h"
#include "policy/node_power_cap_json.h"
#include "topology/json_value.h"

namespace headroom::controller {
namespace {

using topology::JsonValue;

const JsonValue* at(const JsonValue& object, std::initializer_list<std::string_view> path) {
  const JsonValue* found = &object;
  for (const auto name : path) {
    if (found != nullptr) found = found->find(name);
  }
  return found;
}

std::string text_at(const JsonValue& object, std::initializer_list<std::string_view> path) {
  const JsonValue* found = at(object, path);
  const auto* text = found == nullptr ? nullptr : std::get_if<std::string>(&found->value);
  return text == nullptr ? std::string() : *text;
}

// Of an object that this version cannot read otherwise.
std::int64_t epoch_of(std::string_view json) {
  const auto value = topology::parse_json(json);
  const JsonValue* found = value ? at(*value, {"spec", "epoch"}) : nullptr;
  const auto* epoch = found == nullptr ? nullptr : std::get_if<std::int64_t>(&found->value);
  return epoch == nullptr ? 0 : *epoch;
}

class KubeCapStore final : public CapStore {
 public:
  explicit KubeCapStore(kube::ApiClient& client) : client_(client) {}

  base::Result<CapList> list() override {
    CapList all;
    std::string token;
    do {
      runtime::QueryParameters query{{"limit", "500"}};
      if (!token.empty()) query.emplace("continue", token);
      auto body = client_.get(caps_.collection_path(), query);
      if (!body) return std::move(body).error();
      const auto page =
          kube::split_list(kube::PaddedJson::of(*body), [&](kube::PaddedJson json) { add(json.text(), all); });
      if (!page) return page.error();
      token = page->continue_token;
    } while (!token.empty());
    return all;
  }

  base::Result<model::NodePowerCap> get(const std::string& name) override {
    return parsed(client_.get(caps_.object_path(name)));
  }

  base::Result<model::NodePowerCap> write(const CapOrder& order) override {
    if (order.create) {
      return parsed(client_.post(caps_.collection_path(), policy::print_new_cap(order.cap, order.node_uid)));
    }
    kube::PatchRequest patch;
    patch.path = caps_.object_path(order.cap.name);
    patch.body = policy::print_spec_patch(order.cap);
    return parsed(client_.patch(patch));
  }

 private:
  static void add(std::string_view json, CapList& all) {
    all.highest_epoch = std::max(all.highest_epoch, epoch_of(json));
    auto cap = policy::parse_node_power_cap(json);
    if (cap) all.caps.push_back(*std::move(cap));
  }
  static base::Result<model::NodePowerCap> parsed(base::Result<std::string> body) {
    if (!body) return std::move(body).error();
    return policy::parse_node_power_cap(*body);
  }

  const kube::Resource caps_ = kube::resources::node_power_caps();
  kube::ApiClient& client_;
};

class KubeReleaseDesk final : public ReleaseDesk {
 public:
  KubeReleaseDesk(kube::ApiClient& client, kube::EventRecorder& recorder) : client_(client), recorder_(recorder) {}

  base::Status answer(const model::NodePowerCap& cap, const ReleaseAnswer& answer) override {
    kube::PatchRequest patch;
    patch.path = kube::resources::node_power_caps().object_path(cap.name);
    patch.body = policy::print_release_note(cap, {answer.text, answer.done});
    if (auto reply = client_.patch(patch); !reply) return std::move(reply).error();
    if (answer.done || answer.kept) record(cap, answer);
    return base::ok_status();
  }

 private:
  void record(const model::NodePowerCap& cap, const ReleaseAnswer& answer) {
    kube::Event event;
    event.regarding = {std::string(base::names::kApiGroupVersion), std::string(base::names::kNodePowerCapKind), "",
                       cap.name, cap.uid};
    event.type = answer.kept ? kube::EventType::warning : kube::EventType::normal;
    event.reason = answer.kept ? "ReleaseRefused" : "Released";
    event.action = "Releasing";
    event.note = answer.text;
    recorder_.record(std::move(event));
  }

  kube::ApiClient& client_;
  kube::EventRecorder& recorder_;
};

class KubeHeartbeat final : public Heartbeat {
 public:
  KubeHeartbeat(kube::ApiClient& client, HeartbeatLease lease) : client_(client), lease_(std::move(lease)) {}

  base::Result<HeartbeatView> read() override {
    auto body = client_.get(path());
    if (body) return seen(*body);
    if (body.error().kind != base::ErrorKind::not_found) return std::move(body).error();
    version_.clear();
    return HeartbeatView{};
  }

  // With the version that was read: what a leader sends that was paused meanwhile does not look like life.
  base::Result<HeartbeatView> renew() override {
    if (version_.empty()) {
      auto view = read();
      if (!view) return view;
      if (version_.empty()) return create();
    }
    kube::PatchRequest patch;
    patch.path = path();
    patch.body = nlohmann::json{{"metadata", {{"resourceVersion", version_}}},
                                {"spec",
                                 {{"holderIdentity", lease_.identity},
                                  {"leaseDurationSeconds", kHeartbeatLifetime.count()},
                                  {"renewTime", kube::format_micro_time(client_.clock().wall_now())}}}}
                     .dump();
    auto body = client_.patch(patch);
    version_.clear();
    if (!body) return std::move(body).error();
    return seen(*body);
  }

 private:
  [[nodiscard]] std::string path() const { return kube::resources::leases(lease_.ns).object_path(lease_.name); }

  base::Result<HeartbeatView> create() {
    kube::Lease lease;
    lease.ns = lease_.ns;
    lease.name = lease_.name;
    lease.holder = lease_.identity;
    lease.duration = kHeartbeatLifetime;
    lease.renewed = client_.clock().wall_now();
    const auto stored = kube::create_lease(client_, lease);
    if (!stored) return stored.error();
    version_ = stored->resource_version;
    return HeartbeatView{};
  }

  base::Result<HeartbeatView> seen(std::string_view body) {
    const auto lease = topology::parse_json(body);
    if (!lease) return lease.error();
    version_ = text_at(*lease, {"metadata", "resourceVersion"});
    return HeartbeatView{text_at(*lease, {"metadata", "annotations", base::names::kPauseAnnotation}) == "true"};
  }

  kube::ApiClient& client_;
  const HeartbeatLease lease_;
  std::string version_;  // as last seen; empty: read it first
};

}  // namespace

std::unique_ptr<CapStore> make_cap_store(kube::ApiClient& client) {
  return std::make_unique<KubeCapStore>(client);
}
std::unique_ptr<ReleaseDesk> make_release_desk(kube::ApiClient& client, kube::EventRecorder& recorder) {
  return std::make_unique<KubeReleaseDesk>(client, recorder);
}
std::unique_ptr<Heartbeat> make_heartbeat(kube::ApiClient& client, HeartbeatLease lease) {
  return std::make_unique<KubeHeartbeat>(client, std::move(lease));
}

}  // namespace headroom::controller
