// Server-side apply: who owns which field, kept in metadata.managedFields the way the real server does. Pure.
//
// A field set is a tree in the API's FieldsV1 form: "f:name" for a field, "k:{...}" for a list element by its key; a
// leaf is an empty object. Lists without a key are one value.
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "demo/json.h"

namespace headroom::demo {

struct ApplyRequest {
  std::string manager;
  bool force = false;
  std::string subresource;  // empty, or "status"
};

// Fields that others own with another value: "manager" and path ("spec.ratedWatts").
using ApplyConflicts = std::vector<std::pair<std::string, std::string>>;

// `live` with `applied` merged in, fields removed that this manager applied earlier and left out now, and ownership
// noted. `live` is null where the object does not exist yet.
[[nodiscard]] std::variant<Json, ApplyConflicts> apply_fields(const Json& live, const Json& applied,
                                                              const ApplyRequest& request);

// After a create, update or patch: the writer owns what it has changed, and nobody else owns that any more.
void note_update(const Json& before, Json& after, const ApplyRequest& writer);

}  // namespace headroom::demo
