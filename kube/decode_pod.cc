#include <array>
#include <map>
#include <utility>

#include "base/names.h"
#include "kube/api_time.h"
#include "kube/decode.h"
#include "kube/json_reader.h"
#include "kube/labels_reader.h"
#include "kube/pod_resources.h"

namespace headroom::kube {
namespace {

namespace names = base::names;

struct Reading {
  model::Pod pod;
  PodResources resources;
  std::vector<std::string> claim_names;                 // within the pod; as pod.claims
  std::map<std::string, std::string> generated_claims;  // ResourceClaims by name within the pod
};

std::optional<base::WallTime> read_time(JsonCursor& cursor) {
  const std::string_view text = cursor.view();
  if (text.empty()) return std::nullopt;
  const auto time = parse_api_time(text);
  if (time) return *time;
  cursor.fail(time.error().message);
  return std::nullopt;
}

void read_owners(JsonCursor& owners, model::Pod& pod) {
  owners.items([&](JsonCursor& owner) {
    owner.fields([&](std::string_view key, JsonCursor& value) {
      if (key == "kind" && value.view() == "DaemonSet") pod.owned_by_daemonset = true;
    });
  });
}

void read_metadata(JsonCursor& metadata, model::Pod& pod) {
  metadata.fields([&](std::string_view key, JsonCursor& value) {
    if (key == "name") {
      pod.name = value.text();
    } else if (key == "namespace") {
      pod.ns = value.text();
    } else if (key == "uid") {
      pod.uid = value.text();
    } else if (key == "resourceVersion") {
      pod.resource_version = value.text();
    } else if (key == "labels") {
      pod.labels = read_labels(value);
    } else if (key == "annotations") {
      pod.annotations = read_labels(value, std::string(names::kApiGroup) + "/");
    } else if (key == "creationTimestamp") {
      pod.created = read_time(value).value_or(base::WallTime{});
    } else if (key == "deletionTimestamp") {
      pod.terminating = !value.view().empty();
    } else if (key == "ownerReferences") {
      read_owners(value, pod);
    }
  });
}

ContainerSpec read_container(JsonCursor& item) {
  ContainerSpec container;
  item.fields([&](std::string_view key, JsonCursor& value) {
    if (key == "name") {
      container.name = value.text();
    } else if (key == "resources") {
      container.needs = read_resource_needs(value);
    } else if (key == "restartPolicy") {
      container.sidecar = value.view() == "Always";
    }
  });
  return container;
}

std::vector<ContainerSpec> read_containers(JsonCursor& list) {
  std::vector<ContainerSpec> containers;
  list.items([&](JsonCursor& item) { containers.push_back(read_container(item)); });
  return containers;
}

std::vector<model::NodeSelectorTerm> read_terms(JsonCursor& list) {
  std::vector<model::NodeSelectorTerm> terms;
  list.items([&](JsonCursor& item) {
    model::NodeSelectorTerm& term = terms.emplace_back();
    item.fields([&](std::string_view key, JsonCursor& value) {
      if (key == "matchExpressions") {
        term.match_expressions = read_requirements(value);
      } else if (key == "matchFields") {
        term.match_fields = read_requirements(value);
      }
    });
  });
  return terms;
}

// spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms
void read_affinity(JsonCursor& affinity, model::Pod& pod) {
  affinity.fields([&](std::string_view kind, JsonCursor& node_affinity) {
    if (kind != "nodeAffinity") return;
    node_affinity.fields([&](std::string_view strength, JsonCursor& required) {
      if (strength != "requiredDuringSchedulingIgnoredDuringExecution") return;
      required.fields([&](std::string_view key, JsonCursor& terms) {
        if (key == "nodeSelectorTerms") pod.required_node_affinity = read_terms(terms);
      });
    });
  });
}

// spec.resourceClaims; a generated ResourceClaim's name comes from the status, in whatever order the two stand.
void read_claims(JsonCursor& list, Reading& reading) {
  list.items([&](JsonCursor& item) {
    std::string name;
    model::PodClaim claim;
    item.fields([&](std::string_view key, JsonCursor& value) {
      if (key == "name") {
        name = value.text();
      } else if (key == "resourceClaimName") {
        claim.claim = value.text();
      } else if (key == "resourceClaimTemplateName") {
        claim.from_template = value.text();
      }
    });
    reading.claim_names.push_back(std::move(name));
    reading.pod.claims.push_back(std::move(claim));
  });
}

void read_generated_claims(JsonCursor& list, Reading& reading) {
  list.items([&](JsonCursor& item) {
    std::string name;
    std::string claim;
    item.fields([&](std::string_view key, JsonCursor& value) {
      if (key == "name") {
        name = value.text();
      } else if (key == "resourceClaimName") {
        claim = value.text();
      }
    });
    reading.generated_claims.insert_or_assign(std::move(name), std::move(claim));
  });
}

void name_generated_claims(Reading& reading) {
  for (std::size_t i = 0; i < reading.pod.claims.size(); ++i) {
    model::PodClaim& claim = reading.pod.claims[i];
    const auto generated = reading.generated_claims.find(reading.claim_names[i]);
    if (claim.claim.empty() && generated != reading.generated_claims.end()) claim.claim = generated->second;
  }
}

std::int32_t read_priority(JsonCursor& value) {
  const std::int64_t priority = value.integer();
  if (std::in_range<std::int32_t>(priority)) return static_cast<std::int32_t>(priority);
  value.fail("is no 32-bit integer");
  return 0;
}

void read_spec(JsonCursor& spec, Reading& reading) {
  model::Pod& pod = reading.pod;
  PodResources& resources = reading.resources;
  spec.fields([&](std::string_view key, JsonCursor& value) {
    if (key == "nodeName") {
      pod.node_name = value.text();
    } else if (key == "schedulerName") {
      pod.scheduler_name = value.text();
    } else if (key == "priority") {
      pod.priority = read_priority(value);
    } else if (key == "nodeSelector") {
      pod.node_selector = read_labels(value);
    } else if (key == "affinity") {
      read_affinity(value, pod);
    } else if (key == "containers") {
      resources.containers = read_containers(value);
    } else if (key == "initContainers") {
      resources.init_containers = read_containers(value);
    } else if (key == "resourceClaims") {
      read_claims(value, reading);
    } else if (key == "overhead") {
      resources.overhead = read_resource_list(value);
    } else if (key == "resources") {
      resources.pod_level = read_resource_needs(value);
    }
  });
}

struct Condition {
  std::string type;
  std::string status;
  std::string reason;
  base::WallTime last_transition;
};

Condition read_condition(JsonCursor& item) {
  Condition condition;
  item.fields([&](std::string_view key, JsonCursor& value) {
    if (key == "type") {
      condition.type = value.text();
    } else if (key == "status") {
      condition.status = value.text();
    } else if (key == "reason") {
      condition.reason = value.text();
    } else if (key == "lastTransitionTime") {
      condition.last_transition = read_time(value).value_or(base::WallTime{});
    }
  });
  return condition;
}

void read_conditions(JsonCursor& list, model::Pod& pod) {
  list.items([&](JsonCursor& item) {
    Condition condition = read_condition(item);
    if (condition.type == "PodScheduled") {
      pod.unschedulable = condition.status == "False" && condition.reason == "Unschedulable";
    } else if (condition.type == "Ready") {
      pod.ready = condition.status == "True";
    } else if (condition.type == names::kHeadroomCondition) {
      pod.headroom =
          model::HeadroomCondition{condition.status == "True", std::move(condition.reason), condition.last_transition};
    }
  });
}

void read_grants(JsonCursor& list, PodResources& resources) {
  list.items([&](JsonCursor& item) {
    std::string name;
    ContainerGrant grant;
    item.fields([&](std::string_view key, JsonCursor& value) {
      if (key == "name") {
        name = value.text();
      } else if (key == "resources") {
        grant.actual = read_resource_needs(value);
      } else if (key == "allocatedResources") {
        grant.allocated = read_resource_list(value);
      }
    });
    resources.grants.insert_or_assign(std::move(name), std::move(grant));
  });
}

model::PodPhase read_phase(JsonCursor& value) {
  using enum model::PodPhase;
  static constexpr std::array<std::pair<std::string_view, model::PodPhase>, 5> kPhases{
      {{"Pending", pending}, {"Running", running}, {"Succeeded", succeeded}, {"Failed", failed}, {"", pending}}};
  const std::string_view name = value.view();
  for (const auto& [text, phase] : kPhases) {
    if (text == name) return phase;
  }
  return unknown;
}

void read_status(JsonCursor& status, Reading& reading) {
  PodResources& resources = reading.resources;
  status.fields([&](std::string_view key, JsonCursor& value) {
    if (key == "phase") {
      reading.pod.phase = read_phase(value);
    } else if (key == "startTime") {
      reading.pod.started = read_time(value);
    } else if (key == "nominatedNodeName") {
      reading.pod.nominated_node = value.text();
    } else if (key == "conditions") {
      read_conditions(value, reading.pod);
    } else if (key == "resourceClaimStatuses") {
      read_generated_claims(value, reading);
    } else if (key == "containerStatuses" || key == "initContainerStatuses") {
      read_grants(value, resources);
    } else if (key == "resources") {
      if (!resources.pod_level_grant) resources.pod_level_grant.emplace();
      resources.pod_level_grant->actual = read_resource_needs(value);
    } else if (key == "allocatedResources") {
      if (!resources.pod_level_grant) resources.pod_level_grant.emplace();
      resources.pod_level_grant->allocated = read_resource_list(value);
    }
  });
}

}  // namespace

base::Result<model::Pod> decode_pod(PaddedJson json) {
  Reading reading;
  const auto read = read_json_object(json, [&](std::string_view key, JsonCursor& value) {
    if (key == "metadata") {
      read_metadata(value, reading.pod);
    } else if (key == "spec") {
      read_spec(value, reading);
    } else if (key == "status") {
      read_status(value, reading);
    }
  });
  if (!read) return read.error();
  if (reading.pod.name.empty()) return base::invalid_input("metadata.name: is required");
  EffectiveResources effective = effective_resources(reading.resources);
  reading.pod.cpu_millis = effective.cpu_millis;
  reading.pod.devices = std::move(effective.devices);
  name_generated_claims(reading);
  return std::move(reading.pod);
}

}  // namespace headroom::kube
