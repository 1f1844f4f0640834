// JSON text of NodePowerCap objects <-> model::NodePowerCap. Pure; safe from any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/node_power_cap.h"

namespace headroom::policy {

// Reads one object as the API server prints it. Unlike policies, an order is understood whole or not at all: a field of
// spec that this version does not know is a problem. Unknown fields of status are left aside.
//
// Error: invalid_input with every problem of the object, "; " between them, each beginning with the field it is about
// ("spec.budgetWatts: must be between 1 and 1000000000").
[[nodiscard]] base::Result<model::NodePowerCap> parse_node_power_cap(std::string_view json);

// Just a spec, or just a status, as one JSON object. Parts of a watt are rounded so that nobody is told more than there
// is: budgets and caps down, what is counted (reserve, applied, unacknowledged) up. Lists are printed whole: merge
// patches and updates replace them.
[[nodiscard]] std::string print_spec(const model::NodePowerCapSpec& spec);
[[nodiscard]] std::string print_status(const model::NodePowerCapStatus& status);

// A body for POST: name and spec, owned by the Node, so that it goes with it. node_uid may be empty (no owner).
[[nodiscard]] std::string print_new_cap(const model::NodePowerCap& cap, std::string_view node_uid);
// A merge patch of the spec. REQUIRES: uid and resource_version are set: with them it can neither recreate a deleted
// object nor overwrite what it has not seen; labels and annotations stay as they are.
[[nodiscard]] std::string print_spec_patch(const model::NodePowerCap& cap);
// A merge patch that answers a request for release: `done` takes the request off. REQUIRES: uid is set.
struct ReleaseNote {
  std::string answer;
  bool done = false;
};
[[nodiscard]] std::string print_release_note(const model::NodePowerCap& cap, const ReleaseNote& note);
// A merge patch of the status subresource, with uid, and resource_version where it is set (leave it empty when only one
// program writes status: spec changes meanwhile are no conflict then).
[[nodiscard]] std::string print_status_patch(const model::NodePowerCap& cap);

}  // namespace headroom::policy
