// What every rack's limits and loads are on the way up from it, side by side: the rank reads all of them for each rack
// of a request, and the elements themselves lie far apart.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/units.h"
#include "scoring/node_table.h"
#include "topology/compile.h"

namespace headroom::scoring {

struct View;

struct PathStep {
  base::Power limit;
  base::Power present;  // of the element, without what is in flight
  base::Share share;    // of the rack's watts
  topology::ElementIndex element = 0;

  bool operator==(const PathStep&) const = default;
};

class RackPaths {
 public:
  RackPaths() = default;
  RackPaths(const topology::Compiled& topology, const NodeTable& table, const View& view);

  // Empty for a rack that is not in force. rack: by NodeTable::racks.
  [[nodiscard]] std::span<const PathStep> of(std::uint32_t rack) const {
    return std::span(steps_).subspan(begin_[rack], begin_[rack + 1] - begin_[rack]);
  }

 private:
  std::vector<PathStep> steps_;
  std::vector<std::uint32_t> begin_;  // by rack, and the end of the last
};

}  // namespace headroom::scoring
