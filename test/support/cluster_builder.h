// A small cluster for tests, built by naming only what matters. Header-only.
//
//   ClusterBuilder cluster;
//   cluster.topology(Topology().feed("f", 10'000).rack("r1", 2'000, "f"));
//   cluster.node("n1", "r1");
//   cluster.pod("p").on("n1").watts(300);
//   cluster.meter("n1", 450);
//   const auto books = cluster.books();          // one step of the books, at cluster.now()
//
// The builder keeps the books' memory, so that books() after advance() is the next step of the same process.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/names.h"
#include "model/cluster_snapshot.h"
#include "policy/resolve.h"
#include "scoring/judge.h"
#include "scoring/keep_books.h"
#include "scoring/ledger.h"
#include "topology/compile.h"

namespace headroom::test {

inline constexpr base::WallTime kStart{base::Seconds(1'800'000'000)};

// One PowerTopology. Limits are as written: continuousPercent is 100 unless changed afterwards.
struct Topology {
  model::TopologyObject object;

  explicit Topology(std::string name = "hall") {
    object.name = std::move(name);
    object.generation = 1;
    object.rack_label = base::names::kDefaultRackLabel;
  }
  Topology& element(const std::string& name, model::ElementType type, std::int64_t watts,
                    std::vector<model::FeedShare> feeds) {
    model::PowerElement element;
    element.name = name;
    element.type = type;
    element.rated = base::watts(watts);
    element.continuous_percent = 100;
    element.fed_by = std::move(feeds);
    object.elements.push_back(std::move(element));
    return *this;
  }
  Topology& feed(const std::string& name, std::int64_t watts) {
    return element(name, model::ElementType::feed, watts, {});
  }
  Topology& pdu(const std::string& name, std::int64_t watts, const std::string& feed) {
    return element(name, model::ElementType::pdu, watts, {{feed, 100}});
  }
  Topology& rack(const std::string& name, std::int64_t watts, const std::string& feed) {
    return element(name, model::ElementType::rack, watts, {{feed, 100}});
  }
  Topology& dual_rack(const std::string& name, std::int64_t watts, const std::string& a, const std::string& b) {
    return element(name, model::ElementType::rack, watts, {{a, 50}, {b, 50}});
  }
  // Changes of the element that was added last.
  model::PowerElement& last() { return object.elements.back(); }
  // One class for every node.
  Topology& node_class(std::int64_t idle, std::optional<std::int64_t> max, std::int64_t per_core = 10) {
    model::NodeClass added;
    added.idle = base::watts(idle);
    if (max) added.max = base::watts(*max);
    added.watts_per_core = base::watts(per_core);
    added.device_watts = {{"nvidia.com/gpu", base::watts(700)}};
    object.node_classes.push_back(std::move(added));
    return *this;
  }
};

struct PodHandle {
  model::Pod& pod;

  PodHandle& on(const std::string& node) { return pod.node_name = node, pod.phase = model::PodPhase::running, *this; }
  PodHandle& watts(std::int64_t watts) {
    return annotate(base::names::kExpectedWattsAnnotation, std::to_string(watts));
  }
  PodHandle& annotate(std::string_view key, std::string value) {
    return pod.annotations.insert_or_assign(std::string(key), std::move(value)), *this;
  }
  PodHandle& cores(std::int64_t cores) { return pod.cpu_millis = cores * 1000, *this; }
  PodHandle& gpus(std::int64_t count) { return pod.devices = {{"nvidia.com/gpu", count}}, *this; }
  PodHandle& ns(std::string ns) { return pod.ns = std::move(ns), *this; }
  PodHandle& label(const std::string& key, std::string value) {
    return pod.labels.insert_or_assign(key, std::move(value)), *this;
  }
  PodHandle& started(base::WallTime when) { return pod.started = when, *this; }
  PodHandle& phase(model::PodPhase phase) { return pod.phase = phase, *this; }
  PodHandle& nominated(const std::string& node) { return pod.nominated_node = node, *this; }
  PodHandle& priority(std::int32_t priority) { return pod.priority = priority, *this; }
  PodHandle& scheduler(std::string name) { return pod.scheduler_name = std::move(name), *this; }
};

inline model::PolicyObject policy(const std::string& name, std::int64_t watts) {
  model::PolicyObject object;
  object.ns = "default";
  object.name = name;
  object.power_cap_limit = base::watts(watts);
  return object;
}

class ClusterBuilder {
 public:
  ClusterBuilder() {
    snapshot_.sync = {.nodes = true, .pods = true, .policies = true, .topologies = true};
    snapshot_.pod_list_generation = 1;
  }

  [[nodiscard]] base::WallTime now() const { return now_; }
  ClusterBuilder& advance(base::Microseconds by) { return now_ += by, *this; }

  ClusterBuilder& topology(const Topology& added) {
    const auto same = [&](const auto& object) { return object->name == added.object.name; };
    std::erase_if(snapshot_.topologies, same);
    snapshot_.topologies.push_back(std::make_shared<const model::TopologyObject>(added.object));
    compiled_.reset();
    return *this;
  }
  ClusterBuilder& unreadable_topology(const std::string& name) {
    snapshot_.unreadable_topologies.push_back({name, "unreadable"});
    compiled_.reset();
    return *this;
  }
  ClusterBuilder& policy(const model::PolicyObject& added) {
    std::erase_if(snapshot_.policies,
                  [&](const auto& object) { return model::key_of(*object) == model::key_of(added); });
    snapshot_.policies.push_back(std::make_shared<const model::PolicyObject>(added));
    index_.reset();
    return *this;
  }
  ClusterBuilder& unreadable_policy(const std::string& name) {
    snapshot_.unreadable_policies.push_back({name, "unreadable"});
    index_.reset();
    return *this;
  }
  scoring::Settings& settings() {
    shared_settings_.reset();
    return settings_;
  }

  // Empty rack: no label. 32 cores unless changed.
  model::Node& node(const std::string& name, const std::string& rack = "") {
    model::Node& node = nodes_[name];
    node.name = name;
    node.cpu_millis = 32'000;
    if (!rack.empty()) node.labels.insert_or_assign(std::string(base::names::kDefaultRackLabel), rack);
    return node;
  }
  ClusterBuilder& delete_node(const std::string& name) {
    snapshot_.deleted_nodes.push_back({std::make_shared<const model::Node>(nodes_.at(name)), now_});
    nodes_.erase(name);
    return *this;
  }

  // A pod of namespace default without resources. Its uid is "uid-<name>".
  PodHandle pod(const std::string& name) {
    model::Pod& pod = pods_[name];
    if (pod.uid.empty()) {
      pod.uid = "uid-" + name;
      pod.ns = "default";
      pod.name = name;
      pod.scheduler_name = base::names::kSchedulerName;
    }
    return {pod};
  }
  ClusterBuilder& delete_pod(const std::string& name) {
    snapshot_.deleted_pods.push_back(pods_.at(name).uid);
    std::sort(snapshot_.deleted_pods.begin(), snapshot_.deleted_pods.end());
    pods_.erase(name);
    return *this;
  }
  [[nodiscard]] const model::Pod& pod_value(const std::string& name) const { return pods_.at(name); }

  // A reading of the node over the second that ends now.
  model::PowerReading& meter(const std::string& node, std::int64_t watts,
                             model::PowerScope scope = model::PowerScope::wall) {
    auto& reading = telemetry_.nodes[node].of(scope);
    reading = reading_of(watts);
    return *reading;
  }
  model::PowerReading& element_meter(const std::string& element, std::int64_t watts) {
    return telemetry_.element_meters[element] = reading_of(watts);
  }
  model::PowerReading& pod_meter(const std::string& pod, std::int64_t watts) {
    return telemetry_.pods["default/" + pod] = reading_of(watts);
  }
  model::TemperatureReading& inlet(const std::string& node, std::int64_t celsius) {
    auto& reading = telemetry_.nodes[node].inlet;
    reading = model::TemperatureReading{base::celsius(celsius), now_, model::Grade::measured, "test"};
    return *reading;
  }
  model::TemperatureReading& rack_inlet(const std::string& rack, std::int64_t celsius) {
    return telemetry_.rack_inlets[rack] = {base::celsius(celsius), now_, model::Grade::measured, "test"};
  }
  model::TelemetrySnapshot& telemetry() { return telemetry_; }
  model::ClusterSnapshot& raw() { return snapshot_; }

  // Objects that did not change keep their address, as those of the real store do.
  std::shared_ptr<const model::ClusterSnapshot> snapshot() {
    ++snapshot_.sequence;
    snapshot_.built_at = now_;
    snapshot_.nodes = shared_values(nodes_, shared_nodes_);
    snapshot_.pods = shared_values(pods_, shared_pods_);
    std::sort(snapshot_.pods.begin(), snapshot_.pods.end(),
              [](const auto& a, const auto& b) { return a->uid < b->uid; });
    snapshot_.telemetry = std::make_shared<const model::TelemetrySnapshot>(telemetry_);
    return std::make_shared<const model::ClusterSnapshot>(snapshot_);
  }

  // The next step of the books.
  std::shared_ptr<const scoring::Books> books() {
    const auto taken = snapshot();
    if (!compiled_) {
      previous_ = std::make_shared<const topology::Compiled>(
          topology::compile(topology::compile_input(*taken, previous_.get())));
      compiled_ = previous_;
    }
    if (!index_) index_ = std::make_shared<const policy::PolicyIndex>(taken->policies, taken->unreadable_policies);
    if (!shared_settings_) shared_settings_ = std::make_shared<const scoring::Settings>(settings_);
    auto step = scoring::keep_books({taken, compiled_, index_, shared_settings_, now_}, std::move(memory_));
    memory_ = std::move(step.memory);
    last_ = taken;
    return step.books;
  }
  // The snapshot of the last books().
  [[nodiscard]] const model::ClusterSnapshot& last_snapshot() const { return *last_; }
  // As after a restart of the process: nothing is remembered.
  ClusterBuilder& restart() {
    return memory_ = scoring::BooksMemory(), previous_ = nullptr, compiled_ = nullptr, *this;
  }

 private:
  [[nodiscard]] model::PowerReading reading_of(std::int64_t watts) const {
    model::PowerReading reading;
    reading.power = base::watts(watts);
    reading.window_start = now_ - base::Seconds(1);
    reading.window_end = now_;
    reading.source = "test";
    return reading;
  }

  template <class T>
  static std::vector<std::shared_ptr<const T>> shared_values(const std::map<std::string, T>& values,
                                                             std::map<std::string, std::shared_ptr<const T>>& shared) {
    std::vector<std::shared_ptr<const T>> all;
    for (const auto& [name, value] : values) {
      auto& kept = shared[name];
      if (kept == nullptr || !(*kept == value)) kept = std::make_shared<const T>(value);
      all.push_back(kept);
    }
    return all;
  }

  base::WallTime now_ = kStart;
  model::ClusterSnapshot snapshot_;
  std::map<std::string, model::Node> nodes_;
  std::map<std::string, model::Pod> pods_;
  std::map<std::string, std::shared_ptr<const model::Node>> shared_nodes_;
  std::map<std::string, std::shared_ptr<const model::Pod>> shared_pods_;
  model::TelemetrySnapshot telemetry_;
  scoring::Settings settings_;
  std::shared_ptr<const scoring::Settings> shared_settings_;
  std::shared_ptr<const topology::Compiled> compiled_;
  std::shared_ptr<const topology::Compiled> previous_;
  std::shared_ptr<const policy::PolicyIndex> index_;
  std::shared_ptr<const model::ClusterSnapshot> last_;
  scoring::BooksMemory memory_;
};

// The verdict about a pod (in the builder or not) on a node, with nothing in flight.
inline scoring::Verdict judged(const scoring::Books& books, const model::Pod& pod, const std::string& node) {
  const scoring::LedgerView nothing;
  return scoring::Judge(books, nothing, pod).judge(node);
}

}  // namespace headroom::test
