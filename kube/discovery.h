// Two small questions to the server about a kind of object.
#pragma once

#include "kube/connection.h"
#include "kube/list.h"
#include "kube/resource.h"

namespace headroom::kube {

// A CRD that is being deleted is served until its objects are gone, but its discovery entry no longer offers "create".
// False where discovery says nothing.
[[nodiscard]] bool being_removed(Connection& connection, const Resource& resource);

// The cheapest list there is: does the server answer for this kind?
[[nodiscard]] StreamEnd probe(Connection& connection, const Resource& resource);

}  // namespace headroom::kube
