#include "scoring/rack_paths.h"

#include "scoring/books.h"

namespace headroom::scoring {

RackPaths::RackPaths(const topology::Compiled& topology, const NodeTable& table, const View& view) {
  begin_.reserve(table.racks.size() + 1);
  begin_.push_back(0);
  for (const RackRow& rack : table.racks) {
    if (rack.lookup.standing == topology::RackStanding::in_force) {
      for (const topology::ElementShare& above : topology.elements[rack.lookup.element].path) {
        steps_.push_back(
            {topology.elements[above.element].limit, view.elements[above.element].present, above.share, above.element});
      }
    }
    begin_.push_back(static_cast<std::uint32_t>(steps_.size()));
  }
}

}  // namespace headroom::scoring
