// What a machine of unknown kind is taken to draw: the defaults of nodeClasses[] in deploy/crds, and what the programs'
// defaultNodeClass ships with. Cautious middle values of two-socket servers; a site corrects them with its own classes.
#pragma once

#include <cstdint>

namespace headroom::topology {

inline constexpr std::int64_t kDefaultIdleWatts = 120;
inline constexpr double kDefaultWattsPerCore = 8;
inline constexpr std::int64_t kDefaultOverheadWatts = 60;

}  // namespace headroom::topology
