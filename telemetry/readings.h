// What one poll of one source says about one node, in the model's terms.
#pragma once

#include <string>
#include <vector>

#include "model/telemetry.h"

namespace headroom::telemetry {

enum class TemperatureKind { inlet, package, gpu };
inline constexpr std::size_t kTemperatureKinds = 3;

struct NodePower {
  model::PowerScope scope = model::PowerScope::wall;
  model::PowerReading reading;

  bool operator==(const NodePower&) const = default;
};

struct NodeTemperature {
  TemperatureKind kind = TemperatureKind::inlet;
  model::TemperatureReading reading;

  bool operator==(const NodeTemperature&) const = default;
};

// A pod's share of its node's CPUs or GPUs; the pod draws the sum of its parts.
enum class PodPart { cpu, gpu };
inline constexpr std::size_t kPodParts = 2;

struct PodPower {
  std::string pod;  // "namespace/name"
  PodPart part = PodPart::cpu;
  model::PowerReading reading;

  bool operator==(const PodPower&) const = default;
};

struct Readings {
  std::vector<NodePower> power;
  std::vector<NodeTemperature> temperatures;
  std::vector<PodPower> pods;
  std::vector<std::string> rejected;  // values that no machine has, in words

  // Appends the other's.
  void add(Readings other);
};

}  // namespace headroom::telemetry
