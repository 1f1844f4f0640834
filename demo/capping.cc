#include "demo/capping.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/names.h"
#include "demo/extender_process.h"
#include "demo/json.h"
#include "runtime/file.h"

namespace headroom::demo {
namespace {

using base::names::kApiGroupVersion;

const std::string kCaps =
    "/apis/" + std::string(kApiGroupVersion) + "/" + std::string(base::names::kNodePowerCapResource);
const std::string kPolicies = "/apis/" + std::string(kApiGroupVersion) + "/namespaces/tenant/powercappingpolicies";
constexpr const char* kPolicy = "demo-caps";
// The agents' loss of their controller fits into a demo: two seconds of silence, four until they fall back.
constexpr const char* kAgentTiming = "timing: {scale: 10, heartbeatTTL: 20s, grace: 40s}\n";
constexpr const char* kControllerPace = "capping: {period: 500ms, heartbeat: 500ms}\n";

// The kernel's own, which the agents of this machine report as well.
std::string boot_id(const std::string& proc_root) {
  const auto text = runtime::read_file(proc_root + "/" + "sys/kernel/random/boot_id");
  return text ? text->substr(0, text->find('\n')) : std::string();
}

}  // namespace

Capping::Capping(CappingOptions options, ApiServer& server, const Hall& hall, base::Clock& clock)
    : options_(std::move(options)),
      server_(server),
      hall_(hall),
      clock_(clock),
      nodes_{hall.nodes().front().name, hall.nodes().back().name},
      side_port_(free_port()),
      tree_({options_.raplfs_binary, options_.layouts, options_.folder}, clock) {}

Capping::~Capping() {
  for (const auto& agent : agents_) agent->stop();
  if (controller_) controller_->stop();
  tree_.stop();
}

base::Status Capping::tell_boot(const std::string& node) {
  const Json body = {{"status", {{"nodeInfo", {{"bootID", boot_id(options_.proc_root)}}}}}};
  const auto reply = server_.call({.method = "PATCH",
                                   .path = "/api/v1/nodes/" + node + "/status",
                                   .body = body.dump(),
                                   .content_type = "application/merge-patch+json"});
  if (reply.status == 200) return base::ok_status();
  return base::internal_error("node " + node + ": " + reply.body);
}

base::Status Capping::create(const std::string& path, const std::string& body) {
  const auto reply = server_.call({.method = "POST", .path = path, .body = body});
  if (reply.status == 201) return base::ok_status();
  return base::internal_error("POST " + path + ": " + reply.body);
}

base::Status Capping::add_tenant() {
  const Json ns = {{"metadata", {{"name", "tenant"}, {"labels", {{"kubernetes.io/metadata.name", "tenant"}}}}}};
  if (auto status = create("/api/v1/namespaces", ns.dump()); !status) return status;
  for (const std::string& node : nodes_) {
    const Json pod = {{"metadata", {{"name", "on-" + node}}},
                      {"spec", {{"nodeName", node}, {"containers", {{{"name", "main"}, {"image", "busybox"}}}}}}};
    if (auto status = create("/api/v1/namespaces/tenant/pods", pod.dump()); !status) return status;
  }
  return base::ok_status();
}

base::Status Capping::start_agent(const std::string& node, const std::string& url, base::Milliseconds patience) {
  const std::uint16_t port = free_port();
  const std::string folder = options_.folder + "/" + node;
  for (const char* part : {"/run", "/memory"}) {
    std::error_code failed;
    if (!std::filesystem::create_directories(folder + part, failed))
      return base::unavailable(folder + part + ": " + failed.message());
  }
  std::string config = "# Written by the demo. Everything not here has its shipped value.\nmode: Enforce\n";
  config += "kubeconfig: " + url + "\nnodeName: " + node + "\nlisten: {health: \"127.0.0.1:" + std::to_string(port) +
            "\"}\nsysfsRoot: " + tree_.sysfs(node) + "\npowercapRoot: " + tree_.sysfs(node) +
            "/devices/virtual/powercap\njournalPath: " + folder + "/run\nmemoryPath: " + folder +
            "/memory\ntestAllowNonSysfs: true\ngpu: {socket: \"\"}\n" + kAgentTiming;
  agents_.push_back(std::make_unique<Program>(ProgramOptions{.binary = options_.agent_binary,
                                                             .folder = options_.folder,
                                                             .name = "agent-" + node,
                                                             .config = config,
                                                             .ready = "/readyz",
                                                             .health_port = port},
                                              clock_));
  return agents_.back()->start(patience);
}

base::Status Capping::start(base::Milliseconds patience) {
  if (auto status = tree_.start(patience); !status) return status;
  for (const std::string& node : nodes_) {
    if (auto status = tree_.add_node(node); !status) return status;
    if (auto status = tell_boot(node); !status) return status;
  }
  if (auto status = add_tenant(); !status) return status;
  const std::uint16_t port = free_port();
  controller_ = std::make_unique<Program>(
      ProgramOptions{.binary = options_.controller_binary,
                     .folder = options_.folder,
                     .name = "controller",
                     .config = "# Written by the demo. Everything not here has its shipped value.\nkubeconfig: " +
                               server_.url() + "\nlisten: {health: \"127.0.0.1:" + std::to_string(port) + "\"}\n" +
                               kControllerPace + exporters_section(hall_, options_.exporters_url),
                     .ready = "/readyz",
                     .health_port = port},
      clock_);
  if (auto status = controller_->start(patience); !status) return status;
  if (auto status = find_controller(); !status) return status;
  if (auto status = start_agent(nodes_[0], server_.url(), patience); !status) return status;
  return start_agent(nodes_[1], local_url(side_port_), patience);
}

base::Status Capping::ask(int watts) {
  Json caps = Json::array();
  for (const std::string& node : nodes_) {
    caps.push_back({{"nodeSelector", {{"kubernetes.io/hostname", node}}}, {"cpuPackageWatts", watts}});
  }
  const Json body = {{"apiVersion", kApiGroupVersion},
                     {"kind", base::names::kPolicyKind},
                     {"metadata", {{"name", kPolicy}}},
                     {"spec", {{"powerCapLimit", 20'000}, {"nodeCaps", caps}}}};
  const auto reply = server_.call({.method = "PATCH",
                                   .path = kPolicies + "/" + kPolicy,
                                   .body = body.dump(),
                                   .content_type = "application/apply-patch+yaml",
                                   .query = {{"fieldManager", "demo"}, {"force", "true"}}});
  if (reply.status == 200 || reply.status == 201) return base::ok_status();
  return base::internal_error("policy " + std::string(kPolicy) + ": " + reply.body);
}

std::vector<CapRow> Capping::rows() const {
  std::vector<CapRow> rows;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    CapRow row;
    row.node = nodes_[i];
    const auto reply = server_.call({.method = "GET", .path = kCaps + "/" + row.node});
    if (reply.status == 200) {
      const Json watts = Json::parse(reply.body)["spec"].value("cpuPackageWatts", Json());
      if (watts.is_number()) row.asked = watts.get<int>();
    }
    if (auto limits = tree_.limits(row.node)) row.read_back = *std::move(limits);
    if (const auto page = agents_.at(i)->page("/debug/state")) {
      const Json state = Json::parse(*page, nullptr, false);
      if (state.is_object()) row.state = state.value("state", "");
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace headroom::demo
