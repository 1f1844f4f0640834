// The spellings of enumerated fields, once for reading and printing.
#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "model/topology.h"

namespace headroom::topology {

inline constexpr std::array<std::pair<std::string_view, model::ElementType>, 7> kElementTypes{{
    {"Feed", model::ElementType::feed},
    {"UPS", model::ElementType::ups},
    {"PDU", model::ElementType::pdu},
    {"Busway", model::ElementType::busway},
    {"Breaker", model::ElementType::breaker},
    {"Rack", model::ElementType::rack},
    {"CoolingZone", model::ElementType::cooling_zone},
}};
inline constexpr std::array<std::pair<std::string_view, model::EnforcementMode>, 2> kModes{{
    {"Enforce", model::EnforcementMode::enforce},
    {"Recommend", model::EnforcementMode::recommend},
}};
inline constexpr std::array<std::pair<std::string_view, model::StaleTelemetry>, 3> kStaleRules{{
    {"FailOpen", model::StaleTelemetry::fail_open},
    {"AssumePeak", model::StaleTelemetry::assume_peak},
    {"FailClosed", model::StaleTelemetry::fail_closed},
}};
inline constexpr std::array<std::pair<std::string_view, model::OutsideNodes>, 2> kOutsideNodes{{
    {"Allow", model::OutsideNodes::allow},
    {"Refuse", model::OutsideNodes::refuse},
}};
inline constexpr std::array<std::pair<std::string_view, model::Admission>, 2> kAdmissions{{
    {"Booked", model::Admission::booked},
    {"Measured", model::Admission::measured},
}};

inline constexpr std::array<std::pair<std::string_view, model::CappingMode>, 3> kCappingModes{{
    {"Off", model::CappingMode::off},
    {"Recommend", model::CappingMode::recommend},
    {"Enforce", model::CappingMode::enforce},
}};
inline constexpr std::array<std::pair<std::string_view, model::PolicyNodeCaps>, 3> kPolicyNodeCaps{{
    {"Exclusive", model::PolicyNodeCaps::exclusive},
    {"Any", model::PolicyNodeCaps::any},
    {"Deny", model::PolicyNodeCaps::deny},
}};

template <class Enum, std::size_t N>
[[nodiscard]] constexpr std::string_view word_of(const std::array<std::pair<std::string_view, Enum>, N>& words,
                                                 Enum value) {
  for (const auto& [word, meaning] : words) {
    if (meaning == value) return word;
  }
  return "Unknown";
}

}  // namespace headroom::topology
