#include "scoring/keep_books.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "base/names.h"
#include "scoring/held_nodes.h"
#include "scoring/pod_facts.h"
#include "scoring/rack_inlets.h"
#include "scoring/views.h"

namespace headroom::scoring {

struct BooksMemory::State {
  std::shared_ptr<const Books> previous;
  PodFacts facts;
  std::vector<NodeMeter> meters;                               // by previous->table->nodes
  std::map<std::string, std::string, std::less<>> last_racks;  // by node
  ElementMemories elements;
  InletMemories inlets;
  HeldMemories held;
};

BooksMemory::BooksMemory() : state_(std::make_unique<State>()) {}
BooksMemory::~BooksMemory() = default;
BooksMemory::BooksMemory(BooksMemory&&) noexcept = default;
BooksMemory& BooksMemory::operator=(BooksMemory&&) noexcept = default;

namespace {

using State = BooksMemory::State;

bool same_nodes(const NodeTable& table, const std::vector<std::shared_ptr<const model::Node>>& nodes) {
  return std::equal(table.nodes.begin(), table.nodes.end(), nodes.begin(), nodes.end(),
                    [](const NodeRow& row, const std::shared_ptr<const model::Node>& node) {
                      return row.node == node || *row.node == *node;
                    });
}

std::vector<std::string> racks_of_policies(const policy::PolicyIndex& policies) {
  std::vector<std::string> racks;
  for (const auto& policy : policies.policies()) {
    for (const model::RackConstraint& constraint : policy->rack_constraints) racks.push_back(constraint.rack);
  }
  return racks;
}

// One run of keep_books(): the books under construction beside the memory that is carried over.
class Keeper {
 public:
  Keeper(const BooksInput& input, State& state) : input_(input), state_(state) {
    books_->snapshot_sequence = input.snapshot->sequence;
    books_->snapshot_built_at = input.snapshot->built_at;
    books_->at = input.now;
    books_->sync = input.snapshot->sync;
    books_->topology = input.topology;
    books_->policies = input.policies;
    books_->settings = input.settings;
    books_->device_claims = input.snapshot->device_claims;
  }

  std::shared_ptr<const Books> run() {
    take_nodes();
    observe_meters();
    take_pods();
    take_held();
    weigh();
    count_policies();
    list_nominations();
    list_conditions();
    books_->sampled.reserve(state_.meters.size());
    for (const NodeMeter& meter : state_.meters) books_->sampled.push_back(newest_sample(meter));
    for (View& view : books_->views) {
      view.gates = standard_gates(*books_, view);
      view.paths = RackPaths(*books_->topology, table(), view);
    }
    state_.previous = books_;
    return books_;
  }

 private:
  [[nodiscard]] const NodeTable& table() const { return *books_->table; }
  [[nodiscard]] const model::TelemetrySnapshot& telemetry() const { return *input_.snapshot->telemetry; }

  void take_nodes() {
    const Books* previous = state_.previous.get();
    const bool same_rules = previous != nullptr && previous->topology == input_.topology &&
                            previous->policies == input_.policies && previous->settings == input_.settings;
    if (same_rules && same_nodes(*previous->table, input_.snapshot->nodes)) {
      books_->table = previous->table;
      return;
    }
    remember_racks();
    books_->table =
        std::make_shared<const NodeTable>(make_node_table({input_.snapshot->nodes, *input_.topology, *input_.settings,
                                                           state_.last_racks, racks_of_policies(*input_.policies)}));
    move_meters();
    state_.facts = {};
  }

  void remember_racks() {
    for (const auto& node : input_.snapshot->nodes) {
      if (const auto rack = topology::rack_of(input_.topology->settings, node->labels)) {
        state_.last_racks.insert_or_assign(node->name, std::string(*rack));
      }
    }
  }

