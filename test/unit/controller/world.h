// A small cluster for tests of statuses: one feed, racks r1 and r2, two measured nodes in each; and the plan made of
// it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/names.h"
#include "controller/plan_status.h"
#include "controller/pod_tally.h"
#include "scoring/decision_record.h"
#include "test/support/cluster_builder.h"

namespace headroom::controller::test {

using headroom::test::ClusterBuilder;
using headroom::test::PodHandle;
using headroom::test::Topology;

inline Topology hall() {
  Topology made;
  made.feed("f", 8000).rack("r1", 8000, "f").rack("r2", 8000, "f").node_class(100, std::nullopt);
  made.object.uid = "uid-hall";
  made.object.generation = 5;
  return made;
}

inline model::PolicyObject policy(const std::string& name) {
  auto made = headroom::test::policy(name, 1000);
  made.uid = "uid-" + name;
  made.generation = 3;
  return made;
}

struct World : ClusterBuilder {
  World() {
    topology(hall());
    for (const auto* name : {"n1", "n2"}) node(name, "r1");
    for (const auto* name : {"n3", "n4"}) node(name, "r2");
    measure_all();
  }
  void measure_all(std::int64_t watts = 300) {
    for (const auto* name : {"n1", "n2", "n3", "n4"}) meter(name, watts);
  }
  // A running pod of ten cores, 100 W by its class.
  PodHandle running(const std::string& name, const std::string& on_node) {
    return pod(name).cores(10).on(on_node).started(now() - std::chrono::hours(1));
  }
  void let_pass(const std::string& name, const std::string& on_node, std::string_view reason) {
    scoring::DecisionRecord record;
    record.would_refuse = reason;
    running(name, on_node).annotate(base::names::kDecisionAnnotation, scoring::to_json(record));
  }

  std::vector<DesiredStatus> plan() {
    const auto made = books();
    const PodTally tally = tally_pods(last_snapshot(), *made);
    return plan_status({last_snapshot(), *made, tally, caps});
  }
  CapPlan caps;
  DesiredStatus plan_of(const std::string& name) {
    for (auto& status : plan()) {
      if (status.key.name == name) return status;
    }
    return {};
  }
};

inline const StatusCondition* condition(const DesiredStatus& status, std::string_view type) {
  for (const auto& candidate : status.conditions) {
    if (candidate.type == type) return &candidate;
  }
  return nullptr;
}
// "True Valid", "False NoMembers"; empty: the condition is not there.
inline std::string verdict(const DesiredStatus& status, std::string_view type) {
  const auto* found = condition(status, type);
  return found == nullptr ? "" : std::string(found->holds ? "True " : "False ") + found->reason;
}
inline std::string message(const DesiredStatus& status, std::string_view type) {
  const auto* found = condition(status, type);
  return found == nullptr ? "" : found->message;
}

}  // namespace headroom::controller::test
