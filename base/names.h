// Names that the programs, the CRDs in deploy/ and people's manifests agree on. Spelled once, here.
#pragma once

#include <string_view>

namespace headroom::base::names {

inline constexpr std::string_view kApiGroup = "powercapping.example.com";
inline constexpr std::string_view kApiVersion = "v1alpha1";
inline constexpr std::string_view kApiGroupVersion = "powercapping.example.com/v1alpha1";
inline constexpr std::string_view kPolicyKind = "PowerCappingPolicy";
inline constexpr std::string_view kPolicyResource = "powercappingpolicies";
inline constexpr std::string_view kTopologyKind = "PowerTopology";
inline constexpr std::string_view kTopologyResource = "powertopologies";

inline constexpr std::string_view kSchedulerName = "headroom";
inline constexpr std::string_view kSystemNamespace = "headroom-system";
inline constexpr std::string_view kAgentNamespace = "headroom-agents";
inline constexpr std::string_view kControllerLease = "headroom-controller";
inline constexpr std::string_view kSchedulerLease = "headroom-scheduler";
inline constexpr std::string_view kLastValidTopologyConfigMap = "headroom-last-valid-topology";

// On pods and InferenceServices.
inline constexpr std::string_view kPolicyAnnotation = "powercapping.example.com/policy";
inline constexpr std::string_view kExpectedWattsAnnotation = "powercapping.example.com/expected-watts";
inline constexpr std::string_view kDecisionAnnotation = "powercapping.example.com/decision";
inline constexpr std::string_view kHeadroomCondition = "powercapping.example.com/Headroom";
// On namespaces: pods created there get our scheduler.
inline constexpr std::string_view kInjectLabel = "powercapping.example.com/inject";
// On nodes, value "mount": the agent there gets the kernel's powercap files to write.
inline constexpr std::string_view kPowercapMountLabel = "powercapping.example.com/powercap";
// On nodes, where PowerTopology.spec.rackLabel names no other.
inline constexpr std::string_view kDefaultRackLabel = "topology.kubernetes.io/rack";

// Every metric of ours begins with this.
inline constexpr std::string_view kMetricPrefix = "headroom_";

}  // namespace headroom::base::names