  // Meters follow their nodes to the rows of the new table; those of nodes that left are dropped.
  void move_meters() {
    std::vector<NodeMeter> meters(table().nodes.size());
    for (std::size_t row = 0; row < meters.size() && state_.previous != nullptr; ++row) {
      const std::uint32_t old = state_.previous->table->find(table().nodes[row].node->name);
      if (old != kNone) meters[row] = state_.meters[old];
    }
    state_.meters = std::move(meters);
  }

  void observe_meters() {
    for (std::size_t row = 0; row < table().nodes.size(); ++row) {
      const NodeRow& node = table().nodes[row];
      const auto found = telemetry().nodes.find(node.node->name);
      const MeterRules rules{*input_.settings, node.max, metered_devices(node)};
      state_.meters[row] =
          observe(state_.meters[row], found == telemetry().nodes.end() ? nullptr : &found->second, rules, input_.now);
    }
  }

  // Accelerators that the node's class gives watts to.
  [[nodiscard]] std::int64_t metered_devices(const NodeRow& row) const {
    std::int64_t devices = 0;
    for (const model::DeviceCount& device : row.node->devices) {
      if (table().classes[row.node_class].device_watts.count(device.resource) != 0) devices += device.count;
    }
    return devices;
  }

  void take_pods() {
    state_.facts = make_facts(std::move(state_.facts),
                              {*input_.snapshot, *input_.topology, *input_.policies, table(), *input_.settings});
    books_->counted.reserve(state_.facts.pods.size());
    for (const PodFact& fact : state_.facts.pods) {
      if (fact.counts || fact.finished) books_->counted.add(fact.uid_hash);
      if (fact.counts && fact.node == kNone) ++books_->pods_without_node;
    }
  }

  void take_held() {
    state_.held =
        step_held({*input_.snapshot, *input_.topology, table(), *input_.settings, state_.previous.get(), input_.now},
                  std::move(state_.held));
    books_->held = held_nodes(table(), state_.held);
  }

  void weigh() {
    const RackInletsInput inlets{*input_.topology, *input_.policies, table(),
                                 *input_.settings, telemetry(),      input_.now};
    state_.inlets = step_inlets(inlets, std::move(state_.inlets));
    books_->inlets = inlets_of(table(), state_.inlets);

    const PodsByNode pods = group_by_node(state_.facts, table().nodes.size());
    const CapsByRow caps = caps_by_row(table(), input_.snapshot->node_power_caps);
    const ViewInput views{*input_.topology, table(), *input_.settings, state_.facts, pods, state_.meters,
                          books_->held,     caps,    input_.now};
    const std::vector<Tightening> tightenings = tightenings_of(*input_.policies);
    for (const Tightening& tightening : tightenings) books_->views.push_back(make_view(views, tightening));

    const base::Microseconds elapsed = state_.previous == nullptr
                                           ? base::Microseconds(0)
                                           : std::max(input_.now - state_.previous->at, base::Microseconds(0));
    UnmanagedStep unmanaged =
        step_unmanaged({views, books_->views.front(), telemetry(), elapsed}, std::move(state_.elements));
    state_.elements = std::move(unmanaged.memories);
    for (View& view : books_->views) {
      sum_upwards(view, views, unmanaged.loads);
      judge_inlets(view);
    }
  }

  void judge_inlets(View& view) const {
    for (std::uint32_t rack = 0; rack < view.racks.size(); ++rack) {
      const auto rule = topology::tightened(rule_on(*input_.topology, table(), rack), view.on_stale, view.max_age);
      view.racks[rack].inlet = inlet_state(books_->inlets[rack].last, rule.max_age, input_.now);
    }
  }

  void count_policies() {
    books_->policy.resize(input_.policies->policies().size());
    for (const PodFact& fact : state_.facts.pods) {
      if (fact.members == 0) continue;
      for (const policy::PolicyNumber number : state_.facts.memberships[fact.members]) {
        PolicyBooks& policy = books_->policy[number];
        ++policy.members;
        if (!fact.counts) continue;
        ++policy.bound;
        if (fact.pod->scheduler_name == base::names::kSchedulerName) ++policy.placed_by_us;
        policy.load += member_watts(fact);
      }
    }
  }

