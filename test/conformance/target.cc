#include "test/conformance/target.h"

#include <mutex>
#include <random>
#include <utility>

#include "runtime/system_clock.h"

namespace headroom::conformance {
namespace {

using nlohmann::json;

struct Target {
  std::mutex mutex;
  std::string address;
};
Target& target() {
  static Target instance;
  return instance;
}

runtime::SystemClock& system_clock() {
  static runtime::SystemClock clock;
  return clock;
}

std::string random_word() {
  std::random_device random;
  return std::to_string(random() % 1'000'000'000);
}

std::unique_ptr<kube::ApiClient> make_client() {
  const std::lock_guard lock(target().mutex);
  auto config = kube::find_config(target().address);
  if (!config) {
    ADD_FAILURE() << "no API server to test: " << config.error().message;
    return nullptr;
  }
  return std::make_unique<kube::ApiClient>(*std::move(config), kube::ApiClientOptions(), system_clock());
}

}  // namespace

void set_target(std::string kubeconfig_or_url) {
  const std::lock_guard lock(target().mutex);
  target().address = std::move(kubeconfig_or_url);
}

void ApiServer::SetUp() {
  client_ = make_client();
  ASSERT_NE(client_, nullptr);
  ns_ = "conformance-" + random_word();
  // A server without namespaces of its own takes any.
  const auto made = client_->post("/api/v1/namespaces", json{{"metadata", {{"name", ns_}}}}.dump());
  ASSERT_TRUE(made || made.error().kind == base::ErrorKind::not_found) << made.error().message;
}

std::unique_ptr<kube::ApiClient> ApiServer::another_client() const {
  return make_client();
}

json ApiServer::create(const std::string& collection, const json& object) {
  auto body = client().post(collection, object.dump());
  if (!body) {
    ADD_FAILURE() << body.error().message;
    return json::object();
  }
  return json::parse(*body);
}

json ApiServer::get(const std::string& path) {
  auto body = client().get(path);
  if (!body) {
    ADD_FAILURE() << body.error().message;
    return json::object();
  }
  return json::parse(*body);
}

json ApiServer::create_node(const std::string& name) {
  return create("/api/v1/nodes", {{"apiVersion", "v1"},
                                  {"kind", "Node"},
                                  {"metadata", {{"name", name}, {"labels", {{"conformance", ns_}}}}},
                                  {"status", {{"capacity", {{"cpu", "4"}, {"memory", "8Gi"}, {"pods", "110"}}}}}});
}

json ApiServer::create_pod(const std::string& name) {
  return create(
      "/api/v1/namespaces/" + ns_ + "/pods",
      {{"apiVersion", "v1"},
       {"kind", "Pod"},
       {"metadata", {{"name", name}, {"namespace", ns_}}},
       {"spec", {{"schedulerName", "conformance"}, {"containers", {{{"name", "main"}, {"image", "busybox"}}}}}}});
}

json ApiServer::create_topology(const std::string& name) {
  return create("/apis/powercapping.example.com/v1alpha1/powertopologies",
                {{"apiVersion", "powercapping.example.com/v1alpha1"},
                 {"kind", "PowerTopology"},
                 {"metadata", {{"name", name}}},
                 {"spec", {{"elements", {{{"name", name + "-feed"}, {"type", "Feed"}, {"ratedWatts", 1000}}}}}}});
}

std::string ApiServer::pod_path(const std::string& name) const {
  return "/api/v1/namespaces/" + ns_ + "/pods/" + name;
}

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds deadline) {
  runtime::SystemClock& clock = system_clock();
  const base::MonoTime end = clock.mono_now() + deadline;
  while (!condition()) {
    if (clock.mono_now() > end) return false;
    clock.wait_until(clock.mono_now() + base::Milliseconds(20), {});
  }
  return true;
}

}  // namespace headroom::conformance
