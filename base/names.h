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
inline constexpr std::string_view kNodePowerCapKind = "NodePowerCap";
inline constexpr std::string_view kNodePowerCapResource = "nodepowercaps";

inline constexpr std::string_view kSchedulerName = "headroom";
inline constexpr std::string_view kSystemNamespace = "headroom-system";
inline constexpr std::string_view kAgentNamespace = "headroom-agents";
inline constexpr std::string_view kControllerLease = "headroom-controller";
inline constexpr std::string_view kSchedulerLease = "headroom-scheduler";
// The controller's sign of life for the agents, apart from the Lease of its election: renewed only while caps are
// reconciled in time.
inline constexpr std::string_view kHeartbeatLease = "headroom-heartbeat";
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
// On nodes: "disabled" keeps every cap away from it.
inline constexpr std::string_view kCappingLabel = "powercapping.example.com/capping";
inline constexpr std::string_view kCappingDisabled = "disabled";
// On NodePowerCaps, by `headroom release`: the controller is asked to let go of the node.
inline constexpr std::string_view kReleaseAnnotation = "powercapping.example.com/release";
// There too, by the controller: what has become of that. Once it is done the request is taken off.
inline constexpr std::string_view kReleaseAnswerAnnotation = "powercapping.example.com/release-answer";
// On the heartbeat Lease: "true" pauses the whole cluster. The controller raises nothing; agents hold what they have.
inline constexpr std::string_view kPauseAnnotation = "powercapping.example.com/paused";
// On nodes, where PowerTopology.spec.rackLabel names no other.
inline constexpr std::string_view kDefaultRackLabel = "topology.kubernetes.io/rack";

// Every metric of ours begins with this.
inline constexpr std::string_view kMetricPrefix = "headroom_";

}  // namespace headroom::base::names
