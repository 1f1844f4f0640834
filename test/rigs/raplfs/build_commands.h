// Commands that make nodes: what layout files consist of.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "test/rigs/raplfs/words.h"
#include "test/rigs/raplfs/world.h"

namespace headroom::raplfs {

// Runs inside World::script; throws Refused.
using Handler = std::function<void(World&, const Words&)>;

[[nodiscard]] const std::map<std::string, Handler>& build_commands();
// Makes `node` anew from a layout file.
void load_layout(World& world, const std::string& node, const std::string& path);

// The node named by the second word. Refused when there is none.
[[nodiscard]] Node& node_of(World& world, const Words& words);
[[nodiscard]] std::shared_ptr<Zone> zone_of(const Node& node, const std::string& id);

}  // namespace headroom::raplfs
