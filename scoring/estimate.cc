#include "scoring/estimate.h"

#include <algorithm>
#include <charconv>

#include "base/names.h"
#include "scoring/decision_record.h"

namespace headroom::scoring {
namespace {

using base::Power;

constexpr double kMostWatts = 1e7;

std::optional<std::string_view> annotation(const model::Pod& pod, std::string_view key) {
  const auto found = pod.annotations.find(key);
  if (found == pod.annotations.end()) return std::nullopt;
  return found->second;
}

// cores x watts per core, in whole microwatts: millis x uW / 1000, rounded up. 128-bit: an absurd CPU request of a pod
// must not wrap into a small number.
Power cpu_watts(std::int64_t millis, Power per_core) {
  const __int128 product = static_cast<__int128>(std::max<std::int64_t>(millis, 0)) * per_core.count();
  constexpr __int128 kMost = static_cast<__int128>(kMostWatts) * 1'000'000;
  return base::microwatts(static_cast<std::int64_t>(std::min((product + 999) / 1000, kMost)));
}

// What one device of a class draws at its peak; nothing where the node class does not name it.
Power peak_of(std::string_view device, const model::NodeClass& node_class) {
  // The name under which a container asks for a device class as an extended resource.
  constexpr std::string_view kImplicit = "deviceclass.resource.kubernetes.io/";
  if (device.starts_with(kImplicit)) device.remove_prefix(kImplicit.size());
  const auto found = node_class.device_watts.find(std::string(device));
  return found == node_class.device_watts.end() ? Power() : found->second;
}

// At most what an annotation may say, so that no number of claims wraps around.
Power times(Power peak, std::int64_t count) {
  constexpr std::int64_t kMostDevices = 100'000;
  return std::min(peak * std::clamp<std::int64_t>(count, 0, kMostDevices),
                  base::power_from_watts(kMostWatts).value_or(Power()));
}

// Of one request of a claim: its most expensive alternative.
Power request_watts(const model::DeviceRequest& request, const model::NodeClass& node_class, Power most) {
  Power highest;
  for (const model::ClassDevices& devices : request) {
    const Power peak = peak_of(devices.device_class, node_class);
    if (peak > Power()) highest = std::max(highest, devices.count ? times(peak, *devices.count) : most);
  }
  return highest;
}

// `most` stands in for what is not known.
Power claimed_watts(const model::Pod& pod, const model::NodeClass& node_class, const EstimateRules& rules, Power most) {
  Power sum;
  bool unknown = false;
  for (const model::PodClaim& named : pod.claims) {
    const auto* claim = rules.claims == nullptr ? nullptr : model::find_claim(*rules.claims, pod, named);
    if (claim == nullptr) {
      unknown = true;
      continue;
    }
    for (const model::DeviceRequest& request : claim->requests) sum += request_watts(request, node_class, most);
  }
  return unknown && !node_class.device_watts.empty() ? std::max(sum, most) : sum;
}

Power extended_watts(const model::Pod& pod, const model::NodeClass& node_class) {
  Power sum;
  for (const model::DeviceCount& device : pod.devices) sum += times(peak_of(device.resource, node_class), device.count);
  return sum;
}

bool trusted(const std::vector<std::string>& sorted, const std::string& ns) {
  return std::binary_search(sorted.begin(), sorted.end(), ns);
}

}  // namespace

std::string_view to_string(Provenance provenance) {
  switch (provenance) {
    case Provenance::annotation: return "annotation";
    case Provenance::devices: return "devices";
    case Provenance::cpu: return "cpu";
    case Provenance::minimum: return "minimum";
    case Provenance::decision: return "decision";
  }
  return "unknown";
}

base::Result<Power> parse_expected_watts(std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    return base::invalid_input(std::string(base::names::kExpectedWattsAnnotation) + ": " + std::string(why) +
                               ", not \"" + std::string(text.substr(0, 64)) + "\"");
  };
  const bool plain = !text.empty() && text.find_first_not_of("0123456789.") == std::string_view::npos &&
                     text.front() != '.' && text.back() != '.';
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (!plain || error != std::errc() || end != text.data() + text.size()) return refuse("must be a number of watts");
  if (value > kMostWatts) return refuse("must be at most 10000000 W");
  return base::power_from_watts(value).value_or(Power());
}

Demand demand_of(const model::Pod& pod, const model::NodeClass& node_class, const EstimateRules& rules) {
  Demand demand;
  demand.cpu = cpu_watts(pod.cpu_millis, node_class.watts_per_core);
  demand.watts_per_core = node_class.watts_per_core;
  demand.minimum = rules.settings.min_pod;
  demand.most = node_class.max.value_or(rules.settings.unknown_class_pod_max);
  demand.devices = extended_watts(pod, node_class) + claimed_watts(pod, node_class, rules, demand.most);
  demand.may_lower = trusted(rules.trusted_namespaces, pod.ns);
  if (const auto text = annotation(pod, base::names::kExpectedWattsAnnotation)) {
    const auto watts = parse_expected_watts(*text);
    demand.malformed = !watts.ok();
    if (watts) demand.annotated = std::min(*watts, demand.most);
  }
  if (model::bound(pod)) {
    if (const auto text = annotation(pod, base::names::kDecisionAnnotation)) {
      if (const auto watts = granted_watts(*text)) demand.granted = std::min(*watts, demand.most);
    }
  }
  return demand;
}

Estimate on_node(const Demand& demand, std::int64_t node_cpu_millis) {
  Estimate estimate;
  estimate.cpu =
      node_cpu_millis > 0 ? std::min(demand.cpu, cpu_watts(node_cpu_millis, demand.watts_per_core)) : demand.cpu;
  estimate.power = estimate.cpu + demand.devices;
  estimate.provenance = demand.devices > Power() ? Provenance::devices : Provenance::cpu;
  if (demand.annotated && (demand.may_lower || *demand.annotated > estimate.power)) {
    estimate.power = *demand.annotated;
    estimate.provenance = Provenance::annotation;
  }
  if (estimate.power < demand.minimum) {
    estimate.power = demand.minimum;
    estimate.provenance = Provenance::minimum;
  }
  if (demand.granted && *demand.granted > estimate.power) {
    estimate.power = *demand.granted;
    estimate.provenance = Provenance::decision;
  }
  estimate.devices = std::min(demand.devices, estimate.power);
  return estimate;
}

}  // namespace headroom::scoring
