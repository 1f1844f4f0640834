#include "topology/single_points.h"

#include <map>
#include <utility>

namespace headroom::topology {

std::vector<SinglePoint> single_points(const Compiled& compiled) {
  std::map<ElementIndex, std::vector<ElementIndex>> found;
  for (ElementIndex r = 0; r < compiled.elements.size(); ++r) {
    const Element& rack = compiled.elements[r];
    if (rack.type != model::ElementType::rack || rack.feeds.size() < 2) continue;
    for (const ElementShare& above : rack.path) {
      // Shares are rounded up, never down, along the way: all of it is at least 100 %.
      if (above.element != r && above.share >= base::percent(100)) found[above.element].push_back(r);
    }
  }
  std::vector<SinglePoint> points;
  for (auto& [element, racks] : found) points.push_back({element, std::move(racks)});
  return points;
}

}  // namespace headroom::topology
