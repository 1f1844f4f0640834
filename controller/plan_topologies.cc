#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "controller/plan_status.h"
#include "controller/wording.h"
#include "topology/single_points.h"

namespace headroom::controller {
namespace {

using scoring::ConditionKind;
using scoring::kNone;

constexpr std::size_t kElementsShown = 32;

// What the books say about the nodes and racks of one PowerTopology object.
struct Findings {
  std::map<ConditionKind, std::vector<std::string>> names;  // of nodes or racks
  std::int64_t nodes_inside = 0;
};

// The object that a rack stands in; empty: none.
const std::string& object_of(const scoring::Books& books, std::uint32_t rack) {
  static const std::string kNobody;
  if (rack == kNone) return kNobody;
  const auto& lookup = books.table->racks[rack].lookup;
  return lookup.standing == topology::RackStanding::in_force ? books.topology->elements[lookup.element].object
                                                             : kNobody;
}

std::map<std::string, Findings> findings_by_object(const scoring::Books& books) {
  std::map<std::string, Findings> by_object;
  for (const auto& report : books.topology->reports) by_object[report.name];
  // A node or rack that stands in no object is everybody's.
  const auto tell = [&](const std::string& object, ConditionKind kind, const std::string& name) {
    for (auto& [candidate, findings] : by_object) {
      if (object.empty() || object == candidate) findings.names[kind].push_back(name);
    }
  };
  for (const auto& row : books.table->nodes) {
    const auto found = by_object.find(object_of(books, row.rack));
    if (found != by_object.end()) ++found->second.nodes_inside;
  }
  for (const auto& condition : books.conditions) {
    switch (condition.kind) {
      case ConditionKind::node_class_too_small:
      case ConditionKind::no_telemetry:
      case ConditionKind::stale_telemetry:
      case ConditionKind::rack_label_lost:
      case ConditionKind::node_outside: {
        const auto& row = books.table->nodes.at(condition.subject);
        tell(object_of(books, row.rack), condition.kind, row.node->name);
        break;
      }
      case ConditionKind::inlet_missing:
      case ConditionKind::inlet_stale:
        tell(object_of(books, condition.subject), condition.kind, books.table->racks.at(condition.subject).name);
        break;
      default: break;
    }
  }
  return by_object;
}

StatusCondition valid_condition(const topology::ObjectReport& report) {
  if (report.problems.empty()) {
    if (report.from_last_valid) {
      return {"Valid", false, "LastValidInForce",
              "an element that this object names stands in force in an earlier version"};
    }
    return {"Valid", true, "Valid", "this version is in force"};
  }
  std::vector<std::string> lines = report.problems;
  if (report.refused) {
    lines.insert(lines.begin(), "racks of which no valid version is known take no pods (power topology invalid)");
    return {"Valid", false, "Refused", all_lines(lines)};
  }
  lines.insert(lines.begin(), "an earlier version stays in force");
  return {"Valid", false, "LastValidInForce", all_lines(lines)};
}

struct NodeConditionText {
  ConditionKind kind;
  const char* type;
  const char* reason;
  const char* subject;
  const char* text;
};
constexpr NodeConditionText kNodeConditions[] = {
    {ConditionKind::no_telemetry, "NoTelemetry", "NeverMeasured", "node",
     "no source has ever delivered power; counted by estimates: "},
    {ConditionKind::stale_telemetry, "DataStale", "StaleTelemetry", "node", "power is not freshly measured: "},
    {ConditionKind::node_outside, "NodesOutside", "NoElement", "node", "no element names the rack of: "},
    {ConditionKind::node_class_too_small, "NodeClassTooSmall", "AboveMaxWatts", "node",
     "measured above 1.25 x maxWatts of the class: "},
    {ConditionKind::rack_label_lost, "RackLabelLost", "KeepsLastRack", "node",
     "lost the rack label, still counted in the last rack: "},
    {ConditionKind::inlet_missing, "InletMissing", "NeverMeasured", "rack", "an inlet limit and no sensor, ever: "},
    {ConditionKind::inlet_stale, "InletStale", "StaleTelemetry", "rack", "an inlet limit and a silent sensor: "},
};

std::vector<StatusCondition> conditions_of(const topology::ObjectReport& report, const Findings& findings,
                                           std::size_t elements) {
  std::vector<StatusCondition> all{valid_condition(report), not_evaluated_condition(report.not_evaluated)};
  if (elements > 0) {
    all.push_back({"ScenariosNotEvaluated", true, "NormalOperationOnly",
                   "limits hold in normal operation; the loss of a feed, UPS or PDU is not evaluated in this version"});
  }
  for (const auto& text : kNodeConditions) {
    const auto names = findings.names.find(text.kind);
    if (names == findings.names.end()) continue;
    all.push_back({text.type, true, text.reason, text.text + counted(names->second, text.subject)});
  }
  return all;
}

double headroom_ratio(const ElementNumbers& element) {
  return base::to_watts(element.limit - element.booked) / std::max(1.0, base::to_watts(element.limit));
}

std::vector<std::string> single_points_of(const scoring::Books& books, std::string_view object) {
  std::vector<std::string> names;
  for (const topology::SinglePoint& point : topology::single_points(*books.topology)) {
    const topology::Element& element = books.topology->elements[point.element];
    if (element.object == object && names.size() < kElementsShown) names.push_back(element.name);
  }
  return names;
}

std::vector<ElementNumbers> worst_elements(const scoring::Books& books, std::string_view object) {
  std::vector<ElementNumbers> all;
  for (std::size_t i = 0; i < books.topology->elements.size(); ++i) {
    const topology::Element& element = books.topology->elements[i];
    if (element.object != object || element.type == model::ElementType::cooling_zone) continue;
    const scoring::ElementLoad& load = books.views.front().elements[i];
    ElementNumbers numbers{element.name,  std::string(topology::to_string(element.type)),
                           element.limit, load.booked,
                           load.present,  load.unmanaged,
                           std::nullopt};
    const std::uint32_t rack = element.type == model::ElementType::rack ? books.table->find_rack(element.name) : kNone;
    if (rack != kNone && books.inlets[rack].last) numbers.inlet = books.inlets[rack].last->temperature;
    all.push_back(std::move(numbers));
  }
  const auto worse = [](const ElementNumbers& a, const ElementNumbers& b) {
    const double left = headroom_ratio(a);
    const double right = headroom_ratio(b);
    return left != right ? left < right : a.name < b.name;
  };
  const auto shown = std::min(all.size(), kElementsShown);
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(shown), all.end(), worse);
  all.resize(shown);
  return all;
}

std::string uid_of(const model::ClusterSnapshot& snapshot, const std::string& name) {
  for (const auto& object : snapshot.topologies) {
    if (object->name == name) return object->uid;
  }
  return {};
}

const model::TopologyObject* readable(const scoring::Books& books, const std::string& name) {
  for (const auto& object : books.topology->readable) {
    if (object->name == name) return object.get();
  }
  return nullptr;
}

std::int64_t nodes_outside(const scoring::Books& books) {
  return std::count_if(books.conditions.begin(), books.conditions.end(),
                       [](const scoring::Condition& c) { return c.kind == ConditionKind::node_outside; });
}

}  // namespace

