// Which elements of all current PowerTopology objects may be put in force, and what is wrong with the others. A step of
// compile(); pure.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/topology.h"
#include "topology/compile.h"

namespace headroom::topology {

using Source = std::shared_ptr<const model::TopologyObject>;

// Where an element is written.
struct Place {
  std::uint32_t object = 0;  // into Validation's objects
  std::uint32_t element = 0;
};

struct Validation {
  std::vector<std::vector<std::string>> problems;  // per object
  // Elements by name. A name of two objects stands at its first place; its component is invalid anyway.
  std::map<std::string, Place, std::less<>> places;
  std::map<std::string, std::uint32_t, std::less<>> component;  // by element name
  std::vector<bool> component_valid;
  Settings settings;
};

// Objects sorted by name. reference: the settings in force until now, or stored; they tell, among objects that
// disagree, which one is wrong. Without one, all that disagree are.
[[nodiscard]] Validation validate(const std::vector<Source>& objects, const std::optional<Settings>& reference);

[[nodiscard]] Settings settings_of(const model::TopologyObject& object);

}  // namespace headroom::topology
