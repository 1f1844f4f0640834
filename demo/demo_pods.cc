#include "demo/demo_pods.h"

#include <nlohmann/json.hpp>

#include "base/names.h"

namespace headroom::demo {

PodFacts facts_of(const Json& pod) {
  PodFacts facts;
  const Json& metadata = pod.at("metadata");
  facts.ns = metadata.value("namespace", "");
  facts.name = metadata.value("name", "");
  facts.uid = metadata.value("uid", "");
  facts.deleting = metadata.contains("deletionTimestamp");
  facts.node = pod.value("/spec/nodeName"_json_pointer, "");
  facts.phase = pod.value("/status/phase"_json_pointer, "");
  facts.scheduler = pod.value("/spec/schedulerName"_json_pointer, "");
  facts.cores = std::atoi(pod.value("/spec/containers/0/resources/requests/cpu"_json_pointer, "0").c_str());
  const Json selector = pod.value("/spec/nodeSelector"_json_pointer, Json::object());  // outlives items()
  for (const auto& [key, value] : selector.items()) {
    facts.node_selector[key] = value.get<std::string>();
  }
  for (const Json& condition : pod.value("/status/conditions"_json_pointer, Json::array())) {
    if (condition.value("type", "") != base::names::kHeadroomCondition) continue;
    facts.headroom_condition = condition.dump();
    facts.headroom_fits = condition.value("status", "") == "True";
  }
  return facts;
}

std::string pod_body(const NewPod& pod) {
  const Json resources = {{"requests", {{"cpu", std::to_string(pod.cores)}, {"memory", "1Gi"}}}};
  Json body = {{"metadata", {{"name", pod.name}, {"labels", {{"app", "demo"}}}}},
               {"spec",
                {{"schedulerName", base::names::kSchedulerName},
                 {"containers", {{{"name", "c"}, {"image", "demo"}, {"resources", resources}}}}}}};
  if (!pod.rack.empty()) body["spec"]["nodeSelector"][std::string(base::names::kDefaultRackLabel)] = pod.rack;
  return body.dump();
}

}  // namespace headroom::demo
