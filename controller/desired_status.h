// What the status of a policy or a topology should say: plain values, without times and JSON.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/units.h"

namespace headroom::controller {

enum class ObjectKind { policy, topology };

struct ObjectKey {
  ObjectKind kind = ObjectKind::policy;
  std::string ns;  // empty: cluster-scoped
  std::string name;

  auto operator<=>(const ObjectKey&) const = default;
};

// Types, reasons and their meaning: docs/policies.md and docs/topology.md.
struct StatusCondition {
  std::string type;
  bool holds = false;  // "True" or "False"
  std::string reason;
  std::string message;

  bool operator==(const StatusCondition&) const = default;
};

// Running pods that mode Recommend let pass.
struct Recommendation {
  std::int64_t would_refuse = 0;
  std::vector<std::string> reasons;  // most frequent first, at most 8

  bool operator==(const Recommendation&) const = default;
};

// Nodes that caps act on: in force, under way, out of reach.
struct CapNumbers {
  std::int64_t capped = 0;
  std::int64_t pending = 0;
  std::int64_t failed = 0;

  bool operator==(const CapNumbers&) const = default;
};

// How performance by power stands to its target.
struct RatioNumbers {
  double current = 0;
  bool within_tolerance = false;

  bool operator==(const RatioNumbers&) const = default;
};

struct PolicyNumbers {
  base::Power current;
  base::Power headroom;  // negative when the limit was lowered below the load
  std::int64_t members = 0;
  std::int64_t placed_by_us = 0;
  CapNumbers nodes;
  Recommendation recommendation;
  std::optional<RatioNumbers> ratio{};  // nothing: no performancePowerRatio, or nothing is known yet

  bool operator==(const PolicyNumbers&) const = default;
};

struct ElementNumbers {
  std::string name;
  std::string type;
  base::Power limit;
  base::Power booked;
  base::Power present;
  base::Power unmanaged;
  std::optional<base::Temperature> inlet;

  bool operator==(const ElementNumbers&) const = default;
};

struct TopologyNumbers {
  std::int64_t nodes_inside = 0;
  std::int64_t nodes_outside = 0;
  CapNumbers nodes;
  std::vector<ElementNumbers> elements;    // the 32 with the least headroom, worst first
  std::vector<std::string> single_points;  // elements that dual-fed racks depend on alone, at most 32
  Recommendation recommendation;

  bool operator==(const TopologyNumbers&) const = default;
};

// numbers: nothing for an object that could not be read.
struct DesiredStatus {
  ObjectKey key;
  std::string uid;                       // empty: not known
  std::int64_t observed_generation = 0;  // 0: not known
  std::vector<StatusCondition> conditions;
  std::variant<std::monostate, PolicyNumbers, TopologyNumbers> numbers;

  bool operator==(const DesiredStatus&) const = default;
};

}  // namespace headroom::controller
