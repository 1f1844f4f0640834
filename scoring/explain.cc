#include "scoring/explain.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "scoring/judge_work.h"

namespace headroom::scoring {
namespace {

using base::Power;

std::string watts_text(Power power) {
  char text[48];
  const double watts = base::to_watts(power);
  if (std::abs(watts) >= 1000) {
    std::snprintf(text, sizeof text, "%.2f kW", watts / 1000);
  } else {
    std::snprintf(text, sizeof text, "%.0f W", watts);
  }
  return text;
}

std::string celsius_text(base::Temperature temperature) {
  char text[48];
  std::snprintf(text, sizeof text, "%.1f C", base::to_celsius(temperature));
  return text;
}

std::string_view outcome_text(Outcome outcome) {
  switch (outcome) {
    case Outcome::feasible: return "feasible";
    case Outcome::refused_now: return "refused for now";
    case Outcome::refused_forever: return "refused for ever";
    case Outcome::unknown: return "unknown";
  }
  return "unknown";
}

std::string_view telemetry_text(TelemetryState state) {
  switch (state) {
    case TelemetryState::fresh: return "fresh";
    case TelemetryState::stale: return "stale";
    case TelemetryState::never: return "never";
  }
  return "never";
}

std::string class_text(const NodeTable& table, ClassIndex node_class) {
  if (node_class == 0) return "default";
  std::string text;
  for (const auto& [key, value] : table.classes[node_class].selector.match_labels) {
    if (!text.empty()) text += ',';
    text.append(key).append(1, '=').append(value);
  }
  return text.empty() ? "nodeClass " + std::to_string(node_class) : text;
}

class Explainer {
 public:
  Explainer(Judge& judge, const Books& books, std::uint32_t row)
      : judge_(judge), work_(judge.work()), books_(books), row_(row), node_(books.table->nodes[row]) {}

  void fill(Explanation& explanation) {
    const Verdict verdict = judge_.judge_row(row_);
    const Estimate estimate = judge_.estimate_on(row_);
    const NodeLoad& load = work_.view.nodes[row_];
    growth_ = verdict.demand;
    estimate_ = estimate.power;
    explanation.node_class = class_text(*books_.table, node_.node_class);
    explanation.telemetry = telemetry_text(load.telemetry);
    explanation.provenance = to_string(estimate.provenance);
    explanation.estimate = estimate.power;
    explanation.demand = verdict.demand;
    explanation.measured = load.measured;
    explanation.booked = load.booked.with(work_.flight.on(row_));
    explanation.present = load.present.with(work_.flight.on(row_));
    explanation.score = judge_.score_row(row_);
    if (node_.rack != kNone) add_rack(explanation);
    add_caps(explanation.limits);
    std::sort(explanation.limits.begin(), explanation.limits.end(),
              [](const LimitExplanation& a, const LimitExplanation& b) { return a.headroom < b.headroom; });
  }

 private:
  void add_rack(Explanation& explanation) {
    const RackRow& rack = books_.table->racks[node_.rack];
    explanation.rack = rack.name;
    if (const auto& inlet = books_.inlets[node_.rack].last) explanation.inlet = inlet->temperature;
    if (rack.lookup.standing == topology::RackStanding::in_force) add_elements(explanation, rack.lookup.element);
    add_rack_policies(explanation, rack);
  }

  void add_elements(Explanation& explanation, topology::ElementIndex rack) {
    const topology::Compiled& topology = *books_.topology;
    explanation.inlet_limit = topology.elements[rack].max_inlet;
    for (const topology::ElementShare& above : topology.elements[rack].path) {
      const topology::Element& element = topology.elements[above.element];
      const ElementLoad& load = work_.view.elements[above.element];
      LimitExplanation limit;
      limit.kind = "element";
      limit.name = element.name;
      limit.type = topology::to_string(element.type);
      limit.limit = element.limit;
      limit.booked = work_.element_load(above.element);
      limit.present = load.present;
      if (!work_.flight.elements.empty()) limit.in_flight = work_.flight.elements[above.element].booked;
      limit.demand = base::scaled_up(growth_, above.share);
      limit.headroom = limit.limit - limit.booked - limit.demand;
      limit.enforced = element.mode == Mode::enforce;
      explanation.limits.push_back(std::move(limit));
    }
  }

