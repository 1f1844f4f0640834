// Texts of conditions: lists that stay short whatever the size of the cluster. Private to controller/.
#pragma once

#include <string>
#include <vector>

#include "controller/desired_status.h"
#include "controller/pod_tally.h"

namespace headroom::controller {

// "a, b, c and 4 more"
[[nodiscard]] std::string listed(const std::vector<std::string>& names, std::size_t at_most = 10);
// All of them, one per line, as many as fit the field of a condition (32,768 characters).
[[nodiscard]] std::string all_lines(const std::vector<std::string>& lines);
// "3 nodes: a, b, c"
[[nodiscard]] std::string counted(const std::vector<std::string>& names, const std::string& singular);

[[nodiscard]] StatusCondition not_evaluated_condition(const std::vector<std::string>& paths);
[[nodiscard]] Recommendation recommendation_of(const WouldRefuse& counts);

}  // namespace headroom::controller
