// JSON text of PowerTopology objects <-> model::TopologyObject. Pure; safe from any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/topology.h"

namespace headroom::topology {

// Reads one object as the API server prints it, or as print_topology printed it. Applies the defaults of the CRD, so
// that an object that never passed its schema (a file, the ConfigMap of last valid specs) means the same.
//
// Error: invalid_input with every problem of the object, "; " between them, each beginning with the field it is about
// ("spec.elements[3].ratedWatts: must be at least 1"). Only what one object alone shows is judged here; names that lead
// nowhere, cycles and disagreeing objects are compile.h's.
//
// Fields of spec that this version does not evaluate, unknown ones among them, go into not_evaluated as paths, with
// "[]" for any index ("spec.elements[].tripCurve").
[[nodiscard]] base::Result<model::TopologyObject> parse_topology(std::string_view json);

// A JSON object with metadata.name, metadata.generation and spec, defaults left out. What parse_topology reads from it
// equals the given object, but for uid, resource_version and not_evaluated (those fields are not printed).
[[nodiscard]] std::string print_topology(const model::TopologyObject& object);

}  // namespace headroom::topology
