// Status as the JSON that server-side apply takes, and what can be read back of it. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "controller/write_planner.h"

namespace headroom::controller {

// The whole apply body. With metadata.uid where it is known: a patch that meets another object of the same name fails
// instead of writing a foreign status.
[[nodiscard]] std::string status_body(const StatusWrite& write, base::WallTime now);

struct ExistingPage {
  std::vector<ExistingStatus> statuses;
  std::string continue_token;  // empty: the last page
};
// One page of a list of policies or topologies. Objects and conditions that cannot be read are left out (they are then
// written anew). Error: invalid_input where the text is no list.
[[nodiscard]] base::Result<ExistingPage> read_statuses(ObjectKind kind, std::string_view list);

}  // namespace headroom::controller
