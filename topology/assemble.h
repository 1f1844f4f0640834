// The elements that are to be in force -> ordered elements with their shares. The last step of compile(); pure.
#pragma once

#include <map>
#include <string>

#include "topology/compile.h"
#include "topology/validate.h"

namespace headroom::topology {

struct InForce {
  Source owner;
  std::uint32_t element = 0;     // into owner->elements
  bool from_last_valid = false;  // an earlier version

  [[nodiscard]] const model::PowerElement& spec() const { return owner->elements[element]; }
};
using InForceByName = std::map<std::string, InForce, std::less<>>;

// Fills elements, taken_from and by_name. REQUIRES: no cycles; feeds that are not in the map are left out.
void assemble(const InForceByName& in_force, Compiled& compiled);

}  // namespace headroom::topology
