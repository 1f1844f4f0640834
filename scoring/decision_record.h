// What bind writes into the pod's annotation powercapping.example.com/decision, in the same write that binds it: the
// only durable trace of a decision, read back after a restart and by people.
//
// One flat JSON object; from_json ignores keys it does not know, so that older and newer versions read each other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/units.h"

namespace headroom::scoring {

struct DecisionRecord {
  base::Power estimate;                // "estimatedWatts", a number with up to three decimals
  std::string provenance;              // "provenance": to_string(Provenance)
  std::string rack;                    // "rack": empty outside racks
  std::vector<std::string> policies;   // "policies": names within the pod's namespace
  std::int64_t snapshot_age_ms = 0;    // "snapshotAgeMilliseconds": of the books it was decided on
  std::int64_t telemetry_age_ms = -1;  // "telemetryAgeMilliseconds": of the node's sample; -1: none
  std::int32_t score = 0;              // "score": what prioritize would have said
  std::string would_refuse;            // "wouldRefuse": reason code; empty: nothing would have refused it

  bool operator==(const DecisionRecord&) const = default;
};

[[nodiscard]] std::string to_json(const DecisionRecord& record);
// Error: invalid_input. Total: any text gives a record or an error.
[[nodiscard]] base::Result<DecisionRecord> from_json(std::string_view text);

// Only "estimatedWatts": what the ledger's restart rule needs of 50,000 pods. Nothing: no well-formed record.
[[nodiscard]] std::optional<base::Power> granted_watts(std::string_view text);

}  // namespace headroom::scoring