std::vector<DesiredStatus> plan_topologies(const PlanInput& input) {
  std::vector<DesiredStatus> all;
  auto by_object = findings_by_object(input.books);
  const std::int64_t outside = nodes_outside(input.books);
  for (const auto& report : input.books.topology->reports) {
    const Findings& findings = by_object[report.name];
    DesiredStatus status;
    status.key = {ObjectKind::topology, "", report.name};
    status.uid = uid_of(input.snapshot, report.name);
    status.observed_generation = report.generation;
    TopologyNumbers numbers;
    numbers.nodes_inside = findings.nodes_inside;
    numbers.nodes_outside = outside;
    numbers.elements = worst_elements(input.books, report.name);
    numbers.single_points = single_points_of(input.books, report.name);
    const auto counts = input.tally.topologies.find(report.name);
    if (counts != input.tally.topologies.end()) numbers.recommendation = recommendation_of(counts->second);
    status.conditions = conditions_of(report, findings, numbers.elements.size());
    if (const auto* object = readable(input.books, report.name)) {
      CapFindings caps = findings_of(input.caps, *object);
      numbers.nodes = caps.nodes;
      std::move(caps.conditions.begin(), caps.conditions.end(), std::back_inserter(status.conditions));
    }
    status.numbers = std::move(numbers);
    all.push_back(std::move(status));
  }
  return all;
}

}  // namespace headroom::controller