  [[nodiscard]] base::Power member_watts(const PodFact& fact) const {
    const auto found = telemetry().pods.find(model::key_of(*fact.pod));
    if (found == telemetry().pods.end()) return fact.estimate.power;
    const base::Seconds max_age = fact.node == kNone
                                      ? input_.topology->stale.max_age
                                      : rule_on(*input_.topology, table(), table().nodes[fact.node].rack).max_age;
    const bool fresh = found->second.window_end + max_age >= input_.now;
    return fresh ? std::max(fact.estimate.power, found->second.power) : fact.estimate.power;
  }

  void list_nominations() {
    for (const PodFact& fact : state_.facts.pods) {
      if (!fact.nominated()) continue;
      books_->nominations.push_back({.pod_uid = fact.pod->uid,
                                     .node = fact.node,
                                     .estimate = fact.estimate.power,
                                     .priority = fact.pod->priority,
                                     .policies = state_.facts.memberships[fact.members]});
    }
  }

  void add(ConditionKind kind, std::size_t subject, std::size_t detail = 0) {
    books_->conditions.push_back({kind, static_cast<std::uint32_t>(subject), static_cast<std::uint32_t>(detail)});
  }

  void list_conditions() {
    const std::vector<NodeLoad>& loads = books_->views.front().nodes;
    const std::vector<std::uint32_t>& kept = table().kept_in_rack;
    for (std::size_t row = 0; row < loads.size(); ++row) {
      const NodeRow& node = table().nodes[row];
      if (state_.meters[row].too_large) add(ConditionKind::node_class_too_small, row);
      if (loads[row].telemetry == TelemetryState::never) add(ConditionKind::no_telemetry, row);
      if (loads[row].telemetry == TelemetryState::stale) add(ConditionKind::stale_telemetry, row);
      if (std::binary_search(kept.begin(), kept.end(), row)) add(ConditionKind::rack_label_lost, row);
      if (input_.topology->any_object && outside(node)) add(ConditionKind::node_outside, row);
    }
    list_inlet_conditions();
    list_policy_conditions();
    for (std::size_t i = 0; i < books_->held.size(); ++i) add(ConditionKind::node_deleted_held, i);
  }

  [[nodiscard]] bool outside(const NodeRow& node) const {
    return node.rack == kNone || table().racks[node.rack].lookup.standing == topology::RackStanding::outside;
  }

  void list_inlet_conditions() {
    const auto limits =
        inlet_limits_of({*input_.topology, *input_.policies, table(), *input_.settings, telemetry(), input_.now});
    const std::vector<RackLoad>& racks = books_->views.front().racks;
    for (std::size_t rack = 0; rack < racks.size(); ++rack) {
      if (limits[rack].empty()) continue;
      if (racks[rack].inlet == InletState::never) add(ConditionKind::inlet_missing, rack);
      if (racks[rack].inlet == InletState::stale) add(ConditionKind::inlet_stale, rack);
    }
  }

  void list_policy_conditions() {
    const auto& policies = input_.policies->policies();
    for (std::size_t number = 0; number < policies.size(); ++number) {
      if (books_->policy[number].members == 0) add(ConditionKind::no_members, number);
      const auto& constraints = policies[number]->rack_constraints;
      for (std::size_t i = 0; i < constraints.size(); ++i) {
        const std::uint32_t rack = table().find_rack(constraints[i].rack);
        if (rack == kNone || table().racks[rack].nodes.empty()) add(ConditionKind::unknown_rack, number, i);
      }
    }
  }

  const BooksInput& input_;
  State& state_;
  std::shared_ptr<Books> books_ = std::make_shared<Books>();
};

}  // namespace

BooksStep keep_books(const BooksInput& input, BooksMemory memory) {
  BooksStep step;
  step.books = Keeper(input, memory.state()).run();
  step.memory = std::move(memory);
  return step;
}

}  // namespace headroom::scoring
