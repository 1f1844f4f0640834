// The live table: one line per rack, and one per node that has an agent. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "demo/capping.h"
#include "demo/extender_process.h"
#include "demo/scheduler.h"

namespace headroom::demo {

struct TableView {
  const std::vector<RackView>& racks;
  const SchedulerView& scheduler;
  const std::vector<CapRow>& caps;
};
// Lines of at most 140 columns, without colours, ending with a line feed.
[[nodiscard]] std::string render_table(const TableView& view);

}  // namespace headroom::demo
