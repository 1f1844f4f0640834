// Two small questions to the server about a kind of object.
#pragma once

#include "kube/connection.h"
#include "kube/list.h"
#include "kube/resource.h"

namespace headroom::kube {

// A CRD that is being deleted is served until its objects are gone, but discovery no longer lists it (1.37), or without
// "create" (the condition Terminating). False where discovery cannot be read.
[[nodiscard]] bool being_removed(Connection& connection, const Resource& resource);

// The cheapest list there is, of one object: does the server answer for this kind?
[[nodiscard]] StreamEnd probe(Connection& connection, const ListRequest& request);

}  // namespace headroom::kube
