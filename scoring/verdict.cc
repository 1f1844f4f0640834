#include "scoring/verdict.h"

#include <array>

namespace headroom::scoring {
namespace {

constexpr std::array<ReasonText, kReasons> kTexts{{
    {Reason::none, "", ""},
    {Reason::malformed_expected_watts, "MalformedExpectedWatts",
     "annotation powercapping.example.com/expected-watts is not a number of watts"},
    {Reason::unknown_policy, "UnknownPolicy", "annotation powercapping.example.com/policy names an unknown policy"},
    {Reason::unreadable_policy, "UnreadablePolicy", "a power capping policy of the namespace cannot be read"},
    {Reason::node_unknown, "NodeUnknown", "node not yet seen by headroom"},
    {Reason::topology_invalid, "TopologyInvalid", "power topology invalid"},
    {Reason::node_outside_topology, "NodeOutsideTopology", "node stands outside the power topology"},
    {Reason::no_power_telemetry, "NoPowerTelemetry", "no power telemetry"},
    {Reason::node_power_capped, "NodePowerCapped", "node power capped"},
    {Reason::element_power, "PowerLimit", "not enough power headroom"},
    {Reason::rack_policy_power, "PolicyRackPower", "not enough power headroom under the policy's rack limit"},
    {Reason::policy_power_cap, "PolicyPowerCap", "not enough power headroom under the policy's power cap"},
    {Reason::inlet_hot, "InletTooHot", "inlet temperature too high"},
    {Reason::inlet_stale, "InletStale", "inlet temperature stale"},
    {Reason::inlet_unknown, "InletUnknown", "no inlet temperature telemetry"},
    {Reason::rack_policy_inlet, "PolicyInletTooHot", "inlet temperature too high for the policy"},
}};

}  // namespace

const ReasonText& text_of(Reason reason) {
  return kTexts.at(static_cast<std::size_t>(reason));
}

}  // namespace headroom::scoring