  void add_rack_policies(Explanation& explanation, const RackRow& rack) {
    for (const Mode mode : {Mode::enforce, Mode::recommend}) {
      const auto& racks = work_.limits.of(mode).racks;
      const auto found = racks.find(rack.name);
      if (found == racks.end()) continue;
      const auto& inlet = found->second.max_inlet;
      if (inlet && mode == Mode::enforce && (!explanation.inlet_limit || *inlet < *explanation.inlet_limit)) {
        explanation.inlet_limit = inlet;
      }
      if (!found->second.max_power) continue;
      LimitExplanation limit;
      limit.kind = "rackPolicy";
      limit.name =
          "policy " + model::key_of(*books_.policies->policies()[found->second.max_power_by]) + " rack " + rack.name;
      limit.limit = *found->second.max_power;
      limit.booked = work_.rack_load(node_.rack);
      limit.present = work_.view.racks[node_.rack].present;
      if (!work_.flight.racks.empty()) limit.in_flight = work_.flight.racks[node_.rack].booked;
      limit.demand = growth_;
      limit.headroom = limit.limit - limit.booked - limit.demand;
      limit.enforced = mode == Mode::enforce;
      explanation.limits.push_back(std::move(limit));
    }
  }

  void add_caps(std::vector<LimitExplanation>& limits) const {
    for (std::size_t i = 0; i < work_.membership.policies.size(); ++i) {
      const std::uint32_t number = work_.membership.policies[i];
      const model::PolicyObject& policy = *books_.policies->policies()[number];
      LimitExplanation limit;
      limit.kind = "policyCap";
      limit.name = "policy " + model::key_of(policy);
      limit.limit = policy.power_cap_limit;
      limit.in_flight = work_.flight.policies[i];
      limit.booked = books_.policy[number].load + limit.in_flight;
      limit.present = books_.policy[number].load;
      limit.demand = estimate_;
      limit.headroom = work_.policy_room(i) - estimate_;
      limit.enforced = policy.mode == Mode::enforce;
      limits.push_back(std::move(limit));
    }
  }

  Judge& judge_;
  const Judge::Work& work_;
  const Books& books_;
  std::uint32_t row_;
  const NodeRow& node_;
  Power growth_;
  Power estimate_;
};

std::string whose(const Verdict& verdict, const Books& books) {
  if (verdict.element != kNone) {
    const topology::Element& element = books.topology->elements[verdict.element];
    return std::string(topology::to_string(element.type)) + " " + element.name + " of " + watts_text(element.limit);
  }
  if (verdict.policy != kNone) return "policy " + model::key_of(*books.policies->policies()[verdict.policy]);
  return {};
}

std::string inlet_sentence(const Verdict& verdict, const Books& books) {
  const std::string rack = verdict.rack == kNone ? "the rack" : "rack " + books.table->racks[verdict.rack].name;
  std::string text = rack + ": " + std::string(text_of(verdict.reason).message);
  if (verdict.rack != kNone && books.inlets[verdict.rack].last) {
    text += " (" + celsius_text(books.inlets[verdict.rack].last->temperature) + ")";
  }
  return text;
}

}  // namespace

std::string sentence(const Verdict& verdict, const Books& books) {
  switch (verdict.reason) {
    case Reason::none: return "fits: " + watts_text(verdict.demand) + " more";
    case Reason::element_power:
    case Reason::rack_policy_power:
    case Reason::policy_power_cap:
      return whose(verdict, books) + ": " +
             watts_text(verdict.reason == Reason::policy_power_cap ? verdict.estimate : verdict.demand) +
             " more are needed, " + watts_text(verdict.missing) + " are missing";
    case Reason::inlet_hot:
    case Reason::inlet_stale:
    case Reason::inlet_unknown:
    case Reason::rack_policy_inlet: return inlet_sentence(verdict, books);
    default: return std::string(text_of(verdict.reason).message);
  }
}

Explanation explain(Judge& judge, const Books& books, std::string_view node_name) {
  Explanation explanation;
  explanation.node = node_name;
  const Verdict verdict = judge.judge(node_name);
  explanation.outcome = outcome_text(verdict.outcome);
  explanation.reason = text_of(verdict.reason).code;
  explanation.would_refuse = text_of(verdict.would_refuse).code;
  explanation.message = sentence(verdict, books);
  for (const policy::PolicyNumber number : judge.membership().policies) {
    explanation.policies.push_back(model::key_of(*books.policies->policies()[number]));
  }
  const std::uint32_t row = books.table->find(node_name);
  if (row != kNone) Explainer(judge, books, row).fill(explanation);
  return explanation;
}

}  // namespace headroom::scoring
