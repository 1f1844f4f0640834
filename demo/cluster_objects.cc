#include "demo/cluster_objects.h"

#include <nlohmann/json.hpp>

#include "base/names.h"
#include "demo/json.h"
#include "runtime/config_file.h"

namespace headroom::demo {
namespace {

using base::names::kApiGroupVersion;

base::Status create(ApiServer& server, const std::string& path, const std::string& body) {
  const auto reply = server.call({"POST", path, body});
  if (reply.status == 201) return base::ok_status();
  return base::internal_error("POST " + path + ": " + reply.body);
}

base::Status create_crd(ApiServer& server, const std::string& file) {
  const auto tree = runtime::read_yaml_file(file);
  if (!tree) return tree.error();
  return create(server, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", runtime::to_json(*tree));
}

Json node_object(const HallNode& node, const ClusterFacts& facts, int number) {
  const Json capacity = {{"cpu", std::to_string(facts.cores)}, {"memory", "128Gi"}, {"pods", "110"}};
  return {
      {"metadata",
       {{"name", node.name},
        {"labels", {{std::string(base::names::kDefaultRackLabel), node.rack}, {"kubernetes.io/hostname", node.name}}}}},
      {"spec", Json::object()},
      {"status",
       {{"capacity", capacity},
        {"allocatable", capacity},
        {"addresses", {{{"type", "InternalIP"}, {"address", "10.0.0." + std::to_string(number)}}}},
        {"conditions", {{{"type", "Ready"}, {"status", "True"}}}}}}};
}

Json topology_object(const Hall& hall, const ClusterFacts& facts) {
  Json elements = {{{"name", "feed"}, {"type", "Feed"}, {"ratedWatts", 20'000}},
                   {{"name", "pdu-1"}, {"type", "PDU"}, {"ratedWatts", 10'000}, {"fedBy", {{{"name", "feed"}}}}},
                   {{"name", "pdu-2"}, {"type", "PDU"}, {"ratedWatts", 10'000}, {"fedBy", {{{"name", "feed"}}}}}};
  for (const std::string& rack : hall.racks()) {
    elements.push_back(
        {{"name", rack},
         {"type", "Rack"},
         {"ratedWatts", facts.rack_rated_watts},
         {"maxInletCelsius", facts.inlet_limit_celsius},
         {"fedBy", {{{"name", "pdu-1"}, {"sharePercent", 50}}, {{"name", "pdu-2"}, {"sharePercent", 50}}}}});
  }
  const Json node_class = {{"nodeSelector", Json::object()},
                           {"idleWatts", facts.idle_watts},
                           {"maxWatts", facts.idle_watts + facts.cores * facts.watts_per_core},
                           {"wattsPerCore", facts.watts_per_core},
                           {"overheadWatts", 20}};
  return {{"apiVersion", kApiGroupVersion},
          {"kind", base::names::kTopologyKind},
          {"metadata", {{"name", "demo-hall"}}},
          {"spec",
           {{"maxTelemetryAgeSeconds", 30},
            {"policyNodeCaps", "Any"},
            {"elements", elements},
            {"nodeClasses", {node_class}}}}};
}

Json policy_object(const std::string& name, const Json& spec) {
  return {{"apiVersion", kApiGroupVersion},
          {"kind", base::names::kPolicyKind},
          {"metadata", {{"name", name}}},
          {"spec", spec}};
}

}  // namespace

base::Status create_cluster(ApiServer& server, const Hall& hall, const ClusterFacts& facts, const std::string& crds) {
  for (const char* file : {"/powercappingpolicies.yaml", "/powertopologies.yaml", "/nodepowercaps.yaml"}) {
    if (auto status = create_crd(server, crds + file); !status) return status;
  }
  const std::vector<std::string> namespaces{std::string(base::names::kSystemNamespace), "llm", "batch"};
  for (const std::string& ns : namespaces) {
    const Json object = {{"metadata", {{"name", ns}, {"labels", {{"kubernetes.io/metadata.name", ns}}}}}};
    if (auto status = create(server, "/api/v1/namespaces", object.dump()); !status) return status;
  }
  int number = 0;
  for (const HallNode& node : hall.nodes()) {
    const auto body = node_object(node, facts, ++number).dump();
    if (auto status = create(server, "/api/v1/nodes", body); !status) return status;
  }
  const std::string group = "/apis/" + std::string(kApiGroupVersion);
  const auto topology = topology_object(hall, facts).dump();
  if (auto status = create(server, group + "/powertopologies", topology); !status) return status;
  // One policy caps the watts of a namespace, the other keeps its pods out of warm racks sooner than the hall does.
  const auto cap = policy_object("llm-power", {{"powerCapLimit", facts.policy_cap_watts}}).dump();
  if (auto status = create(server, group + "/namespaces/llm/powercappingpolicies", cap); !status) return status;
  Json racks = Json::array();
  for (const std::string& rack : hall.racks()) {
    racks.push_back({{"rackId", rack}, {"maxTemperature", facts.inlet_limit_celsius - 1}});
  }
  const auto cool = policy_object("batch-cool-racks", {{"powerCapLimit", 20'000}, {"rackConstraints", racks}}).dump();
  return create(server, group + "/namespaces/batch/powercappingpolicies", cool);
}

}  // namespace headroom::demo
