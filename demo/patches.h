// Strategic merge patch: like a merge patch, but lists of built-in kinds merge by their key. Pure.
#pragma once

#include <string>
#include <string_view>

#include "demo/json.h"

namespace headroom::demo {

// The field by which elements of such a list are told apart: "type" for conditions. Empty: the list is one value.
[[nodiscard]] std::string_view merge_key(std::string_view list_name);

// `target` with `patch` merged into it. Knows {"$patch":"delete"} on list elements.
[[nodiscard]] Json strategic_merge(const Json& target, const Json& patch);

}  // namespace headroom::demo
