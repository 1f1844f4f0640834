#include "test/bench/big_cluster.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>

#include "base/names.h"

namespace headroom::bench {
namespace {

using base::watts;

std::string numbered(const char* format, int number) {
  char text[64];
  std::snprintf(text, sizeof text, format, number);
  return text;
}

model::PowerElement element(std::string name, model::ElementType type, std::int64_t rated) {
  model::PowerElement made;
  made.name = std::move(name);
  made.type = type;
  made.rated = watts(rated);
  made.continuous_percent = 100;
  return made;
}

model::TopologyObject topology(int racks) {
  model::TopologyObject object;
  object.name = "site";
  object.generation = 1;
  object.rack_label = base::names::kDefaultRackLabel;
  model::NodeClass node_class;
  node_class.idle = watts(120);
  node_class.max = watts(800);
  node_class.watts_per_core = watts(kWattsPerCore);
  object.node_classes.push_back(node_class);
  const int pdus = 2 * ((racks + 9) / 10);
  for (const char* side : {"a", "b"}) {
    object.elements.push_back(element(std::string("feed-") + side, model::ElementType::feed, 10'000'000));
    object.elements.push_back(element(std::string("ups-") + side, model::ElementType::ups, 10'000'000));
    object.elements.back().fed_by = {{std::string("feed-") + side, 100}};
  }
  for (int pdu = 0; pdu < pdus; ++pdu) {
    object.elements.push_back(element(numbered("pdu-%03d", pdu), model::ElementType::pdu, 1'000'000));
    object.elements.back().fed_by = {{pdu % 2 == 0 ? "ups-a" : "ups-b", 100}};
  }
  for (int rack = 0; rack < racks; ++rack) {
    // A rack of 25 nodes books about 10 kW; every fifth has no room beyond it.
    object.elements.push_back(
        element(numbered("rack-%03d", rack), model::ElementType::rack, rack % 5 == 4 ? 5'000 : 18'000));
    const int pair = 2 * (rack / 10);
    object.elements.back().fed_by = {{numbered("pdu-%03d", pair), 50}, {numbered("pdu-%03d", pair + 1), 50}};
    object.elements.back().max_inlet = base::celsius(32);
  }
  return object;
}

model::PowerReading reading(std::int64_t power, base::WallTime now) {
  model::PowerReading made;
  made.power = watts(power);
  made.window_start = now - base::Seconds(3);
  made.window_end = now;
  made.source = "bench";
  return made;
}

std::shared_ptr<const model::TelemetrySnapshot> telemetry(const model::ClusterSnapshot& cluster, base::WallTime now) {
  auto made = std::make_shared<model::TelemetrySnapshot>();
  int number = 0;
  for (const auto& node : cluster.nodes) {
    model::NodeTelemetry& readings = made->nodes[node->name];
    readings.of(model::PowerScope::package_dram) = reading(180 + number % 97, now);
    readings.inlet = model::TemperatureReading{base::celsius(20 + number % 7), now, model::Grade::measured, "bench"};
    ++number;
  }
  return made;
}

model::Pod running_pod(int number, const std::string& node, base::WallTime started) {
  model::Pod pod;
  pod.uid = numbered("00000000-0000-4000-8000-%012d", number);
  pod.ns = "default";
  pod.name = numbered("running-%07d", number);
  pod.labels = {{"app", "bench"}};
  pod.scheduler_name = base::names::kSchedulerName;
  pod.node_name = node;
  pod.phase = model::PodPhase::running;
  pod.started = started;
  pod.cpu_millis = 2'000;
  return pod;
}

}  // namespace

std::shared_ptr<const model::ClusterSnapshot> big_cluster(const ClusterSize& size, base::WallTime now) {
  auto cluster = std::make_shared<model::ClusterSnapshot>();
  cluster->sequence = 1;
  cluster->built_at = now;
  cluster->sync = {.nodes = true, .pods = true, .policies = true, .topologies = true};
  cluster->pod_list_generation = 1;
  for (int number = 0; number < size.nodes; ++number) {
    auto node = std::make_shared<model::Node>();
    node->name = numbered("node-%05d", number);
    node->labels = {{std::string(base::names::kDefaultRackLabel), numbered("rack-%03d", number / kNodesPerRack)},
                    {"kubernetes.io/hostname", node->name}};
    node->cpu_millis = 64'000;
    for (int pod = 0; pod < size.pods_per_node; ++pod) {
      cluster->pods.push_back(std::make_shared<const model::Pod>(
          running_pod(number * size.pods_per_node + pod, node->name, now - base::Seconds(3'600))));
    }
    cluster->nodes.push_back(std::move(node));
  }
  cluster->topologies.push_back(
      std::make_shared<const model::TopologyObject>(topology((size.nodes + kNodesPerRack - 1) / kNodesPerRack)));
  cluster->telemetry = telemetry(*cluster, now);
  return cluster;
}

std::shared_ptr<const model::ClusterSnapshot> next_snapshot(const model::ClusterSnapshot& before, const Step& step) {
  auto next = std::make_shared<model::ClusterSnapshot>(before);
  ++next->sequence;
  next->built_at = step.now;
  next->telemetry = telemetry(*next, step.now);
  const int pods = static_cast<int>(next->pods.size());
  for (int i = 0; i < std::min(step.changed_pods, pods); ++i) {
    auto& pod =
        next->pods[static_cast<std::size_t>(i) * next->pods.size() / static_cast<std::size_t>(step.changed_pods)];
    pod = std::make_shared<const model::Pod>(*pod);
  }
  return next;
}

scoring::BooksInput books_input(std::shared_ptr<const model::ClusterSnapshot> snapshot, base::WallTime now) {
  scoring::BooksInput input;
  input.topology =
      std::make_shared<const topology::Compiled>(topology::compile(topology::compile_input(*snapshot, nullptr)));
  input.policies = std::make_shared<const policy::PolicyIndex>(snapshot->policies, snapshot->unreadable_policies);
  input.settings = std::make_shared<const scoring::Settings>();
  input.snapshot = std::move(snapshot);
  input.now = now;
  return input;
}

model::Pod waiting_pod() {
  model::Pod pod;
  pod.uid = "ffffffff-0000-4000-8000-000000000000";
  pod.ns = "default";
  pod.name = "waiting";
  pod.scheduler_name = base::names::kSchedulerName;
  pod.cpu_millis = 10;
  return pod;
}

}  // namespace headroom::bench
